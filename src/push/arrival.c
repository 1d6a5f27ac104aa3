/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/arrival.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "push/ahead.h"
#include "push/hub.h"

static struct arrival *arrival_new(struct subscriber *subscriber, enum resume_kind kind, struct span text)
{
    struct arrival *arrival = alloc_zeroed(1, sizeof(*arrival) + text.len + 1);
    arrival->subscriber = subscriber;
    arrival->kind = kind;
    list_init(&arrival->ahead);
    timeout_init(&arrival->limit);
    if (text.len > 0)
        memcpy(arrival->text, text.data, text.len);
    subscriber->arrival = arrival;
    return arrival;
}

static void begin_after_id(struct subscriber *subscriber, struct span text)
{
    struct hub *hub = subscriber->hub;
    struct arrival *arrival = arrival_new(subscriber, RESUME_AFTER_ID, text);
    struct event_id id;

    subscriber->last = EVENT_ID_NONE;
    arrival->is_unknown = !event_id_parse(text, hub->tag, &id);
    if (arrival->is_unknown)
        return;
    bool is_above = event_id_compare(id, hub->position) > 0;
    arrival->is_unknown = is_above && hub->config.source == NULL;
    if (arrival->is_unknown)
        return;
    subscriber->last = id;
    if (is_above)
        ahead_join(hub, arrival);
}

/* While it is not known where reading begins, now is by the clock: nothing since the client came is lost. */
static void begin_after_time(struct subscriber *subscriber, uint64_t ms)
{
    uint64_t now_ms = (uint64_t)clock_wall_ms() - 1;
    bool is_started = subscriber->hub->is_started;

    arrival_new(subscriber, RESUME_AFTER_TIME, (struct span){0})->ms = is_started || ms < now_ms ? ms : now_ms;
    if (is_started)
        arrival_settle(subscriber);
}

void arrival_begin(struct subscriber *subscriber, const struct resume *resume)
{
    const struct hub *hub = subscriber->hub;

    subscriber->last = hub->position;
    switch (resume->kind) {
    case RESUME_NOW:
        if (hub->is_started)
            arrival_new(subscriber, RESUME_NOW, (struct span){0});
        else
            begin_after_time(subscriber, UINT64_MAX);
        break;
    case RESUME_ALL:
        arrival_new(subscriber, RESUME_ALL, span_of("0"));
        subscriber->last = EVENT_ID_NONE;
        break;
    case RESUME_AFTER_TIME:
        begin_after_time(subscriber, resume->ms);
        break;
    case RESUME_AFTER_ID:
        begin_after_id(subscriber, resume->id);
        break;
    }
}

void arrival_settle(struct subscriber *subscriber)
{
    struct event_id position = subscriber->hub->position;
    struct arrival *arrival = subscriber->arrival;

    if (arrival->kind != RESUME_AFTER_TIME)
        return;
    if (arrival->ms < position.ms) {
        subscriber->last = (struct event_id){.ms = arrival->ms, .seq = 0};
    } else {
        subscriber->last = position;
        arrival->kind = RESUME_NOW;
    }
}

void arrival_end(struct subscriber *subscriber)
{
    struct arrival *arrival = subscriber->arrival;
    if (arrival == NULL)
        return;
    list_remove(&arrival->ahead);
    timeout_stop(&arrival->limit);
    free(arrival);
    subscriber->arrival = NULL;
}

void arrival_limit(struct subscriber *subscriber)
{
    struct hub *hub = subscriber->hub;
    if (subscriber->arrival == NULL)
        arrival_new(subscriber, RESUME_NOW, (struct span){0});
    timeout_start(&hub->limits, &subscriber->arrival->limit, hub->now_ms);
}

/* --- placing -------------------------------------------------------------------------------------------------- */

/* A gap that was not told yet stays. */
static void place_at(struct subscription *subscription, uint64_t index)
{
    subscription->cursor = (struct ring_cursor){.index = index, .has_gap = subscription->cursor.has_gap};
}

/* Behind `id`, and a gap first when events after it may be gone. */
static void place_after(struct subscription *subscription, struct event_id id)
{
    const struct ring *ring = &subscription->channel->ring;
    place_at(subscription, ring_find_after(ring, id));
    if (event_id_compare(id, ring->base) < 0)
        subscription->cursor.has_gap = true;
}

static void place(struct subscription *subscription, const struct arrival *arrival)
{
    const struct ring *ring = &subscription->channel->ring;

    switch (arrival->kind) {
    case RESUME_ALL:
        /* Who asks for what is kept is told of gaps in it, not of what was before it. */
        place_at(subscription, ring_skip_breaks(ring, ring->first));
        break;
    case RESUME_AFTER_TIME:
        place_at(subscription, ring_find_after(ring, event_id_end_of_ms(arrival->ms)));
        break;
    case RESUME_NOW:
    case RESUME_AFTER_ID:
        if (arrival->is_unknown)
            subscription->cursor.has_gap = true;
        else
            place_after(subscription, subscription->subscriber->last);
        break;
    }
}

static void place_as_asked(struct subscriber *subscriber)
{
    struct arrival *arrival = subscriber->arrival;

    for (size_t i = 0; i < subscriber->count; i++)
        place(&subscriber->subscriptions[i], arrival);
    arrival->was_placed = true;
    timeout_stop(&arrival->limit);
    if (arrival->kind == RESUME_NOW)
        arrival_end(subscriber);
}

/* Behind all that was taken. */
static void place_again(struct subscriber *subscriber)
{
    for (size_t i = 0; i < subscriber->count; i++)
        place_after(&subscriber->subscriptions[i], subscriber->last);
    if (subscriber->arrival != NULL)
        timeout_stop(&subscriber->arrival->limit);
}

/* True when the subscriber has taken nothing, so that the request still says best where to begin. */
static bool is_untouched(const struct arrival *arrival)
{
    struct event_id last = arrival->subscriber->last;

    switch (arrival->kind) {
    case RESUME_ALL:
        return event_id_compare(last, EVENT_ID_NONE) == 0;
    case RESUME_AFTER_TIME:
        return event_id_compare(last, event_id_end_of_ms(arrival->ms)) < 0;
    case RESUME_NOW:
    case RESUME_AFTER_ID:
        break;
    }
    return !arrival->was_placed;
}

void arrival_place(struct subscriber *subscriber)
{
    if (subscriber->arrival != NULL && is_untouched(subscriber->arrival))
        place_as_asked(subscriber);
    else
        place_again(subscriber);
    subscriber->is_placed = true;
}

const char *arrival_text(const struct subscriber *subscriber)
{
    const struct arrival *arrival = subscriber->arrival;
    bool has_text = arrival != NULL && (arrival->kind == RESUME_ALL || arrival->kind == RESUME_AFTER_ID);
    return has_text ? arrival->text : NULL;
}
