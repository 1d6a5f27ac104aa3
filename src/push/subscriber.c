/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/subscriber.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "push/hub.h"

/* --- where it starts ------------------------------------------------------------------------------------------ */

/* Behind `id`, and a gap first when events after it may be gone. */
static void start_after(struct subscription *subscription, struct event_id id)
{
    const struct ring *ring = &subscription->channel->ring;
    subscription->cursor.index = ring_find_after(ring, id);
    subscription->has_gap = event_id_compare(id, ring->base) < 0;
}

static void start(struct subscriber *subscriber, struct subscription *subscription, const struct resume *resume,
                  bool is_known)
{
    const struct ring *ring = &subscription->channel->ring;

    switch (resume->kind) {
    case RESUME_NOW:
        subscription->cursor.index = ring->end;
        break;
    case RESUME_ALL:
        subscription->cursor.index = ring->first;
        break;
    case RESUME_AFTER_TIME:
        subscription->cursor.index = ring_find_after(ring, (struct event_id){.ms = resume->ms, .seq = UINT64_MAX});
        break;
    case RESUME_AFTER_ID:
        if (is_known)
            start_after(subscription, subscriber->last);
        else
            subscription->has_gap = true;
        break;
    }
}

/* Sets `last`, and returns whether the client's id says anything here: it is of this source and not from the future. */
static bool read_position(struct subscriber *subscriber, const struct resume *resume)
{
    const struct hub *hub = subscriber->hub;
    struct event_id id;

    subscriber->last = hub->position;
    if (resume->kind == RESUME_AFTER_TIME && resume->ms < hub->position.ms)
        subscriber->last = (struct event_id){.ms = resume->ms, .seq = 0};
    if (resume->kind == RESUME_ALL || resume->kind == RESUME_AFTER_ID)
        subscriber->last = EVENT_ID_NONE;
    if (resume->kind == RESUME_ALL)
        subscriber->resumed_from = alloc_string("0");
    if (resume->kind != RESUME_AFTER_ID)
        return true;
    subscriber->resumed_from = alloc_string_n(resume->id.data, resume->id.len);
    if (!event_id_parse(resume->id, hub->tag, &id) || event_id_compare(id, hub->position) > 0)
        return false;
    subscriber->last = id;
    return true;
}

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
    bool is_known = read_position(subscriber, &request->resume);
    for (size_t i = 0; i < request->count; i++) {
        struct subscription *subscription = &subscriber->subscriptions[i];
        subscription->subscriber = subscriber;
        subscription->channel = hub_channel_get(hub, request->channels[i]);
        list_append(&subscription->channel->subscriptions, &subscription->link);
        start(subscriber, subscription, &request->resume, is_known);
    }
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
    free(subscriber->resumed_from);
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
    free(subscriber->resumed_from);
    subscriber->resumed_from = NULL;
}

void subscriber_flush(struct subscriber *subscriber)
{
    subscriber->policy->flush(subscriber);
}

void subscriber_on_timeout(struct subscriber *subscriber)
{
    subscriber->policy->on_timeout(subscriber);
}

void subscriber_end(struct subscriber *subscriber)
{
    subscriber->policy->end(subscriber);
}

void subscriber_on_writable(struct subscriber *subscriber)
{
    subscriber->is_blocked = false;
    subscriber->policy->flush(subscriber);
}

void subscriber_on_gone(struct subscriber *subscriber)
{
    subscriber->policy->on_gone(subscriber);
}
