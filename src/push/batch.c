/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/batch.h"

struct bytes *batch_take(struct batch *batch, const struct ring *ring, struct ring_cursor *cursor, uint64_t until,
                         size_t limit)
{
    bool is_same = batch->ring == ring && batch->from.index == cursor->index && batch->from.offset == cursor->offset &&
                   batch->until == until && batch->limit == limit;
    if (!is_same) {
        batch_clear(batch);
        batch->from = *cursor;
        batch->bytes = ring_take(ring, cursor, until, limit);
        batch->ring = ring;
        batch->behind = *cursor;
        batch->until = until;
        batch->limit = limit;
    }
    *cursor = batch->behind;
    return bytes_ref(batch->bytes);
}

void batch_clear(struct batch *batch)
{
    bytes_unref(batch->bytes);
    *batch = (struct batch){0};
}
