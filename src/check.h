/* SPDX-License-Identifier: BSD-2-Clause */
/* --check: what the server would do, without doing it. */
#ifndef CHECK_H
#define CHECK_H

#include "program.h"
#include "redis/address.h"
#include "settings.h"

/* Says on standard output what server_run would do, and tries Redis. Returns the exit status. */
int check_run(const struct program *program, const struct settings *settings, const struct redis_address *address);

#endif
