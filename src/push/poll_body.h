/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The events of an answer as they leave: encoded, in id order, in pieces that one write each can carry. It never
 * changes, and references are counted, so that it can be made once for all who ask the same: as long as nothing new
 * comes, clients of a channel are given the very same body.
 *
 * The hub keeps the last one that can be shared, unless it is large. One slot is enough, because answers to the same
 * question come in bunches: after an event, or of one list that many look at.
 */
#ifndef PUSH_POLL_BODY_H
#define PUSH_POLL_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "push/pull.h"
#include "push/subscriber.h"

/* A larger body is made anew for each client, so that what the hub keeps is bounded. */
enum { POLL_BODY_KEPT_BYTES = 1 << 20 };

struct poll_body {
    struct bytes **pieces;
    size_t count;
    size_t len;    /* of all pieces; may be more than one piece could hold */
    uint32_t refs; /* private, as is all that follows */
    bool is_hashed;
    uint64_t hash;
};

/* The body that was made last of events of one ring. */
struct poll_body_slot {
    struct pull_range range; /* its ring is NULL: the slot is empty */
    struct poll_body *body;
};

/*
 * Takes what the subscriber, placed and not lagged, is to be sent up to the id `until`, and gives it the shape of the
 * hub's format. The caller owns a reference.
 */
struct poll_body *poll_body_take(struct subscriber *subscriber, struct event_id until);
void poll_body_unref(struct poll_body *body);

/* A hash of all bytes, the same in every process that has the same events, on machines of one byte order. */
uint64_t poll_body_hash(struct poll_body *body);

/* Empties the slot: always before a ring goes away. */
void poll_body_slot_clear(struct poll_body_slot *slot);

#endif
