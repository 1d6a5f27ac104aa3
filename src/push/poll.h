/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A subscriber that is answered once: with what it has not got yet if there is something, else with the next event,
 * else, after a while, with nothing; gaps alone wait for a moment whether an event comes. While it waits it costs an
 * entry in one list of deadlines.
 */
#ifndef PUSH_POLL_H
#define PUSH_POLL_H

#include <stdbool.h>

#include "push/hub.h"
#include "push/poll_answer.h"
#include "push/subscriber.h"

/*
 * An answer by time holds all events of its newest millisecond or none: it is given only when no more of that
 * millisecond can come.
 */
enum { POLL_HOLD_MS = 3 };

/*
 * How long a poll that has only gaps to tell waits for an event to tell them with. Where gaps come again and again,
 * their clients would poll without pause.
 */
enum { POLL_GAP_HOLD_MS = 3000 };

/* How long a poll waits for its channels to be loaded, and for its id to be reached. */
enum { POLL_LOAD_LIMIT_MS = 5000 };

enum poll_refusal {
    POLL_UNLOADED,   /* what it waits for does not come in time */
    POLL_OVERLOADED, /* it would have to wait, and too many do */
};

/*
 * Who asked. One of `answer` and `refuse` is called at most once and must end the sink's response; `free` once, in any
 * case, after it.
 */
struct poll_owner {
    void (*answer)(void *context, struct sink *sink, const struct poll_answer *answer);
    void (*refuse)(void *context, struct sink *sink, enum poll_refusal reason);
    void (*free)(void *context);
    void *context;
};

struct poll_request {
    struct subscription_request subscription;
    size_t limit;      /* at most so many events, except within one millisecond; 0: all */
    bool wants_newest; /* the limit leaves out the oldest, not the newest */
    bool is_patient;   /* waits when there is nothing; else it is answered as soon as its channels are loaded */
};

/*
 * Answers at once or waits in the hub, and refuses where it would wait and may not; poll_timeout_ms counts from here.
 * The owner's context may be freed when this returns.
 */
void poll_open(struct hub *hub, struct sink *sink, const struct poll_request *request, const struct poll_owner *owner);

#endif
