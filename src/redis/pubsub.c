/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/pubsub.h"

#include <string.h>

#include "base/log.h"
#include "push/channel_name.h"

/* A connection is given up after 8 s of silence: three probes unanswered when the fourth is due. */
enum { PROBE_INTERVAL_S = 2, PROBES_UNANSWERED_LIMIT = 3 };

static void on_reply(redisAsyncContext *context, void *reply_data, void *unused);

/* The prefix is made of characters that mean nothing in a glob pattern (settings.c sees to it). */
static void subscribe(struct pubsub *pubsub)
{
    link_command(&pubsub->link, on_reply, "PSUBSCRIBE %s*", pubsub->prefix);
}

static struct span span_of_reply(const redisReply *reply)
{
    return (struct span){reply->str, reply->len};
}

static void on_message(struct pubsub *pubsub, struct span channel, struct span payload)
{
    size_t prefix_len = strlen(pubsub->prefix);
    struct span name = {channel.data + prefix_len, channel.len - prefix_len};

    if (channel_name_is_valid(name))
        hub_publish(pubsub->hub, name, payload);
    else
        pubsub->invalid_names.value++;
}

static void on_confirmed(struct pubsub *pubsub)
{
    if (pubsub->is_subscribed)
        return; /* the answer to a probe */
    pubsub->is_subscribed = true;
    link_settle(&pubsub->link);
    log_info("subscribed to %s* on Redis at %s", pubsub->prefix, pubsub->link.place);
    hub_break(pubsub->hub);
    if (pubsub->events.on_subscribed != NULL)
        pubsub->events.on_subscribed(pubsub->events.owner);
}

/* ["psubscribe", pattern, count] or ["pmessage", pattern, channel, payload] */
static void on_reply(redisAsyncContext *context, void *reply_data, void *unused)
{
    struct link *link = link_of(context);
    const redisReply *reply = reply_data;

    (void)unused;
    if (link == NULL || reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements < 3)
        return;
    struct pubsub *pubsub = link->events.owner;
    pubsub->unanswered = 0;
    if (reply->elements == 4)
        on_message(pubsub, span_of_reply(reply->element[2]), span_of_reply(reply->element[3]));
    else
        on_confirmed(pubsub);
}

static void on_probe(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct pubsub *pubsub = timer->data;

    (void)loop;
    (void)events;
    if (pubsub->unanswered == PROBES_UNANSWERED_LIMIT) {
        link_drop(&pubsub->link, "it does not answer");
        return;
    }
    pubsub->unanswered++;
    subscribe(pubsub);
}

static void on_ready(void *owner)
{
    struct pubsub *pubsub = owner;
    pubsub->unanswered = 0;
    subscribe(pubsub);
    ev_timer_again(pubsub->link.loop, &pubsub->probe);
}

static void on_lost(void *owner)
{
    struct pubsub *pubsub = owner;
    ev_timer_stop(pubsub->link.loop, &pubsub->probe);
    pubsub->is_subscribed = false;
}

static void on_failed(void *owner, const char *reason)
{
    struct pubsub *pubsub = owner;
    if (pubsub->events.on_failed != NULL)
        pubsub->events.on_failed(pubsub->events.owner, reason);
}

void pubsub_init(struct pubsub *pubsub, struct ev_loop *loop, const struct redis_address *address, const char *prefix,
                 struct hub *hub, const struct pubsub_events *events, struct counters *counters)
{
    const struct link_events link_events = {
        .on_ready = on_ready, .on_lost = on_lost, .on_failed = on_failed, .owner = pubsub};

    *pubsub = (struct pubsub){.hub = hub, .prefix = prefix};
    if (events != NULL)
        pubsub->events = *events;
    link_init(&pubsub->link, loop, address, &link_events, counters);
    counters_register(counters, &pubsub->invalid_names, "messages.invalid_channel");
    ev_init(&pubsub->probe, on_probe);
    pubsub->probe.repeat = PROBE_INTERVAL_S;
    pubsub->probe.data = pubsub;
}

void pubsub_fini(struct pubsub *pubsub)
{
    ev_timer_stop(pubsub->link.loop, &pubsub->probe);
    link_fini(&pubsub->link);
}

void pubsub_start(struct pubsub *pubsub)
{
    link_start(&pubsub->link);
}
