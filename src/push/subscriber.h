/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One client's stream: cursors into the rings of its channels, and the sink that its bytes go to. It owns no messages:
 * a client that reads slowly costs a position, not a queue, and is ended when a ring no longer holds what it needs.
 *
 * Invariants: events are handed to the sink in id order over all channels; none at or below the id that the client came
 * with; `last` is the id of the newest one. Owned by the hub from subscriber_new until it ends, whoever ends it: after
 * subscriber_end, subscriber_on_gone or a flush the subscriber may be gone.
 */
#ifndef PUSH_SUBSCRIBER_H
#define PUSH_SUBSCRIBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/timeouts.h"
#include "push/channel.h"
#include "push/resume.h"
#include "push/ring.h"
#include "push/sink.h"

struct hub;

/* A subscriber's interest in one channel. */
struct subscription {
    struct list link; /* in channel->subscriptions */
    struct channel *channel;
    struct subscriber *subscriber;
    struct ring_cursor cursor; /* the next byte to send */
    bool has_gap;              /* a gap is announced before anything else of the channel */
};

struct subscriber {
    struct hub *hub;
    struct sink *sink;
    struct timeout heartbeat;
    struct event_id last; /* newest id handed to the sink; at first, where the client came in (unknown: EVENT_ID_NONE) */
    char *resumed_from;   /* what the client sent as its last id, until it has caught up; else NULL */
    bool is_blocked;      /* the sink takes nothing now */
    bool is_positioned;   /* the client was told where it stands */
    bool has_visible_heartbeat;
    uint8_t count;
    struct subscription subscriptions[];
};

/* What a client asks for. The channels are valid, different names; count is 1 to UINT8_MAX. */
struct subscription_request {
    const struct span *channels;
    size_t count;
    struct resume resume;
    bool has_visible_heartbeat;
};

/* Attaches a new subscriber to the sink. Nothing is sent yet. */
struct subscriber *subscriber_new(struct hub *hub, struct sink *sink, const struct subscription_request *request);

/*
 * Opens the stream: sends `head` (response headers, say) and the format's opening, then what the client missed and its
 * position. The subscriber may be gone afterwards.
 */
void subscriber_open(struct subscriber *subscriber, struct buffer *head);

/* Hands the sink what is new, one write of up to SINK_WRITE_LIMIT bytes, unless it is blocked; asks for the next turn. */
void subscriber_flush(struct subscriber *subscriber);

/* Sends a heartbeat now, unless output waits anyway, and starts the time to the next. */
void subscriber_send_heartbeat(struct subscriber *subscriber);

/* Ends the stream on our side: position and the time to wait before coming back, then the end of the response. */
void subscriber_end(struct subscriber *subscriber, int64_t retry_ms);

/* For the sink's implementer: see push/sink.h. */
void subscriber_on_writable(struct subscriber *subscriber);
void subscriber_on_gone(struct subscriber *subscriber);

#endif
