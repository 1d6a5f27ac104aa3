/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The light source of messages (--history memory): one PSUBSCRIBE of the whole prefix, straight into the hub. Whenever
 * the subscription is made anew, messages may have been missed, and the hub is told so (hub_break).
 *
 * A subscribed connection that says nothing is probed by sending the same PSUBSCRIBE again: Redis confirms it each
 * time, which PING does not do through hiredis 0.14.
 */
#ifndef REDIS_PUBSUB_H
#define REDIS_PUBSUB_H

#include "push/hub.h"
#include "redis/link.h"

struct pubsub_events {
    void (*on_subscribed)(void *owner);
    void (*on_failed)(void *owner, const char *reason);
    void *owner;
};

struct pubsub {
    struct link link;
    struct hub *hub;
    const char *prefix;
    struct pubsub_events events;
    ev_timer probe;
    unsigned unanswered; /* probes since anything came */
    struct counter invalid_names;
    bool is_subscribed;
};

/* `prefix` and `address` must outlive it. `events` may be NULL. */
void pubsub_init(struct pubsub *pubsub, struct ev_loop *loop, const struct redis_address *address, const char *prefix,
                 struct hub *hub, const struct pubsub_events *events, struct counters *counters);

/* Closes the connection; no event follows. */
void pubsub_fini(struct pubsub *pubsub);

/* Connects, in the next turn of the loop, and then for as long as it lives. */
void pubsub_start(struct pubsub *pubsub);

#endif
