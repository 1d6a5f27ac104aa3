/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PSUBSCRIBE of the whole prefix on a connection of its own, made anew whenever it was lost.
 *
 * A connection that says nothing is probed by sending the same PSUBSCRIBE again: Redis confirms it each time, which
 * PING does not do through hiredis 0.14.
 */
#ifndef REDIS_SUBSCRIPTION_H
#define REDIS_SUBSCRIPTION_H

#include "base/span.h"
#include "redis/link.h"

struct redis_subscription_events {
    void (*on_subscribed)(void *owner); /* messages follow; any number may have been missed before */
    void (*on_message)(void *owner, struct span name, struct span payload); /* the name without the prefix, any bytes */
    void (*on_lost)(void *owner);                                           /* only after on_subscribed */
    void (*on_failed)(void *owner, const char *reason); /* it could not be made; NULL: not of interest */
    void *owner;
};

struct redis_subscription {
    struct link link;
    const char *prefix;
    struct redis_subscription_events events;
    ev_timer probe;
    int64_t answered_ms; /* when something came last, monotonic */
    unsigned unanswered; /* probes since */
    bool is_subscribed;
    bool is_held;
};

/* `prefix`, `address` and `stats` must outlive it. Starts nothing yet. */
void redis_subscription_init(struct redis_subscription *subscription, struct ev_loop *loop,
                             const struct redis_address *address, const char *prefix,
                             const struct redis_subscription_events *events, struct link_stats *stats);

/* Closes the connection; no event follows. */
void redis_subscription_fini(struct redis_subscription *subscription);

/* Connects, in the next turn of the loop, and then for as long as it lives. */
void redis_subscription_start(struct redis_subscription *subscription);

/* While it is held back a new connection does not subscribe; one that has stays subscribed. */
void redis_subscription_hold(struct redis_subscription *subscription, bool is_held);

/* Ends it; no event follows. */
void redis_subscription_stop(struct redis_subscription *subscription);

/* Gives this connection up and makes another one: on_lost follows at once. */
void redis_subscription_renew(struct redis_subscription *subscription, const char *reason);

#endif
