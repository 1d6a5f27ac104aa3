/* SPDX-License-Identifier: BSD-2-Clause */
#include "histogram.h"

#include <string.h>

static unsigned bucket_of(uint64_t value)
{
    unsigned shift;

    if (value >> HISTOGRAM_VALUE_BITS)
        return HISTOGRAM_BUCKETS - 1;
    if (value >> HISTOGRAM_LINEAR_BITS == 0)
        return (unsigned)value;
    shift = 63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_LINEAR_BITS;
    return ((shift + 1) << HISTOGRAM_LINEAR_BITS) +
           (unsigned)(value >> shift) - (1u << HISTOGRAM_LINEAR_BITS);
}

static uint64_t bucket_end(unsigned bucket)
{
    unsigned octave = bucket >> HISTOGRAM_LINEAR_BITS;
    uint64_t step = bucket & ((1u << HISTOGRAM_LINEAR_BITS) - 1);

    if (octave == 0)
        return step;
    return ((step + (1u << HISTOGRAM_LINEAR_BITS) + 1) << (octave - 1)) - 1;
}

void histogram_init(struct histogram *histogram)
{
    memset(histogram, 0, sizeof(*histogram));
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    if (histogram->count == 0 || value < histogram->min)
        histogram->min = value;
    if (value > histogram->max)
        histogram->max = value;
    histogram->count++;
    histogram->buckets[bucket_of(value)]++;
}

uint64_t histogram_quantile(const struct histogram *histogram, double fraction)
{
    uint64_t wanted = (uint64_t)(fraction * (double)histogram->count + 0.5);
    uint64_t passed = 0;

    if (histogram->count == 0)
        return 0;
    if (wanted == 0)
        wanted = 1;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        passed += histogram->buckets[i];
        if (passed >= wanted) {
            uint64_t end = bucket_end(i);

            if (end > histogram->max || i == HISTOGRAM_BUCKETS - 1)
                return histogram->max;
            return end < histogram->min ? histogram->min : end;
        }
    }
    return histogram->max;
}
