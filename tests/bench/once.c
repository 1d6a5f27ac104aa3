/* SPDX-License-Identifier: BSD-2-Clause */
#include "once.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void once_add(struct once *once, uint64_t written_ns, uint64_t read_ns)
{
    assert(once->count < ONCE_MAX);
    once->written_ns[once->count] = written_ns;
    once->read_ns[once->count] = read_ns;
    once->count++;
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

uint64_t once_median(const uint64_t *times_ns, unsigned count)
{
    uint64_t sorted[ONCE_MAX];

    assert(count <= ONCE_MAX);
    if (count == 0)
        return 0;
    memcpy(sorted, times_ns, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), compare);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}
