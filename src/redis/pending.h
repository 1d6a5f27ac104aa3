/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was received and is not known to be in the log: a queue of messages, each named by (marker, position), that is,
 * as the how-many-th message after a marker. The name is the same for all who saw the marker pass.
 *
 * A marker knows up to which position the log has it. Acknowledgements may come before the message itself: log and
 * subscription are different connections.
 */
#ifndef REDIS_PENDING_H
#define REDIS_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/span.h"

enum { MARKER_LIMIT = 128 };

struct marker {
    struct list link; /* in pending->markers, the one used last at the end */
    size_t uses;      /* items named by it, and holders of a pointer to it */
    uint64_t acknowledged;
    bool is_known;   /* the log has it, so that what follows it may be recorded */
    int64_t seen_ms; /* when we heard of it first */
    char name[];
};

enum pending_kind {
    PENDING_EVENT,
    PENDING_GAP,    /* a message that cannot be kept: its channel gets a gap */
    PENDING_MARKER, /* a marker is itself a message of the sequence before it */
};

struct pending_item {
    struct list link; /* in pending->items */
    struct marker *marker;
    uint64_t position;
    int64_t received_ms;
    enum pending_kind kind;
    size_t channel_len;
    size_t payload_len;
    char bytes[]; /* channel, then payload */
};

struct pending {
    struct list items;
    struct list markers;
    size_t count;
    size_t bytes;                       /* of the items, all told */
    size_t aged;                        /* items at the front; private, as is what follows */
    size_t aged_largest, young_largest; /* no payload of those, or of the others, is larger */
    size_t marker_count;
};

void pending_init(struct pending *pending);
void pending_fini(struct pending *pending);

/* True for 1 to MARKER_LIMIT characters of the channel alphabet. */
bool marker_name_is_valid(struct span name);

/* The marker of that (valid) name, made when it is new. Lives while it is used, and for 256 further markers. */
struct marker *pending_marker(struct pending *pending, struct span name, int64_t now_ms);

/* Keeps a marker alive, and lets go of it (NULL: nothing). */
struct marker *marker_hold(struct marker *marker);
void marker_release(struct marker *marker);

/* Appends a message, unless the log has it already. */
void pending_add(struct pending *pending, struct marker *marker, uint64_t position, enum pending_kind kind,
                 struct span channel, struct span payload, int64_t now_ms);

/* The log has the marker, and everything after it up to the position: such messages leave the front of the queue. */
void pending_acknowledge(struct pending *pending, struct marker *marker, uint64_t position);

/* The oldest message, NULL when there is none. */
struct pending_item *pending_first(const struct pending *pending);

/* The one received after it, NULL when there is none. */
struct pending_item *pending_next(const struct pending *pending, const struct pending_item *item);

/* No payload is larger; and nearly always the largest that is pending, or was shortly before. 0 when nothing is. */
size_t pending_largest(const struct pending *pending);

struct span pending_channel(const struct pending_item *item);
struct span pending_payload(const struct pending_item *item);

/* Drops all messages; markers stay. */
void pending_clear(struct pending *pending);

#endif
