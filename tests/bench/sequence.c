/* SPDX-License-Identifier: BSD-2-Clause */
#include "sequence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void forget_oldest(struct sequence *sequence)
{
    const unsigned drop = SEQUENCE_RANGES_MAX / 4;

    for (unsigned i = 0; i < drop; i++)
        sequence->forgotten += sequence->missing[i].last - sequence->missing[i].first + 1;
    sequence->missing_count -= drop;
    memmove(sequence->missing, sequence->missing + drop,
            sequence->missing_count * sizeof(*sequence->missing));
}

static void insert_range(struct sequence *sequence, unsigned index, uint64_t first, uint64_t last)
{
    struct sequence_range *ranges = sequence->missing;

    if (sequence->missing_count == sequence->missing_size) {
        unsigned size = sequence->missing_size ? sequence->missing_size * 2 : 4;

        ranges = realloc(ranges, size * sizeof(*ranges));
        if (!ranges) {
            fputs("load: out of memory\n", stderr);
            abort();
        }
        sequence->missing = ranges;
        sequence->missing_size = size;
    }
    memmove(ranges + index + 1, ranges + index, (sequence->missing_count - index) * sizeof(*ranges));
    ranges[index] = (struct sequence_range){first, last};
    sequence->missing_count++;
}

/* Takes `number` out of the missing ones; false if it is not among them. */
static bool take_missing(struct sequence *sequence, uint64_t number)
{
    unsigned low = 0;
    unsigned high = sequence->missing_count;
    struct sequence_range *range;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (sequence->missing[middle].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == sequence->missing_count || sequence->missing[low].first > number)
        return false;

    range = &sequence->missing[low];
    if (range->first == range->last) {
        sequence->missing_count--;
        memmove(range, range + 1, (sequence->missing_count - low) * sizeof(*range));
    } else if (number == range->first) {
        range->first++;
    } else if (number == range->last) {
        range->last--;
    } else {
        uint64_t first = range->first;

        range->first = number + 1;
        insert_range(sequence, low, first, number - 1);
    }
    return true;
}

void sequence_fini(struct sequence *sequence)
{
    free(sequence->missing);
    memset(sequence, 0, sizeof(*sequence));
}

enum sequence_verdict sequence_accept(struct sequence *sequence, uint64_t number, bool from_any)
{
    enum sequence_verdict verdict = SEQUENCE_NEXT;

    if (sequence->first == 0) {
        sequence->first = from_any ? number : 1;
        sequence->last = sequence->first - 1;
    }
    if (sequence->missing_count == SEQUENCE_RANGES_MAX)
        forget_oldest(sequence); /* what follows may add one range */

    if (number < sequence->first)
        return SEQUENCE_BEFORE;
    if (number > sequence->last) {
        if (number > sequence->last + 1) {
            insert_range(sequence, sequence->missing_count, sequence->last + 1, number - 1);
            verdict = SEQUENCE_SKIPPED;
        }
        sequence->last = number;
    } else if (take_missing(sequence, number)) {
        verdict = SEQUENCE_LATE;
    } else {
        return SEQUENCE_REPEATED;
    }
    sequence->arrived++;
    return verdict;
}

uint64_t sequence_missing(const struct sequence *sequence, uint64_t end)
{
    uint64_t missing = sequence->forgotten;

    for (unsigned i = 0; i < sequence->missing_count; i++)
        missing += sequence->missing[i].last - sequence->missing[i].first + 1;
    if (end > sequence->last)
        missing += end - sequence->last;
    return missing;
}
