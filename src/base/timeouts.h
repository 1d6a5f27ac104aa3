/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many timeouts of one equal length in one list: starting one puts it at the end, so the list is always in the order
 * in which they fall due and only its front needs a timer (libev manual, "Be smart about timeouts", number 4).
 * Starting, restarting and stopping cost O(1). Times are monotonic milliseconds. Nothing is owned.
 */
#ifndef BASE_TIMEOUTS_H
#define BASE_TIMEOUTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

/* "Never": no timeout is waiting. */
#define TIMEOUT_NEVER INT64_MAX

struct timeout {
    struct list link; /* private */
    int64_t due_ms;
};

struct timeouts {
    struct list waiting; /* private */
    int64_t length_ms;
};

void timeouts_init(struct timeouts *timeouts, int64_t length_ms);

/* Makes a timeout that is not running. */
void timeout_init(struct timeout *timeout);

/* Starts the timeout, or starts it again from now. */
void timeout_start(struct timeouts *timeouts, struct timeout *timeout, int64_t now_ms);

/* Stops it; harmless when it is not running. */
void timeout_stop(struct timeout *timeout);

/* When the first one falls due, or TIMEOUT_NEVER. */
int64_t timeouts_due(const struct timeouts *timeouts);

/* The earliest of several moments, of which each may be TIMEOUT_NEVER; TIMEOUT_NEVER when there is none. */
int64_t timeout_earliest(const int64_t *dues_ms, size_t count);

/* Takes out and returns one that is due, NULL when there is none. It is stopped then. */
struct timeout *timeouts_take_due(struct timeouts *timeouts, int64_t now_ms);

#endif
