/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tally: the accounts of a run. It is told what arrived, whatever way it came, and counts; it knows
 * neither connections nor parsers. A numbered message's payload is
 * "<sequence number> <CLOCK_MONOTONIC ns when it was made> <padding>".
 *
 * Invariant: every numbered message is counted in exactly one of delivered, repeated, foreign and
 * malformed, or is inverted without being delivered when it precedes a sequence begun by from_any.
 * What never came is not here: it is what the streams' sequences miss at the end.
 */
#ifndef BENCH_TALLY_H
#define BENCH_TALLY_H

#include "histogram.h"
#include "sequence.h"

#include <stddef.h>

struct tally {
    /* set by the owner */
    uint64_t since_ns;    /* messages made before are foreign; 0: none is */
    size_t size;          /* bytes that a payload must have; 0: any number */
    bool from_any;        /* a stream may begin in mid-sequence */

    uint64_t delivered;   /* messages that came to a stream for the first time */
    uint64_t repeated;    /* that had come before */
    uint64_t inverted;    /* that came after one with a higher number */
    uint64_t foreign;     /* of an earlier run: replayed from a history, and ignored */
    uint64_t malformed;   /* not of the form above, or of a wrong size */
    uint64_t gaps;        /* `gap` events */
    uint64_t heartbeats;  /* `heartbeat` events */
    uint64_t others;      /* events of any other type */
    uint64_t comments;    /* comment lines */
    uint64_t cursors;     /* positions, as ids alone or as events */
    uint64_t bytes;       /* received in all, heads included */
    uint64_t last_ns;     /* when the last message was delivered; 0 before */
    struct histogram latency; /* ns from made to received, of what was delivered */
};

/* Makes all accounts zero. */
void tally_init(struct tally *tally);

/*
 * Counts a numbered message of `length` bytes, of which the first `kept` stand at `data`, that was
 * received at `now_ns` on the stream whose numbers are kept in `sequence`.
 */
void tally_message(struct tally *tally, struct sequence *sequence, const char *data, size_t kept,
                   size_t length, uint64_t now_ns);

#endif
