/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The replacement of a running program by a new version of itself under the same pid: the file that it was started from
 * is executed again with the same arguments, after it was tried in a child.
 */
#ifndef PROCESS_SUCCESSION_H
#define PROCESS_SUCCESSION_H

#include <limits.h>
#include <sys/types.h>

#include "process/upgrade.h"

struct succession {
    int argc;
    char **argv;
    const char *path; /* of the program */
    char found[PATH_MAX];
};

/* The arguments of main, which must stay valid. The struct must not move. */
void succession_init(struct succession *succession, int argc, char **argv);

/*
 * Starts the program in a child with --check-settings added: exit status 0 says that it runs and finds its settings
 * good. Returns the child's pid, or -1 with errno.
 */
pid_t succession_try(const struct succession *succession);

/* Executes the program, which finds what `upgrade` says. Returns only when that fails: -1 with errno. */
int succession_execute(const struct succession *succession, const struct upgrade *upgrade);

#endif
