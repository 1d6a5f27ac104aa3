/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * once: how long one message takes to reach all streams, measured with several messages of which each is published when
 * all streams have the one before. A time is known or it is not there: a message that did not reach all has none.
 */
#ifndef BENCH_ONCE_H
#define BENCH_ONCE_H

#include <stdint.h>

#define ONCE_MAX 100u

struct once {
    unsigned count;                /* messages measured */
    uint64_t written_ns[ONCE_MAX]; /* until something had come to each stream's socket */
    uint64_t read_ns[ONCE_MAX];    /* until all had received it; receiving began when all was written */
};

/* Adds a message; no more than ONCE_MAX. */
void once_add(struct once *once, uint64_t written_ns, uint64_t read_ns);

/* The median of the first `count` times, which may be 0: then 0. Of an even number, the mean of the two in the middle.
 */
uint64_t once_median(const uint64_t *times_ns, unsigned count);

#endif
