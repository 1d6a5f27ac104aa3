/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/subscription.h"

#include <string.h>

#include "base/clock.h"

/* A connection is given up after 8 s of silence: seven probes unanswered when the eighth is due. */
enum { PROBE_INTERVAL_S = 1, PROBES_UNANSWERED_LIMIT = 7 };

static void on_reply(redisAsyncContext *context, void *reply_data, void *unused);

/* The prefix is made of characters that mean nothing in a glob pattern (settings.c sees to it). */
static void subscribe(struct redis_subscription *subscription)
{
    link_command(&subscription->link, on_reply, "PSUBSCRIBE %s*", subscription->prefix);
}

static void on_message(struct redis_subscription *subscription, const redisReply *channel, const redisReply *payload)
{
    size_t prefix_len = strlen(subscription->prefix);
    subscription->events.on_message(subscription->events.owner,
                                    (struct span){channel->str + prefix_len, channel->len - prefix_len},
                                    (struct span){payload->str, payload->len});
}

static void on_confirmed(struct redis_subscription *subscription)
{
    if (subscription->is_subscribed)
        return; /* the answer to a probe */
    subscription->is_subscribed = true;
    link_settle(&subscription->link);
    subscription->events.on_subscribed(subscription->events.owner);
}

/* ["psubscribe", pattern, count] or ["pmessage", pattern, channel, payload] */
static void on_reply(redisAsyncContext *context, void *reply_data, void *unused)
{
    struct link *link = link_of(context);
    const redisReply *reply = reply_data;

    (void)unused;
    if (link == NULL || reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements < 3)
        return;
    struct redis_subscription *subscription = link->events.owner;
    subscription->unanswered = 0;
    subscription->answered_ms = clock_monotonic_ms();
    if (reply->elements == 4)
        on_message(subscription, reply->element[2], reply->element[3]);
    else
        on_confirmed(subscription);
}

static void on_probe(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct redis_subscription *subscription = timer->data;

    (void)loop;
    (void)events;
    if (subscription->unanswered == PROBES_UNANSWERED_LIMIT) {
        link_drop(&subscription->link, "it does not answer");
        return;
    }
    subscription->unanswered++;
    subscribe(subscription);
}

static void begin(struct redis_subscription *subscription)
{
    subscription->unanswered = 0;
    subscribe(subscription);
    ev_timer_again(subscription->link.loop, &subscription->probe);
}

static void on_ready(void *owner)
{
    struct redis_subscription *subscription = owner;
    if (!subscription->is_held)
        begin(subscription);
}

void redis_subscription_hold(struct redis_subscription *subscription, bool is_held)
{
    bool is_due = subscription->is_held && !is_held && subscription->link.is_ready && !subscription->is_subscribed;
    subscription->is_held = is_held;
    if (is_due)
        begin(subscription);
}

static void on_lost(void *owner)
{
    struct redis_subscription *subscription = owner;
    bool was_subscribed = subscription->is_subscribed;

    ev_timer_stop(subscription->link.loop, &subscription->probe);
    subscription->is_subscribed = false;
    if (was_subscribed)
        subscription->events.on_lost(subscription->events.owner);
}

static void on_failed(void *owner, const char *reason)
{
    struct redis_subscription *subscription = owner;
    if (subscription->events.on_failed != NULL)
        subscription->events.on_failed(subscription->events.owner, reason);
}

void redis_subscription_init(struct redis_subscription *subscription, struct ev_loop *loop,
                             const struct redis_address *address, const char *prefix,
                             const struct redis_subscription_events *events, struct link_stats *stats)
{
    const struct link_events link_events = {
        .on_ready = on_ready, .on_lost = on_lost, .on_failed = on_failed, .owner = subscription};

    *subscription = (struct redis_subscription){.prefix = prefix, .events = *events};
    link_init(&subscription->link, loop, address, "subscription", &link_events, stats);
    ev_init(&subscription->probe, on_probe);
    subscription->probe.repeat = PROBE_INTERVAL_S;
    subscription->probe.data = subscription;
}

void redis_subscription_fini(struct redis_subscription *subscription)
{
    ev_timer_stop(subscription->link.loop, &subscription->probe);
    link_fini(&subscription->link);
}

void redis_subscription_start(struct redis_subscription *subscription)
{
    link_start(&subscription->link);
}

void redis_subscription_stop(struct redis_subscription *subscription)
{
    ev_timer_stop(subscription->link.loop, &subscription->probe);
    subscription->is_subscribed = false;
    link_stop(&subscription->link);
}

void redis_subscription_renew(struct redis_subscription *subscription, const char *reason)
{
    link_drop(&subscription->link, reason);
}
