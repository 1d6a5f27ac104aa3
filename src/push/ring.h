/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The newest events of one channel, encoded, in id order. Subscribers hold an index into it, not a queue of their own:
 *
 *        base     first                       end
 *         │ ┌───────┬───────┬───────┬───────┐
 *   (gone)│ │ frame │ frame │ break │ frame │  next event goes here
 *         │ └───────┴───────┴───────┴───────┘
 *
 * Invariants: indices only grow, and name the same entry for ever; ids rise strictly with them; every event of the
 * channel with an id above `base` that this process knows of is in the ring. A break is an entry without a frame: here
 * events may be missing. The ring holds one reference on each frame.
 */
#ifndef PUSH_RING_H
#define PUSH_RING_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "push/event_id.h"

struct ring_entry {
    struct event_id id;
    struct bytes *frame; /* NULL: a break */
};

struct ring {
    struct ring_entry *entries; /* private: capacity is a power of two */
    size_t capacity;            /* private */
    uint64_t first;             /* index of the oldest entry */
    uint64_t end;               /* index behind the newest entry */
    uint64_t unbroken;          /* from this index on there are no breaks */
    size_t events;              /* entries that are no breaks */
    size_t size_bytes;          /* memory of all entries */
    struct event_id base;       /* nothing at or below this id is retained */
};

/* A place in a ring: `offset` bytes into the frame at `index`. The ring leaves the gap to whoever follows it. */
struct ring_cursor {
    uint64_t index;
    uint32_t offset;
    bool has_gap; /* a gap is announced before anything else */
};

/* An empty ring that lacks nothing after `base`. */
void ring_init(struct ring *ring, struct event_id base);
void ring_fini(struct ring *ring);

/* Appends an event, or a break (frame NULL), with an id above all before. Takes over the caller's reference. */
void ring_append(struct ring *ring, struct event_id id, struct bytes *frame);

/* The id of the newest entry, or `base` when there is none: what is appended must be above it. */
struct event_id ring_newest(const struct ring *ring);

/*
 * Moves all entries of `newer` behind those of the ring. Returns how many were dropped instead because their ids were
 * not above it. `newer` is finished then.
 */
size_t ring_join(struct ring *ring, struct ring *newer);

/* Drops the oldest entry; the ring must not be empty. */
void ring_evict(struct ring *ring);

/* The entry at an index in [first, end). */
static inline const struct ring_entry *ring_at(const struct ring *ring, uint64_t index)
{
    assert(index >= ring->first && index < ring->end);
    return &ring->entries[index & (ring->capacity - 1)];
}

/* The index of the first entry whose id is above the given one; `end` when there is none. */
uint64_t ring_find_after(const struct ring *ring, struct event_id id);

/* The index of the first entry with the given id or one above it; `end` when there is none. */
uint64_t ring_find_from(const struct ring *ring, struct event_id id);

/* The index of the first entry from `index` on that is no break; `end` when there is none. */
uint64_t ring_skip_breaks(const struct ring *ring, uint64_t index);

/*
 * Bytes of consecutive frames from *cursor on, and moves *cursor behind them: as many whole frames as fit into `limit`
 * bytes, or a part of the first when it is larger. Stops before `until` and before a break, of which *cursor must be
 * clear. The caller owns a reference to the result.
 */
struct bytes *ring_take(const struct ring *ring, struct ring_cursor *cursor, uint64_t until, size_t limit);

#endif
