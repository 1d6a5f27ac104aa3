/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sequence: which of the numbers 1, 2, 3 … of one channel arrived at one stream.
 *
 * Invariant: every number from `first` to `last` has either arrived, or lies in exactly one range of
 * `missing` (ascending, disjoint), or is one of the `forgotten`. So a number that comes after a
 * higher one is known for what it is: late if it was missing, else a repeat. Memory is taken only
 * when a number is skipped, and is bounded: beyond SEQUENCE_RANGES_MAX ranges the oldest are
 * forgotten, which leaves their numbers lost for good.
 */
#ifndef BENCH_SEQUENCE_H
#define BENCH_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

#define SEQUENCE_RANGES_MAX 1024u

struct sequence_range {
    uint64_t first;
    uint64_t last;
};

struct sequence {
    uint64_t first;     /* the number counting began with; 0 before anything arrived */
    uint64_t last;      /* the highest number that arrived; 0 before */
    uint64_t arrived;   /* different numbers that arrived */
    uint64_t forgotten; /* missing numbers whose range was given up */
    struct sequence_range *missing;
    unsigned missing_count;
    unsigned missing_size;
};

enum sequence_verdict {
    SEQUENCE_NEXT,     /* exactly one above the highest */
    SEQUENCE_SKIPPED,  /* higher than that: numbers between are missing for now */
    SEQUENCE_LATE,     /* was missing, came after a higher one */
    SEQUENCE_REPEATED, /* arrived already */
    SEQUENCE_BEFORE    /* below the number that counting began with; not remembered */
};

/* An all-zero struct is an empty sequence; this frees the ranges and makes it empty again. */
void sequence_fini(struct sequence *sequence);

/*
 * Takes the number (1 or more) of a message that arrived. When nothing arrived before, counting
 * begins with 1, or with `number` itself if `from_any`.
 */
enum sequence_verdict sequence_accept(struct sequence *sequence, uint64_t number, bool from_any);

/*
 * How many numbers up to `end` have not arrived. With `end` 0: how many up to the highest that
 * arrived. Numbers before the one counting began with are not counted.
 */
uint64_t sequence_missing(const struct sequence *sequence, uint64_t end);

#endif
