/* SPDX-License-Identifier: BSD-2-Clause */
/* --check: what the server would do, without doing it. */
#ifndef CHECK_H
#define CHECK_H

#include "configuration.h"
#include "program.h"

/* Says on standard output what would be done, and tries Redis. Returns the exit status. */
int check_run(const struct program *program, const struct configuration *configuration);

#endif
