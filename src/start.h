/* SPDX-License-Identifier: BSD-2-Clause */
/* What every main does. */
#ifndef START_H
#define START_H

#include "program.h"

/* The whole life of a program: settings, start, loop, end. Returns main's exit status: 0, 1 failure, 2 wrong settings.
 */
int start_program(const struct program *program, int argc, char **argv);

#endif
