/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/succession.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"

enum { TRIAL_LIMIT_S = 10 /* for a new version of the program to read its settings */ };

/* A name without a slash was found by PATH; where, only the kernel knows. */
void succession_init(struct succession *succession, int argc, char **argv)
{
    *succession = (struct succession){.argc = argc, .argv = argv};
    ssize_t len = strchr(argv[0], '/') != NULL
                      ? -1
                      : readlink("/proc/self/exe", succession->found, sizeof(succession->found) - 1);
    succession->path = len > 0 ? succession->found : argv[0];
}

/* In a child: the new version of the program tells by its exit status whether it runs and likes the settings. */
static void execute_trial(const struct succession *succession)
{
    char option[] = "--check-settings";
    char **argv = alloc_zeroed((size_t)succession->argc + 2, sizeof(*argv));
    sigset_t none;

    memcpy(argv, succession->argv, (size_t)succession->argc * sizeof(*argv));
    argv[succession->argc] = option;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    alarm(TRIAL_LIMIT_S);
    execv(succession->path, argv);
    log_error("cannot execute %s: %s", succession->path, strerror(errno));
    _exit(1);
}

pid_t succession_try(const struct succession *succession)
{
    pid_t pid = fork();
    if (pid == 0)
        execute_trial(succession);
    return pid;
}

int succession_execute(const struct succession *succession, const struct upgrade *upgrade)
{
    if (upgrade_export(upgrade) < 0)
        return -1;
    execv(succession->path, succession->argv);
    int error = errno;
    upgrade_withdraw(upgrade);
    errno = error;
    return -1;
}
