/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * histogram: counts of nanosecond values in log-linear buckets. Below 64 each value has a bucket of
 * its own; above, each power of two is cut into 64 equal buckets, so a quantile is wrong by at most
 * 1.6 %. Minimum and maximum are exact. Values of 2^42 ns (73 minutes) and more share the last
 * bucket. Recording neither allocates nor fails.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_LINEAR_BITS 6
#define HISTOGRAM_VALUE_BITS 42
#define HISTOGRAM_BUCKETS ((HISTOGRAM_VALUE_BITS - HISTOGRAM_LINEAR_BITS + 1) << HISTOGRAM_LINEAR_BITS)

struct histogram {
    uint64_t count;
    uint64_t min;
    uint64_t max;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* Makes it empty. */
void histogram_init(struct histogram *histogram);

/* Counts one value. */
void histogram_add(struct histogram *histogram, uint64_t value);

/*
 * The value which `fraction` (0 to 1) of all values do not exceed, as the upper end of its bucket
 * and never above the maximum. 0 when nothing was counted.
 */
uint64_t histogram_quantile(const struct histogram *histogram, double fraction);

#endif
