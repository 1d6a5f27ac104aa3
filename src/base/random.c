/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/random.h"

#include <assert.h>
#include <sys/random.h>
#include <time.h>

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
static uint64_t next(void)
{
    static uint64_t state;
    if (state == 0 && getrandom(&state, sizeof(state), GRND_NONBLOCK) != (ssize_t)sizeof(state))
        state = (uint64_t)time(NULL);
    state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int64_t random_between(int64_t low, int64_t high)
{
    assert(low <= high);
    /* The bias of the remainder is far below what anyone could notice at spans of milliseconds. */
    return low + (int64_t)(next() % ((uint64_t)(high - low) + 1));
}

int64_t random_jitter(int64_t value)
{
    return random_between(value - value / 3, value + value / 3);
}
