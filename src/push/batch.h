/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last run of frames taken from a ring, kept for the next subscriber that stands at the same place: in a fan-out
 * nearly all do, so a burst is joined once and then only referenced. One slot is enough, because a fan-out walks one
 * channel at a time.
 */
#ifndef PUSH_BATCH_H
#define PUSH_BATCH_H

#include "push/ring.h"

struct batch {
    const struct ring *ring; /* NULL: the slot is empty */
    struct ring_cursor from;
    struct ring_cursor behind;
    uint64_t until;
    size_t limit;
    struct bytes *bytes;
};

/* As ring_take. The caller owns a reference to the result. */
struct bytes *batch_take(struct batch *batch, const struct ring *ring, struct ring_cursor *cursor, uint64_t until,
                         size_t limit);

/* Empties the slot: at the end of a fan-out, and always before a ring goes away. */
void batch_clear(struct batch *batch);

#endif
