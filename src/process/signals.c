/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/signals.h"

#include <stddef.h>

static sigset_t all(void)
{
    const int numbers[] = {SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
    sigset_t signals;

    sigemptyset(&signals);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaddset(&signals, numbers[i]);
    return signals;
}

sigset_t signals_block(void)
{
    sigset_t signals = all();
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signals;
}

void signals_unblock(void)
{
    sigset_t signals = all();
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
}
