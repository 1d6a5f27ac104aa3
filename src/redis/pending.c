/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/pending.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "push/channel_name.h"

enum { MARKERS_KEPT = 256 };

void pending_init(struct pending *pending)
{
    *pending = (struct pending){0};
    list_init(&pending->items);
    list_init(&pending->markers);
}

void pending_fini(struct pending *pending)
{
    pending_clear(pending);
    LIST_FOR_EACH_SAFE(link, &pending->markers)
        free(LIST_ENTRY(link, struct marker, link));
    list_init(&pending->markers);
}

/* --- markers -------------------------------------------------------------------------------------------------- */

bool marker_name_is_valid(struct span name)
{
    bool is_valid = name.len >= 1 && name.len <= MARKER_LIMIT;
    for (size_t i = 0; i < name.len && is_valid; i++)
        is_valid = channel_char_is_valid(name.data[i]);
    return is_valid;
}

struct marker *marker_hold(struct marker *marker)
{
    if (marker != NULL)
        marker->uses++;
    return marker;
}

void marker_release(struct marker *marker)
{
    if (marker != NULL)
        marker->uses--;
}

static struct marker *find(const struct pending *pending, struct span name)
{
    /* From the end: nearly always it is the one used last. */
    for (struct list *link = pending->markers.prev; link != &pending->markers; link = link->prev) {
        struct marker *marker = LIST_ENTRY(link, struct marker, link);
        if (span_equals(name, marker->name))
            return marker;
    }
    return NULL;
}

/* Forgets the markers unused for longest of which nothing is pending. */
static void forget_old(struct pending *pending)
{
    LIST_FOR_EACH_SAFE(link, &pending->markers) {
        struct marker *marker = LIST_ENTRY(link, struct marker, link);
        if (pending->marker_count <= MARKERS_KEPT)
            return;
        if (marker->uses > 0)
            continue;
        list_remove(&marker->link);
        free(marker);
        pending->marker_count--;
    }
}

struct marker *pending_marker(struct pending *pending, struct span name, int64_t now_ms)
{
    struct marker *marker = find(pending, name);

    if (marker != NULL) {
        list_move_to_end(&pending->markers, &marker->link);
        return marker;
    }
    marker = alloc_zeroed(1, sizeof(*marker) + name.len + 1);
    memcpy(marker->name, name.data, name.len);
    marker->seen_ms = now_ms;
    pending->marker_count++;
    forget_old(pending);
    list_append(&pending->markers, &marker->link);
    return marker;
}

/* --- messages ------------------------------------------------------------------------------------------------- */

static size_t item_size(const struct pending_item *item)
{
    return sizeof(*item) + item->channel_len + item->payload_len;
}

/* The largest is forgotten in two steps, so that nobody looks through the queue. */
static void age(struct pending *pending)
{
    if (pending->aged == 0) {
        pending->aged = pending->count;
        pending->aged_largest = pending->young_largest;
        pending->young_largest = 0;
    }
    pending->aged--;
}

/* The first one. */
static void drop(struct pending *pending, struct pending_item *item)
{
    age(pending);
    list_remove(&item->link);
    marker_release(item->marker);
    pending->count--;
    pending->bytes -= item_size(item);
    free(item);
}

void pending_add(struct pending *pending, struct marker *marker, uint64_t position, enum pending_kind kind,
                 struct span channel, struct span payload, int64_t now_ms)
{
    if (position <= marker->acknowledged)
        return;
    struct pending_item *item = alloc_bytes(sizeof(*item) + channel.len + payload.len);
    *item = (struct pending_item){.marker = marker,
                                  .position = position,
                                  .received_ms = now_ms,
                                  .kind = kind,
                                  .channel_len = channel.len,
                                  .payload_len = payload.len};
    memcpy(item->bytes, channel.data, channel.len);
    if (payload.len > 0)
        memcpy(item->bytes + channel.len, payload.data, payload.len);
    list_append(&pending->items, &item->link);
    marker_hold(marker);
    pending->count++;
    pending->bytes += item_size(item);
    if (payload.len > pending->young_largest)
        pending->young_largest = payload.len;
}

void pending_acknowledge(struct pending *pending, struct marker *marker, uint64_t position)
{
    struct pending_item *item;

    marker->is_known = true;
    if (position > marker->acknowledged)
        marker->acknowledged = position;
    while ((item = pending_first(pending)) != NULL && item->position <= item->marker->acknowledged)
        drop(pending, item);
}

struct pending_item *pending_first(const struct pending *pending)
{
    return list_is_empty(&pending->items) ? NULL : LIST_ENTRY(pending->items.next, struct pending_item, link);
}

struct pending_item *pending_next(const struct pending *pending, const struct pending_item *item)
{
    return item->link.next == &pending->items ? NULL : LIST_ENTRY(item->link.next, struct pending_item, link);
}

size_t pending_largest(const struct pending *pending)
{
    if (pending->count == 0)
        return 0;
    return pending->aged > 0 && pending->aged_largest > pending->young_largest ? pending->aged_largest
                                                                               : pending->young_largest;
}

struct span pending_channel(const struct pending_item *item)
{
    return (struct span){item->bytes, item->channel_len};
}

struct span pending_payload(const struct pending_item *item)
{
    return (struct span){item->bytes + item->channel_len, item->payload_len};
}

void pending_clear(struct pending *pending)
{
    LIST_FOR_EACH_SAFE(link, &pending->items)
        drop(pending, LIST_ENTRY(link, struct pending_item, link));
}
