/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/pull.h"

#include <assert.h>

#include "push/gap.h"
#include "push/hub.h"

/* The first thing of one subscription that is still to be sent. */
struct head {
    struct subscription *subscription; /* NULL: there is none */
    struct event_id id;
    bool is_gap;
};

static bool has_lagged(const struct subscription *subscription)
{
    return !subscription->cursor.has_gap && subscription->cursor.index < subscription->channel->ring.first;
}

/*
 * Where the subscription goes on: behind a gap follows all that is retained, except what a ring that was loaded anew
 * reaches back to behind the subscriber.
 */
static uint64_t next_index(const struct subscription *subscription)
{
    if (!subscription->cursor.has_gap)
        return subscription->cursor.index;
    return ring_find_after(&subscription->channel->ring, subscription->subscriber->last);
}

/* The id of a gap with no break behind it: where the ring begins, but not behind the subscriber. */
static struct event_id gap_id(const struct subscription *subscription)
{
    struct event_id base = subscription->channel->ring.base;
    struct event_id last = subscription->subscriber->last;
    return event_id_compare(base, last) > 0 ? base : last;
}

/* Breaks with nothing between them, behind a gap too, are one gap: just before the event that follows. */
static struct head head_of(struct subscription *subscription)
{
    const struct ring *ring = &subscription->channel->ring;
    uint64_t index = next_index(subscription);
    uint64_t behind = ring_skip_breaks(ring, index);

    if (behind > index)
        return (struct head){subscription, ring_at(ring, behind - 1)->id, true};
    if (subscription->cursor.has_gap)
        return (struct head){subscription, gap_id(subscription), true};
    if (index == ring->end)
        return (struct head){0};
    return (struct head){subscription, ring_at(ring, index)->id, false};
}

/* True when it goes on with an event, no gap, and that is before the index `end`. */
static bool has_event_before(const struct subscription *subscription, uint64_t end)
{
    const struct ring_cursor *cursor = &subscription->cursor;
    return !cursor->has_gap && cursor->index < end &&
           ring_at(&subscription->channel->ring, cursor->index)->frame != NULL;
}

/* Of a gap and an event with one id the gap is first. */
static bool is_before(const struct head *a, const struct head *b)
{
    int order = event_id_compare(a->id, b->id);
    return order != 0 ? order < 0 : a->is_gap && !b->is_gap;
}

/* The first and the second head in id order, as far as they are not above `until`. */
static void find_heads(struct subscriber *subscriber, struct event_id until, struct head *first, struct head *second)
{
    *first = (struct head){0};
    *second = (struct head){0};
    for (size_t i = 0; i < subscriber->count; i++) {
        struct head head = head_of(&subscriber->subscriptions[i]);
        if (head.subscription == NULL || event_id_compare(head.id, until) > 0)
            continue;
        if (first->subscription == NULL || is_before(&head, first)) {
            *second = *first;
            *first = head;
        } else if (second->subscription == NULL || is_before(&head, second)) {
            *second = head;
        }
    }
}

bool pull_has_lagged(const struct subscriber *subscriber)
{
    for (size_t i = 0; i < subscriber->count; i++)
        if (has_lagged(&subscriber->subscriptions[i]))
            return true;
    return false;
}

void pull_admit_lag(struct subscriber *subscriber)
{
    for (size_t i = 0; i < subscriber->count; i++)
        if (has_lagged(&subscriber->subscriptions[i]))
            subscriber->subscriptions[i].cursor.has_gap = true;
}

bool pull_is_done(const struct subscriber *subscriber)
{
    for (size_t i = 0; i < subscriber->count; i++) {
        const struct subscription *subscription = &subscriber->subscriptions[i];
        if (subscription->cursor.has_gap || subscription->cursor.index < subscription->channel->ring.end)
            return false;
    }
    return true;
}

bool pull_has_event(const struct subscriber *subscriber)
{
    for (size_t i = 0; i < subscriber->count; i++) {
        const struct subscription *subscription = &subscriber->subscriptions[i];
        const struct ring *ring = &subscription->channel->ring;
        if (ring_skip_breaks(ring, next_index(subscription)) < ring->end)
            return true;
    }
    return false;
}

bool pull_has_next(struct subscriber *subscriber, struct event_id until)
{
    struct head first;
    struct head second;

    find_heads(subscriber, until, &first, &second);
    return first.subscription != NULL;
}

/*
 * Of a gap that is the last thing to be sent, with nothing retained behind it, the position is the id: by the time the
 * client comes back, what is retained may begin later.
 */
static bool is_last_of_all(const struct subscriber *subscriber, const struct ring *ring)
{
    return ring->first == ring->end && pull_is_done(subscriber);
}

/*
 * The gap at `head`. It may have the id of another channel's event or gap, which comes next: it then goes with the id
 * that the client has already, else a client that left between the two would come back behind what it never got.
 */
static struct bytes *take_gap(struct subscriber *subscriber, const struct head *head, const struct head *next)
{
    struct subscription *subscription = head->subscription;
    const struct ring *ring = &subscription->channel->ring;
    bool is_tied = next->subscription != NULL && event_id_compare(head->id, next->id) == 0;

    subscription->cursor = (struct ring_cursor){.index = ring_skip_breaks(ring, next_index(subscription))};
    struct event_id id = is_tied ? subscriber->last : head->id;
    if (is_last_of_all(subscriber, ring) && event_id_compare(id, subscriber->hub->position) < 0)
        id = subscriber->hub->position;
    struct bytes *event = gap_encode(subscriber, subscription, id);
    subscriber->last = id;
    subscriber->hub->stats.gaps_sent.value++;
    return event;
}

/* The index behind what is not above `until`. */
static uint64_t end_at(const struct ring *ring, struct event_id until)
{
    return event_id_compare(until, EVENT_ID_MAX) == 0 ? ring->end : ring_find_after(ring, until);
}

/* The subscriber stands behind what was taken, from the index `from` to its cursor. */
static void note_taken(struct subscriber *subscriber, const struct subscription *subscription, uint64_t from)
{
    uint64_t index = subscription->cursor.index;
    if (index > from)
        subscriber->last = ring_at(&subscription->channel->ring, index - 1)->id;
    subscriber->hub->stats.events_delivered.value += index - from;
}

/* Events of one channel, from where it goes on up to the index `end` or a break. */
static struct bytes *take_run(struct subscriber *subscriber, struct subscription *subscription, uint64_t end,
                              size_t limit)
{
    const struct ring *ring = &subscription->channel->ring;
    struct ring_cursor *cursor = &subscription->cursor;
    uint64_t from = cursor->index;

    struct bytes *run = batch_take(&subscriber->hub->batch, ring, cursor, end, limit);
    note_taken(subscriber, subscription, from);
    return run;
}

/* Events of the first head's channel up to the next event or gap of another one, and not above `until`. */
static struct bytes *take_first(struct subscriber *subscriber, const struct head *first, const struct head *second,
                                size_t limit, struct event_id until)
{
    const struct ring *ring = &first->subscription->channel->ring;
    uint64_t end = second->subscription != NULL ? ring_find_from(ring, second->id) : end_at(ring, until);
    return take_run(subscriber, first->subscription, end, limit);
}

static size_t frame_length(const struct head *head)
{
    return ring_at(&head->subscription->channel->ring, head->subscription->cursor.index)->frame->len;
}

/* Appends further runs to the one just taken, as long as whole frames fit. */
static struct bytes *join_runs(struct subscriber *subscriber, struct bytes *run, struct head *first,
                               struct head *second, size_t limit, struct event_id until)
{
    struct buffer *joined = &subscriber->hub->scratch;

    buffer_clear(joined);
    for (;;) {
        buffer_add(joined, run->data, run->len);
        bytes_unref(run);
        find_heads(subscriber, until, first, second);
        if (first->subscription == NULL || first->is_gap || frame_length(first) > limit - joined->len)
            return buffer_to_bytes(joined);
        run = take_first(subscriber, first, second, limit - joined->len, until);
    }
}

static struct bytes *merge_next(struct subscriber *subscriber, size_t limit, struct event_id until)
{
    struct head first;
    struct head second;

    find_heads(subscriber, until, &first, &second);
    if (first.subscription == NULL)
        return NULL;
    if (first.is_gap)
        return take_gap(subscriber, &first, &second);
    struct bytes *run = take_first(subscriber, &first, &second, limit, until);
    bool has_other_runs = second.subscription != NULL && first.subscription->cursor.offset == 0;
    return has_other_runs ? join_runs(subscriber, run, &first, &second, limit, until) : run;
}

struct bytes *pull_next(struct subscriber *subscriber, size_t limit, struct event_id until)
{
    struct subscription *only = subscriber->subscriptions;
    uint64_t end;

    assert(subscriber->is_placed && !pull_has_lagged(subscriber));
    /* Events of one channel alone are in order already. */
    if (subscriber->count == 1 && has_event_before(only, end = end_at(&only->channel->ring, until)))
        return take_run(subscriber, only, end, limit);
    return merge_next(subscriber, limit, until);
}

/* --- what was joined already ---------------------------------------------------------------------------------- */

bool pull_find_range(const struct subscriber *subscriber, struct event_id until, struct pull_range *range)
{
    const struct subscription *subscription = &subscriber->subscriptions[0];
    const struct ring_cursor *cursor = &subscription->cursor;
    const struct ring *ring = &subscription->channel->ring;

    if (subscriber->count != 1 || cursor->has_gap || cursor->offset > 0 || cursor->index < ring->unbroken)
        return false;
    *range = (struct pull_range){.ring = ring, .from = cursor->index, .end = end_at(ring, until)};
    return range->from < range->end;
}

void pull_pass(struct subscriber *subscriber, const struct pull_range *range)
{
    struct subscription *subscription = &subscriber->subscriptions[0];

    assert(&subscription->channel->ring == range->ring && subscription->cursor.index == range->from);
    subscription->cursor = (struct ring_cursor){.index = range->end};
    note_taken(subscriber, subscription, range->from);
}

/* --- looking ahead -------------------------------------------------------------------------------------------- */

size_t pull_count(const struct subscriber *subscriber)
{
    size_t count = 0;
    for (size_t i = 0; i < subscriber->count; i++) {
        const struct ring *ring = &subscriber->subscriptions[i].channel->ring;
        for (uint64_t index = next_index(&subscriber->subscriptions[i]); index < ring->end; index++)
            count += ring_at(ring, index)->frame != NULL;
    }
    return count;
}

struct event_id pull_find_nth(const struct subscriber *subscriber, size_t count)
{
    uint64_t next[UINT8_MAX];
    const struct ring_entry *found = NULL;

    for (size_t i = 0; i < subscriber->count; i++)
        next[i] = next_index(&subscriber->subscriptions[i]);
    while (count > 0) {
        size_t from = 0;
        found = NULL;
        for (size_t i = 0; i < subscriber->count; i++) {
            const struct ring *ring = &subscriber->subscriptions[i].channel->ring;
            if (next[i] == ring->end)
                continue;
            const struct ring_entry *entry = ring_at(ring, next[i]);
            if (found == NULL || event_id_compare(entry->id, found->id) < 0) {
                found = entry;
                from = i;
            }
        }
        if (found == NULL)
            return EVENT_ID_MAX;
        next[from]++;
        count -= found->frame != NULL;
    }
    return found->id;
}

void pull_skip_to(struct subscriber *subscriber, struct event_id id)
{
    for (size_t i = 0; i < subscriber->count; i++) {
        struct subscription *subscription = &subscriber->subscriptions[i];
        uint64_t index = ring_find_after(&subscription->channel->ring, id);
        if (index > subscription->cursor.index)
            subscription->cursor.index = index;
    }
}
