/* SPDX-License-Identifier: BSD-2-Clause */
/* The signals that end, reload, replace or question a program, and those of its children. */
#ifndef PROCESS_SIGNALS_H
#define PROCESS_SIGNALS_H

#include <signal.h>

/*
 * Whoever blocks them loses none: they wait, also through fork and exec (signal(7)), until they are unblocked or read
 * from a signalfd of the returned set.
 */
sigset_t signals_block(void);
void signals_unblock(void);

#endif
