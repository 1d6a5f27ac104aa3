/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { INITIAL_CAPACITY = 4 };

static struct ring_entry *slot(const struct ring *ring, uint64_t index)
{
    return &ring->entries[index & (ring->capacity - 1)];
}

static size_t entry_size(const struct ring_entry *entry)
{
    return sizeof(*entry) + (entry->frame != NULL ? sizeof(*entry->frame) + entry->frame->len : 0);
}

void ring_init(struct ring *ring, struct event_id base)
{
    *ring = (struct ring){.base = base};
}

void ring_fini(struct ring *ring)
{
    while (ring->first < ring->end)
        ring_evict(ring);
    free(ring->entries);
    ring->entries = NULL;
}

static void grow(struct ring *ring)
{
    struct ring old = *ring;
    ring->capacity = old.capacity > 0 ? old.capacity * 2 : INITIAL_CAPACITY;
    ring->entries = alloc_zeroed(ring->capacity, sizeof(*ring->entries));
    for (uint64_t index = old.first; index < old.end; index++)
        *slot(ring, index) = *slot(&old, index);
    free(old.entries);
}

void ring_append(struct ring *ring, struct event_id id, struct bytes *frame)
{
    assert(event_id_compare(id, ring_newest(ring)) > 0);
    if (ring->end - ring->first == ring->capacity)
        grow(ring);
    struct ring_entry *entry = slot(ring, ring->end++);
    *entry = (struct ring_entry){.id = id, .frame = frame};
    ring->size_bytes += entry_size(entry);
    ring->events += frame != NULL;
    if (frame == NULL)
        ring->unbroken = ring->end;
}

struct event_id ring_newest(const struct ring *ring)
{
    return ring->first < ring->end ? ring_at(ring, ring->end - 1)->id : ring->base;
}

size_t ring_join(struct ring *ring, struct ring *newer)
{
    size_t dropped = 0;

    for (uint64_t index = newer->first; index < newer->end; index++) {
        const struct ring_entry *entry = slot(newer, index);
        if (event_id_compare(entry->id, ring_newest(ring)) > 0)
            ring_append(ring, entry->id, entry->frame != NULL ? bytes_ref(entry->frame) : NULL);
        else
            dropped++;
    }
    ring_fini(newer);
    return dropped;
}

void ring_evict(struct ring *ring)
{
    assert(ring->first < ring->end);
    struct ring_entry *entry = slot(ring, ring->first++);
    ring->size_bytes -= entry_size(entry);
    ring->events -= entry->frame != NULL;
    ring->base = entry->id;
    bytes_unref(entry->frame);
    entry->frame = NULL;
}

uint64_t ring_find_after(const struct ring *ring, struct event_id id)
{
    uint64_t low = ring->first;
    uint64_t high = ring->end;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (event_id_compare(ring_at(ring, middle)->id, id) > 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

uint64_t ring_find_from(const struct ring *ring, struct event_id id)
{
    uint64_t index = ring_find_after(ring, id);
    bool has_it = index > ring->first && event_id_compare(ring_at(ring, index - 1)->id, id) == 0;
    return has_it ? index - 1 : index;
}

uint64_t ring_skip_breaks(const struct ring *ring, uint64_t index)
{
    while (index < ring->end && ring_at(ring, index)->frame == NULL)
        index++;
    return index;
}

/* How many bytes the whole frames from *cursor on have, up to the limit; *behind is set to the index behind them. */
static size_t measure(const struct ring *ring, const struct ring_cursor *cursor, uint64_t until, size_t limit,
                      uint64_t *behind)
{
    size_t total = 0;
    uint64_t index = cursor->index;
    for (; index < until; index++) {
        const struct bytes *frame = ring_at(ring, index)->frame;
        size_t len = frame != NULL ? frame->len - (index == cursor->index ? cursor->offset : 0) : 0;
        if (frame == NULL || len > limit - total)
            break;
        total += len;
    }
    *behind = index;
    return total;
}

static struct bytes *join(const struct ring *ring, const struct ring_cursor *cursor, uint64_t behind, size_t total)
{
    struct bytes *joined = bytes_new_uninitialised(total);
    size_t filled = 0;
    for (uint64_t index = cursor->index; index < behind; index++) {
        const struct bytes *frame = ring_at(ring, index)->frame;
        size_t offset = index == cursor->index ? cursor->offset : 0;
        memcpy(joined->data + filled, frame->data + offset, frame->len - offset);
        filled += frame->len - offset;
    }
    assert(filled == total);
    return joined;
}

struct bytes *ring_take(const struct ring *ring, struct ring_cursor *cursor, uint64_t until, size_t limit)
{
    uint64_t behind;
    size_t total = measure(ring, cursor, until, limit, &behind);
    struct bytes *first = ring_at(ring, cursor->index)->frame;
    struct bytes *taken;

    assert(first != NULL);
    if (behind == cursor->index) {
        taken = bytes_new(first->data + cursor->offset, limit);
        cursor->offset += (uint32_t)limit;
        return taken;
    }
    if (behind == cursor->index + 1 && cursor->offset == 0)
        taken = bytes_ref(first);
    else
        taken = join(ring, cursor, behind, total);
    *cursor = (struct ring_cursor){.index = behind, .offset = 0};
    return taken;
}
