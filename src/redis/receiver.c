/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/receiver.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "push/channel_name.h"
#include "push/event_id.h"

enum {
    MARKER_WAIT_MS = 3000, /* then another one is published */
    PENDING_LIMIT = 100000,
    PENDING_BYTES_LIMIT = 64 << 20,
};

static void update_gauges(struct receiver *receiver)
{
    receiver->stats.pending.value = receiver->pending.count;
    receiver->stats.pending_bytes.value = receiver->pending.bytes;
}

/* Publishes a marker of our own: when it comes back, counting begins. */
static void on_published(redisAsyncContext *context, void *reply_data, void *owner)
{
    struct receiver *receiver = owner;
    const redisReply *reply = reply_data;

    if (reply == NULL || link_of(context) == NULL)
        return;
    if (reply->type == REDIS_REPLY_INTEGER)
        receiver->listeners = reply->integer;
    else if (reply->type == REDIS_REPLY_ERROR)
        log_debug("cannot publish a marker: %s", reply->str);
}

static void publish_marker(struct receiver *receiver, int64_t now_ms)
{
    char random[2][EVENT_TAG_LEN + 1];

    event_tag_make(random[0]);
    event_tag_make(random[1]);
    snprintf(receiver->own_name, sizeof(receiver->own_name), "%s%s", random[0], random[1]);
    receiver->published_ms = now_ms;
    receiver->listeners = 0;
    receiver->stats.markers.value++;
    request_clear(&receiver->request);
    request_add_text(&receiver->request, "PUBLISH");
    request_add_text(&receiver->request, receiver->keys->recorder);
    request_add_text(&receiver->request, receiver->own_name);
    link_send(&receiver->commands->link, on_published, receiver, request_whole(&receiver->request));
}

/* The own marker has come back and stands in the log, whichever was first. */
static void note_subscribed(const struct receiver *receiver)
{
    log_info("subscribed to %s* on Redis at %s", receiver->keys->prefix, receiver->subscription.link.place);
}

/* Before the own marker has come back nothing can be named. */
static void wait_for_own(struct receiver *receiver, struct span name, struct span payload, int64_t now_ms)
{
    bool is_own =
        span_equals(name, "recorder") && receiver->own_name[0] != '\0' && span_equals(payload, receiver->own_name);
    receiver->is_preceded |= !is_own && span_equals(name, "recorder") && marker_name_is_valid(payload);
    if (!is_own)
        return;
    receiver->own = marker_hold(pending_marker(&receiver->pending, payload, now_ms));
    receiver->marker = marker_hold(receiver->own);
    receiver->position = 0;
    if (receiver->own->is_known)
        note_subscribed(receiver);
}

void receiver_overflow(struct receiver *receiver)
{
    receiver->stats.overflows.value++;
    pending_clear(&receiver->pending);
    update_gauges(receiver);
    redis_subscription_renew(&receiver->subscription, "too much is waiting to be recorded");
}

static void add_pending(struct receiver *receiver, enum pending_kind kind, struct span name, struct span payload,
                        int64_t now_ms)
{
    struct pending *pending = &receiver->pending;

    pending_add(pending, receiver->marker, receiver->position, kind, name, payload, now_ms);
    update_gauges(receiver);
    if (pending->count > PENDING_LIMIT || pending->bytes > PENDING_BYTES_LIMIT)
        receiver_overflow(receiver);
}

static void on_marker(struct receiver *receiver, struct span name, struct span payload, int64_t now_ms)
{
    receiver->followers += receiver->own != NULL && !receiver->own->is_known;
    add_pending(receiver, PENDING_MARKER, name, payload, now_ms);
    if (receiver->marker == NULL)
        return; /* there was no room for it */
    marker_release(receiver->marker);
    receiver->marker = marker_hold(pending_marker(&receiver->pending, payload, now_ms));
    receiver->position = 0;
}

/* Every message counts, whatever becomes of it: the others count it too. */
static void on_message(void *owner, struct span name, struct span payload)
{
    struct receiver *receiver = owner;
    int64_t now_ms = clock_monotonic_ms();

    if (receiver->marker == NULL) {
        wait_for_own(receiver, name, payload, now_ms);
        return;
    }
    receiver->position++;
    if (span_equals(name, "recorder") && marker_name_is_valid(payload)) {
        on_marker(receiver, name, payload, now_ms);
        return;
    }
    receiver->stats.received.value++;
    if (!channel_name_is_valid(name)) {
        receiver->stats.invalid_names.value += !span_equals(name, "recorder");
    } else if (payload.len > receiver->max_message_bytes) {
        complaint_of_size(&receiver->stats.too_large, name, payload.len, receiver->max_message_bytes, now_ms);
        add_pending(receiver, PENDING_GAP, name, (struct span){0}, now_ms);
    } else {
        add_pending(receiver, PENDING_EVENT, name, payload, now_ms);
    }
}

static void forget_own(struct receiver *receiver)
{
    receiver->own_name[0] = '\0';
    marker_release(receiver->own);
    marker_release(receiver->marker);
    receiver->own = receiver->marker = NULL;
    receiver->listeners = 0;
    receiver->is_preceded = false;
    receiver->followers = 0;
}

static void on_subscribed(void *owner)
{
    struct receiver *receiver = owner;
    forget_own(receiver);
    receiver_mark(receiver, clock_monotonic_ms());
}

static void on_subscription_lost(void *owner)
{
    struct receiver *receiver = owner;
    forget_own(receiver);
    receiver->events.on_deaf(receiver->events.owner);
}

static void on_subscription_failed(void *owner, const char *reason)
{
    struct receiver *receiver = owner;
    receiver->events.on_failed(receiver->events.owner, reason);
}

/* --- life ----------------------------------------------------------------------------------------------------- */

static void register_counters(struct receiver_stats *stats, struct counters *counters)
{
    counters_register(counters, &stats->received, "recorder.received");
    counters_register(counters, &stats->pending, "recorder.pending");
    counters_register(counters, &stats->pending_bytes, "recorder.pending_bytes");
    counters_register(counters, &stats->overflows, "recorder.overflows");
    counters_register(counters, &stats->markers, "recorder.markers");
    counters_register(counters, &stats->too_large.count, "recorder.too_large");
    counters_register(counters, &stats->invalid_names, "recorder.invalid_channel");
}

void receiver_init(struct receiver *receiver, struct ev_loop *loop, const struct redis_address *address,
                   const struct keys *keys, struct commands *commands, size_t max_message_bytes,
                   const struct receiver_events *events, struct link_stats *links, struct counters *counters)
{
    const struct redis_subscription_events subscription_events = {.on_subscribed = on_subscribed,
                                                                  .on_message = on_message,
                                                                  .on_lost = on_subscription_lost,
                                                                  .on_failed = on_subscription_failed,
                                                                  .owner = receiver};

    *receiver = (struct receiver){
        .events = *events, .keys = keys, .commands = commands, .max_message_bytes = max_message_bytes};
    register_counters(&receiver->stats, counters);
    redis_subscription_init(&receiver->subscription, loop, address, keys->prefix, &subscription_events, links);
    redis_subscription_hold(&receiver->subscription, true);
    pending_init(&receiver->pending);
}

void receiver_fini(struct receiver *receiver)
{
    redis_subscription_fini(&receiver->subscription);
    pending_fini(&receiver->pending);
    request_fini(&receiver->request);
}

void receiver_start(struct receiver *receiver)
{
    redis_subscription_start(&receiver->subscription);
}

void receiver_stop(struct receiver *receiver)
{
    redis_subscription_stop(&receiver->subscription);
    forget_own(receiver);
}

void receiver_on_commands_ready(struct receiver *receiver)
{
    if (receiver->own == NULL)
        receiver->own_name[0] = '\0'; /* it may never have been sent */
    redis_subscription_hold(&receiver->subscription, false);
    receiver_mark(receiver, clock_monotonic_ms());
}

void receiver_on_commands_lost(struct receiver *receiver)
{
    redis_subscription_hold(&receiver->subscription, true);
}

void receiver_mark(struct receiver *receiver, int64_t now_ms)
{
    bool is_due = receiver->own_name[0] == '\0' || now_ms - receiver->published_ms > MARKER_WAIT_MS;
    if (receiver->subscription.is_subscribed && receiver->commands->is_ready && receiver->own == NULL && is_due)
        publish_marker(receiver, now_ms);
}

bool receiver_is_counted(const struct receiver *receiver)
{
    return receiver->own != NULL && receiver->listeners > 0;
}

bool receiver_is_alone(const struct receiver *receiver)
{
    return receiver->listeners == 1;
}

bool receiver_is_first(const struct receiver *receiver)
{
    return receiver_is_counted(receiver) && !receiver->is_preceded && receiver->followers >= receiver->listeners - 1;
}

void receiver_acknowledge(struct receiver *receiver, struct marker *marker, uint64_t position)
{
    bool is_news = marker == receiver->own && marker != NULL && !marker->is_known;

    pending_acknowledge(&receiver->pending, marker, position);
    if (is_news)
        note_subscribed(receiver);
    update_gauges(receiver);
}
