/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a poll is answered with: encoded events in id order, and where the client stands behind them. A client may go on
 * by the time of the last event, so what is left out begins or ends with a whole millisecond.
 */
#ifndef PUSH_POLL_ANSWER_H
#define PUSH_POLL_ANSWER_H

#include "push/poll_body.h"
#include "push/subscriber.h"

struct poll_answer {
    struct poll_body *body; /* valid during the call that is given it; take references to pieces to keep them */
    struct event_id position;
};

/*
 * Takes what the subscriber, placed and not lagged, is to be sent up to the id `until`, and of that the first `limit`
 * events; 0: all.
 */
void poll_answer_init(struct poll_answer *answer, struct subscriber *subscriber, size_t limit, struct event_id until);
void poll_answer_fini(struct poll_answer *answer);

/* Lets the subscriber pass over all but the newest `count` events; `count` > 0. */
void poll_answer_keep_newest(struct subscriber *subscriber, size_t count);

#endif
