/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/subscriber.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/random.h"
#include "push/hub.h"
#include "push/pull.h"

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
        subscription->cursor.index =
            ring_find_after(ring, (struct event_id){.ms = resume->ms, .seq = UINT64_MAX});
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

struct subscriber *subscriber_new(struct hub *hub, struct sink *sink, const struct subscription_request *request)
{
    assert(sink->subscriber == NULL && request->count > 0 && request->count <= UINT8_MAX);
    struct subscriber *subscriber =
        alloc_zeroed(1, sizeof(*subscriber) + request->count * sizeof(subscriber->subscriptions[0]));
    subscriber->hub = hub;
    subscriber->sink = sink;
    subscriber->has_visible_heartbeat = request->has_visible_heartbeat;
    subscriber->count = (uint8_t)request->count;
    timeout_init(&subscriber->heartbeat);
    timeout_start(&hub->heartbeats, &subscriber->heartbeat, hub->now_ms);
    bool is_known = read_position(subscriber, &request->resume);
    for (size_t i = 0; i < request->count; i++) {
        struct subscription *subscription = &subscriber->subscriptions[i];
        subscription->subscriber = subscriber;
        subscription->channel = hub_channel_get(hub, request->channels[i]);
        list_append(&subscription->channel->subscriptions, &subscription->link);
        start(subscriber, subscription, &request->resume, is_known);
    }
    sink->subscriber = subscriber;
    hub->stats.streams_opened.value++;
    hub->stats.streams_open.value++;
    return subscriber;
}

static void subscriber_free(struct subscriber *subscriber)
{
    for (size_t i = 0; i < subscriber->count; i++) {
        struct channel *channel = subscriber->subscriptions[i].channel;
        list_remove(&subscriber->subscriptions[i].link);
        if (list_is_empty(&channel->subscriptions))
            hub_channel_release(subscriber->hub, channel);
    }
    timeout_stop(&subscriber->heartbeat);
    subscriber->hub->stats.streams_open.value--;
    free(subscriber->resumed_from);
    free(subscriber);
}

/* --- sending -------------------------------------------------------------------------------------------------- */

/* Hands over the payload and the caller's reference. */
static void send_payload(struct subscriber *subscriber, struct bytes *payload)
{
    enum sink_state state = subscriber->sink->ops->write(subscriber->sink, payload);
    bytes_unref(payload);
    subscriber->is_blocked = state == SINK_BLOCKED;
    timeout_start(&subscriber->hub->heartbeats, &subscriber->heartbeat, subscriber->hub->now_ms);
}

static void add_position(struct subscriber *subscriber, struct buffer *out)
{
    const struct hub *hub = subscriber->hub;
    hub->config.format->encode_position(hub->position, hub->tag, out);
    subscriber->last = hub->position;
    subscriber->is_positioned = true;
    free(subscriber->resumed_from);
    subscriber->resumed_from = NULL;
}

static void send_position(struct subscriber *subscriber)
{
    struct buffer *block = &subscriber->hub->scratch;
    buffer_clear(block);
    add_position(subscriber, block);
    send_payload(subscriber, buffer_to_bytes(block));
}

/* A stream that still can be ended properly is; one that waits for its client is cut off. */
static void end_lagged(struct subscriber *subscriber)
{
    struct sink *sink = subscriber->sink;
    if (subscriber->is_blocked)
        sink->ops->abort(sink);
    else
        sink->ops->end(sink);
    subscriber->hub->stats.streams_lagged.value++;
    subscriber_free(subscriber);
}

void subscriber_open(struct subscriber *subscriber, struct buffer *head)
{
    const struct hub_config *config = &subscriber->hub->config;

    buffer_add_string(head, config->format->opening);
    config->format->encode_retry(random_jitter(config->retry_ms), head);
    bool is_done = pull_is_done(subscriber);
    if (is_done)
        add_position(subscriber, head);
    else if (subscriber->has_visible_heartbeat)
        /* An event without an id, first on a connection, takes the client's from it (WHATWG HTML §9.2.6). */
        config->format->encode_position(subscriber->last, subscriber->hub->tag, head);
    if (subscriber->has_visible_heartbeat)
        buffer_add_string(head, config->format->heartbeat_event);
    send_payload(subscriber, buffer_to_bytes(head));
    if (!is_done)
        subscriber_flush(subscriber);
}

void subscriber_flush(struct subscriber *subscriber)
{
    struct bytes *payload;

    if (pull_has_lagged(subscriber)) {
        end_lagged(subscriber);
        return;
    }
    if (!subscriber->is_blocked && (payload = pull_next(subscriber, SINK_WRITE_LIMIT)) != NULL)
        send_payload(subscriber, payload);
    if (subscriber->is_blocked)
        return;
    if (!pull_is_done(subscriber))
        subscriber->sink->ops->call_back(subscriber->sink);
    else if (!subscriber->is_positioned)
        send_position(subscriber);
}

void subscriber_send_heartbeat(struct subscriber *subscriber)
{
    struct hub *hub = subscriber->hub;

    /* Output is on its way, perhaps in the middle of a frame: that shows as much life as a heartbeat. */
    if (subscriber->is_blocked || !pull_is_done(subscriber))
        timeout_start(&hub->heartbeats, &subscriber->heartbeat, hub->now_ms);
    else
        send_payload(subscriber, bytes_ref(subscriber->has_visible_heartbeat ? hub->heartbeat_event : hub->heartbeat));
}

/* True when the stream stands in the middle of a frame. */
static bool is_cut(const struct subscriber *subscriber)
{
    for (size_t i = 0; i < subscriber->count; i++)
        if (subscriber->subscriptions[i].cursor.offset > 0)
            return true;
    return false;
}

static void send_farewell(struct subscriber *subscriber, int64_t retry_ms)
{
    struct buffer *block = &subscriber->hub->scratch;
    buffer_clear(block);
    subscriber->hub->config.format->encode_retry(retry_ms, block);
    if (pull_is_done(subscriber))
        add_position(subscriber, block);
    send_payload(subscriber, buffer_to_bytes(block));
}

void subscriber_end(struct subscriber *subscriber, int64_t retry_ms)
{
    struct sink *sink = subscriber->sink;

    if (!subscriber->is_blocked && !is_cut(subscriber))
        send_farewell(subscriber, retry_ms);
    sink->ops->end(sink);
    subscriber_free(subscriber);
}

/* --- from the sink -------------------------------------------------------------------------------------------- */

void subscriber_on_writable(struct subscriber *subscriber)
{
    subscriber->is_blocked = false;
    subscriber_flush(subscriber);
}

void subscriber_on_gone(struct subscriber *subscriber)
{
    subscriber->hub->stats.streams_left.value++;
    subscriber_free(subscriber);
}
