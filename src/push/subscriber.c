/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/subscriber.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "push/arrival.h"
#include "push/channel_table.h"
#include "push/pull.h"

void *subscriber_new(const struct subscriber_policy *policy, size_t size, struct hub *hub, struct sink *sink,
                     const struct subscription_request *request)
{
    assert(sink->subscriber == NULL && request->count > 0 && request->count <= UINT8_MAX);
    assert(size % _Alignof(struct subscription) == 0);
    struct subscriber *subscriber = alloc_zeroed(1, size + request->count * sizeof(struct subscription));
    subscriber->policy = policy;
    subscriber->hub = hub;
    subscriber->sink = sink;
    subscriber->count = (uint8_t)request->count;
    subscriber->subscriptions = (void *)((char *)subscriber + size);
    timeout_init(&subscriber->timeout);
    arrival_begin(subscriber, &request->resume);
    for (size_t i = 0; i < request->count; i++) {
        struct subscription *subscription = &subscriber->subscriptions[i];
        subscription->subscriber = subscriber;
        subscription->channel = hub_channel_get(hub, request->channels[i]);
        list_append(&subscription->channel->subscriptions, &subscription->link);
        subscriber->waits += !subscription->channel->is_loaded;
    }
    if (subscriber->waits == 0)
        arrival_place(subscriber);
    else
        hub->stats.requests_waiting.value++;
    sink->subscriber = subscriber;
    return subscriber;
}

void subscriber_free(struct subscriber *subscriber)
{
    for (size_t i = 0; i < subscriber->count; i++) {
        struct channel *channel = subscriber->subscriptions[i].channel;
        list_remove(&subscriber->subscriptions[i].link);
        if (list_is_empty(&channel->subscriptions))
            hub_channel_release(subscriber->hub, channel);
    }
    timeout_stop(&subscriber->timeout);
    arrival_end(subscriber);
    if (!subscriber->is_placed)
        subscriber->hub->stats.requests_waiting.value--;
    free(subscriber);
}

void subscriber_send(struct subscriber *subscriber, struct bytes *payload)
{
    enum sink_state state = subscriber->sink->ops->write(subscriber->sink, payload);
    bytes_unref(payload);
    subscriber->is_blocked = state == SINK_BLOCKED;
}

void subscriber_catch_up(struct subscriber *subscriber, struct event_id position)
{
    subscriber->last = position;
    arrival_end(subscriber);
}

/* Places the subscriber if there is nothing to wait for any more. */
static void start(struct subscriber *subscriber)
{
    if (subscriber->waits > 0)
        return;
    subscriber->hub->stats.requests_waiting.value--;
    arrival_place(subscriber);
    subscriber->policy->start(subscriber);
}

void subscriber_flush(struct subscriber *subscriber)
{
    if (subscriber->is_placed)
        subscriber->policy->flush(subscriber);
    else
        start(subscriber);
}

void subscriber_on_timeout(struct subscriber *subscriber)
{
    subscriber->policy->on_timeout(subscriber);
}

void subscriber_hurry(struct subscriber *subscriber)
{
    subscriber->policy->hurry(subscriber);
}

void subscriber_end(struct subscriber *subscriber)
{
    subscriber->policy->end(subscriber);
}

void subscriber_on_limit(struct subscriber *subscriber)
{
    /* What it waited for may have come in this very turn. */
    if (subscriber->waits == 0)
        start(subscriber);
    else
        subscriber_end(subscriber);
}

void subscriber_on_reload(struct subscriber *subscriber)
{
    struct hub *hub = subscriber->hub;

    if (!subscriber->is_placed)
        return;
    if (pull_is_done(subscriber))
        subscriber->last = hub->position;
    subscriber->is_placed = false;
    hub->stats.requests_waiting.value++;
    subscriber->policy->on_reload(subscriber);
}

void subscriber_on_writable(struct subscriber *subscriber)
{
    subscriber->is_blocked = false;
    subscriber_flush(subscriber);
}

void subscriber_on_gone(struct subscriber *subscriber)
{
    subscriber->policy->on_gone(subscriber);
}
