/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers for spreading things in time; not for secrets. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

/* Evenly distributed in [low, high]; low must not be above high, and high - low be below INT64_MAX. */
int64_t random_between(int64_t low, int64_t high);

/* The value moved by up to a third up or down, so that clients told the same do not act at the same moment. */
int64_t random_jitter(int64_t value);

#endif
