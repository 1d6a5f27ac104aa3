/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/pubsub.h"

#include "base/clock.h"
#include "push/channel_name.h"
#include "redis/rights.h"

static void on_subscribed(void *owner)
{
    struct pubsub *pubsub = owner;
    log_info("subscribed to %s* on Redis at %s", pubsub->subscription.prefix, pubsub->subscription.link.place);
    hub_break(pubsub->hub);
    if (pubsub->events.on_ready != NULL)
        pubsub->events.on_ready(pubsub->events.owner);
}

static void on_message(void *owner, struct span name, struct span payload)
{
    struct pubsub *pubsub = owner;
    if (channel_name_is_valid(name))
        hub_publish(pubsub->hub, name, payload);
    else
        pubsub->invalid_names.value++;
}

/* Clients are told when it is made anew. */
static void on_lost(void *owner)
{
    (void)owner;
}

static void on_failed(void *owner, const char *reason)
{
    struct pubsub *pubsub = owner;
    const struct redis_subscription *subscription = &pubsub->subscription;
    struct buffer what = {0};
    uint64_t suppressed;

    rights_explain_unsubscribed(subscription->prefix, subscription->link.address->user, reason, &what);
    if (what.len > 0 && log_limit_allows(&pubsub->refused_log, clock_monotonic_ms(), &suppressed))
        log_error("%s", what.data);
    if (pubsub->events.on_failed != NULL)
        pubsub->events.on_failed(pubsub->events.owner, what.len > 0 ? what.data : reason);
    buffer_fini(&what);
}

void pubsub_init(struct pubsub *pubsub, struct ev_loop *loop, const struct redis_address *address, const char *prefix,
                 struct hub *hub, const struct source_events *events, struct counters *counters)
{
    const struct redis_subscription_events subscription_events = {.on_subscribed = on_subscribed,
                                                                  .on_message = on_message,
                                                                  .on_lost = on_lost,
                                                                  .on_failed = on_failed,
                                                                  .owner = pubsub};

    *pubsub = (struct pubsub){.hub = hub};
    if (events != NULL)
        pubsub->events = *events;
    link_stats_register(&pubsub->stats, counters);
    counters_register(counters, &pubsub->invalid_names, "messages.invalid_channel");
    redis_subscription_init(&pubsub->subscription, loop, address, prefix, &subscription_events, &pubsub->stats);
}

void pubsub_fini(struct pubsub *pubsub)
{
    redis_subscription_fini(&pubsub->subscription);
}

void pubsub_start(struct pubsub *pubsub)
{
    redis_subscription_start(&pubsub->subscription);
}
