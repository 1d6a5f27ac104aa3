/* SPDX-License-Identifier: BSD-2-Clause */
/* What a subscriber that is placed is to be sent next: its rings merged in id order, gaps in their places. */
#ifndef PUSH_PULL_H
#define PUSH_PULL_H

#include <stdbool.h>
#include <stddef.h>

#include "push/ring.h"
#include "push/subscriber.h"

/* Entries of one ring, from one index to another. */
struct pull_range {
    const struct ring *ring;
    uint64_t from;
    uint64_t end;
};

/* True when the ring of a subscription no longer holds what would come next. */
bool pull_has_lagged(const struct subscriber *subscriber);

/* Turns what is no longer held into a gap, for a client that is told rather than ended. */
void pull_admit_lag(struct subscriber *subscriber);

/* True when nothing is left to send. */
bool pull_is_done(const struct subscriber *subscriber);

/* True when an event is left to send, not only gaps. The subscriber must not have lagged. */
bool pull_has_event(const struct subscriber *subscriber);

/* True when something up to the id `until` is left to send. */
bool pull_has_next(struct subscriber *subscriber, struct event_id until);

/*
 * The next bytes of events up to the id `until`, at most `limit`, and moves the cursors behind them; NULL when nothing
 * is left. The caller owns a reference. The subscriber must not have lagged.
 */
struct bytes *pull_next(struct subscriber *subscriber, size_t limit, struct event_id until);

/*
 * True when something is left to be sent up to the id `until`, and all of it is events of one ring that lacks nothing
 * between them: then *range says which, and says the same to everyone who is sent the same bytes.
 */
bool pull_find_range(const struct subscriber *subscriber, struct event_id until, struct pull_range *range);

/* Takes a range that pull_find_range found, for who has its bytes already. */
void pull_pass(struct subscriber *subscriber, const struct pull_range *range);

/* The id of the `count`th event still to be sent, gaps not counted; EVENT_ID_MAX when there are fewer. `count` > 0. */
struct event_id pull_find_nth(const struct subscriber *subscriber, size_t count);

/* How many events are still to be sent, gaps not counted. */
size_t pull_count(const struct subscriber *subscriber);

/* Passes over everything up to the id. */
void pull_skip_to(struct subscriber *subscriber, struct event_id id);

#endif
