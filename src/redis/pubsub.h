/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The light source of messages (--history memory): the subscription, straight into the hub. Whenever it is made anew,
 * messages may have been missed, and the hub is told so (hub_break).
 */
#ifndef REDIS_PUBSUB_H
#define REDIS_PUBSUB_H

#include "base/log.h"
#include "push/hub.h"
#include "redis/source_events.h"
#include "redis/subscription.h"

struct pubsub {
    struct redis_subscription subscription;
    struct hub *hub;
    struct source_events events;
    struct link_stats stats;
    struct counter invalid_names;
    struct log_limit refused_log;
};

/* `prefix`, `address`, `hub` and `counters` must outlive it. `events` may be NULL. */
void pubsub_init(struct pubsub *pubsub, struct ev_loop *loop, const struct redis_address *address, const char *prefix,
                 struct hub *hub, const struct source_events *events, struct counters *counters);

/* Closes the connection; no event follows. */
void pubsub_fini(struct pubsub *pubsub);

/* Connects, in the next turn of the loop, and then for as long as it lives. */
void pubsub_start(struct pubsub *pubsub);

#endif
