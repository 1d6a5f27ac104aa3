/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is of interest of a client only until it has caught up: how it wants to go on, what it waits for. Streams that
 * stay for hours do without. Owned by its subscriber.
 */
#ifndef PUSH_ARRIVAL_H
#define PUSH_ARRIVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/timeouts.h"
#include "push/resume.h"
#include "push/subscriber.h"

struct arrival {
    struct subscriber *subscriber;
    struct list ahead;    /* link: in the hub's list of clients whose id is above its position */
    bool is_noted;        /* ahead: hub_confirm_end has seen it */
    struct timeout limit; /* of polls: how long they may wait */
    enum resume_kind kind;
    uint64_t ms;     /* RESUME_AFTER_TIME */
    bool is_unknown; /* RESUME_AFTER_ID: the id says nothing here */
    bool was_placed; /* before a reload: what was taken since says more than the request */
    char text[];     /* what the client sent as its last id (RESUME_AFTER_ID), or "0" (RESUME_ALL) */
};

/* Gives the subscriber the arrival that the request describes, and sets `last`. */
void arrival_begin(struct subscriber *subscriber, const struct resume *resume);

/* When reading begins: a time that is not before the hub's position counts as now. */
void arrival_settle(struct subscriber *subscriber);

/* The subscriber has no arrival any more. Harmless when it had none. */
void arrival_end(struct subscriber *subscriber);

/* Starts the time for which the subscriber may wait, a poll. */
void arrival_limit(struct subscriber *subscriber);

/* Places the subscriber's cursors where it wants to go on. All its channels are loaded, and its id is reached. */
void arrival_place(struct subscriber *subscriber);

/* What the client sent as its last id and has not caught up with; NULL when there is none. */
const char *arrival_text(const struct subscriber *subscriber);

#endif
