/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock: CLOCK_MONOTONIC in nanoseconds. It is one clock for the whole machine, so a time that the
 * publisher's thread wrote into a payload can be compared with a time read by the receiving loop.
 */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_NS_PER_S 1000000000u
#define CLOCK_NS_PER_MS 1000000u

/* The time now, in nanoseconds since some fixed moment; never goes back. */
static inline uint64_t clock_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

#endif
