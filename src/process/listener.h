/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accepts connections and hands them to the FastCGI side. When descriptors or memory run out it pauses instead of
 * spinning: the waiting connection would make the socket readable for ever.
 */
#ifndef PROCESS_LISTENER_H
#define PROCESS_LISTENER_H

#include <ev.h>

#include "base/counters.h"
#include "base/log.h"
#include "fcgi/fastcgi.h"

struct listener {
    struct ev_loop *loop;
    struct fastcgi *fastcgi;
    ev_io readable;
    ev_timer pause;
    struct counter pauses;
    struct log_limit pause_log;
};

/* For a listening, non-blocking descriptor, which stays the caller's. The arguments must outlive the listener. */
void listener_init(struct listener *listener, struct ev_loop *loop, int fd, struct fastcgi *fastcgi,
                   struct counters *counters);

/* Starts accepting. */
void listener_start(struct listener *listener);

/* Accepts no more. May be called again. */
void listener_stop(struct listener *listener);

#endif
