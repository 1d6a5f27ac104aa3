/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "process/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "base/log.h"

static void send_state(const char *state)
{
#ifdef HAVE_LIBSYSTEMD
    int result = sd_notify(0, state);
    if (result < 0)
        log_warning("cannot notify systemd of %s: %s", state, strerror(-result));
#else
    (void)state;
#endif
}

void notify_ready(void)
{
    send_state("READY=1");
}

void notify_reloading(void)
{
    char state[64];
    struct timespec now;

    /* Rounded down to milliseconds it would lie before the signal, and systemd would take it for an older reload's. */
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
             (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    send_state(state);
}

void notify_stopping(void)
{
    send_state("STOPPING=1");
}

void notify_leave_to_parent(void)
{
    unsetenv("NOTIFY_SOCKET");
}
