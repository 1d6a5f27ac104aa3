/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One client's interest in channels: cursors into their rings, and the sink that its bytes go to. It owns no messages:
 * a client that reads slowly costs a position, not a queue. What it is sent, and when, is its policy: a stream
 * (push/stream.h) goes on and on, a poll (push/poll.h) is answered once.
 *
 * It waits, and nothing of its channels is sent to it, until all of them are loaded and the hub's position has reached
 * the id that it came with. Then its cursors are placed.
 *
 * Invariants: events are taken in id order over all channels; none at or below the id that the client came with; all
 * at or below `last` that it is to get were taken. Lives in the hub until it ends, whoever ends it: after
 * subscriber_end, subscriber_hurry, subscriber_flush, subscriber_on_writable or subscriber_on_gone it may be gone.
 */
#ifndef PUSH_SUBSCRIBER_H
#define PUSH_SUBSCRIBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/timeouts.h"
#include "push/channel.h"
#include "push/resume.h"
#include "push/ring.h"
#include "push/sink.h"

struct arrival;
struct hub;

/* A subscriber's interest in one channel. */
struct subscription {
    struct list link; /* in channel->subscriptions */
    struct channel *channel;
    struct subscriber *subscriber;
    struct ring_cursor cursor; /* the next byte to send, or the gap before it */
};

/* What kind of client it is. Each of these may free the subscriber. */
struct subscriber_policy {
    void (*start)(struct subscriber *subscriber);      /* what it waited for is there: it was placed */
    void (*flush)(struct subscriber *subscriber);      /* placed: something may be new, or the sink takes more */
    void (*on_reload)(struct subscriber *subscriber);  /* its channels are loaded anew: it waits again */
    void (*on_timeout)(struct subscriber *subscriber); /* its timeout in the hub has passed */
    void (*hurry)(struct subscriber *subscriber);      /* ends as soon as it has all; its timeout was stopped */
    void (*end)(struct subscriber *subscriber);        /* the program, or its patience, ends: so does the answer */
    void (*on_gone)(struct subscriber *subscriber);    /* the client has left */
};

/* The first member of a policy's own structure; subscriptions stand behind that in the same allocation. */
struct subscriber {
    const struct subscriber_policy *policy;
    struct hub *hub;
    struct sink *sink;
    struct timeout timeout;
    struct event_id last;    /* newest id taken; at first, where the client came in (unknown: EVENT_ID_NONE) */
    struct arrival *arrival; /* what is of interest until the client has caught up; else NULL */
    struct subscription *subscriptions;
    uint16_t waits; /* for so many channels to be loaded, and 1 while its id lies ahead of the hub's position */
    uint8_t count;
    bool is_placed;  /* it does not wait: its cursors mean something */
    bool is_blocked; /* the sink takes nothing now */
};

/* What a client asks for. The channels are valid, different names; count is 1 to UINT8_MAX. */
struct subscription_request {
    const struct span *channels;
    size_t count;
    struct resume resume;
};

/*
 * For policies: a zeroed structure of `size` bytes that begins with a subscriber, attached to the sink. When it need
 * not wait it is placed already, where the request wants it, and `start` is not called. Nothing is sent.
 */
void *subscriber_new(const struct subscriber_policy *policy, size_t size, struct hub *hub, struct sink *sink,
                     const struct subscription_request *request);

/* For policies: takes the subscriber out of its channels and frees it. The sink is let go of already. */
void subscriber_free(struct subscriber *subscriber);

/* For policies: hands the sink a payload and the caller's reference to it. */
void subscriber_send(struct subscriber *subscriber, struct bytes *payload);

/* For policies: the client has all up to its position, so that nothing it came with is of interest any more. */
void subscriber_catch_up(struct subscriber *subscriber, struct event_id position);

/* For the hub. */
void subscriber_flush(struct subscriber *subscriber);
void subscriber_on_timeout(struct subscriber *subscriber);
void subscriber_hurry(struct subscriber *subscriber);
void subscriber_end(struct subscriber *subscriber);

/* For the hub: the limit of its arrival has passed. */
void subscriber_on_limit(struct subscriber *subscriber);

/* For the hub, before the rings are emptied: it will wait for its channels again, if it was placed. */
void subscriber_on_reload(struct subscriber *subscriber);

/* For the sink's implementer: see push/sink.h. */
void subscriber_on_writable(struct subscriber *subscriber);
void subscriber_on_gone(struct subscriber *subscriber);

#endif
