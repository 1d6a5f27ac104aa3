/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the hub's news goes out: at the end of each turn of the loop, unless flushes take a large share of the CPU.
 * Then what may wait does, so that more messages leave in one write, for --coalesce at most; the service's timer is
 * to turn the loop when flusher_due says so. The hub knows what may wait (hub_flush_prompt), the pace how long.
 */
#ifndef FLUSHER_H
#define FLUSHER_H

#include "base/counters.h"
#include "base/pace.h"

struct hub;

struct flusher_stats {
    struct counter flushes;   /* with something new; not those that make room in a ring */
    struct counter waited;    /* so many of them waited */
    struct counter waited_us; /* so long, all told */
};

struct flusher {
    struct hub *hub;
    struct pace pace;
    struct flusher_stats stats;
};

/* The hub must have the same bound, and outlive the flusher; so must the counters. */
void flusher_init(struct flusher *flusher, struct hub *hub, int64_t coalesce_ms, struct counters *counters);

/* Sends what is new and need not wait. Once a turn, at its end. */
void flusher_turn(struct flusher *flusher);

/* When flusher_turn will send what waits: monotonic milliseconds, or TIMEOUT_NEVER. */
int64_t flusher_due(const struct flusher *flusher);

#endif
