/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A channel that somebody listens to, or did until lately: its ring and its subscriptions. Owned by the hub. While it
 * has no subscription it waits in the hub's list of idle channels and is dropped when its time there is over.
 *
 * Until it is loaded its ring holds only what the log brought since the load was first asked for, and nobody is sent
 * anything of it.
 */
#ifndef PUSH_CHANNEL_H
#define PUSH_CHANNEL_H

#include <stdbool.h>

#include "base/list.h"
#include "base/timeouts.h"
#include "push/ring.h"

struct channel {
    struct ring ring;
    uint64_t offered;          /* index behind what all subscribers were offered */
    int64_t flushed_ms;        /* when they were */
    int64_t spacing_ms;        /* from one entry to the next, on the average between the last two of these times */
    bool is_loaded;            /* its history stands in the ring; in memory mode from the start */
    uint64_t ticket;           /* of the load that is under way; 0: none */
    struct event_id until;     /* what is loaded goes up to this id, what is live is above it */
    struct list subscriptions; /* of struct subscription */
    struct list dirty;         /* link: in one of the hub's lists of channels with something new */
    struct timeout idle;       /* link: in the hub's list of channels without subscriptions */
    char name[];
};

/* An empty channel that lacks nothing after `base`. */
struct channel *channel_new(struct span name, struct event_id base);

/* The channel must have no subscriptions. */
void channel_free(struct channel *channel);

/* The memory that the channel and what it retains take, in bytes, without the spare slots of its ring. */
size_t channel_size(const struct channel *channel);

#endif
