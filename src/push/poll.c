/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/poll.h"

#include "base/clock.h"
#include "push/arrival.h"
#include "push/pull.h"

struct poll {
    struct subscriber subscriber;
    struct poll_owner owner;
    size_t limit;
    bool wants_newest;
    bool is_by_time;
    bool is_held;          /* the answer is complete when the time of holding is over */
    struct event_id until; /* the answer goes up to this id */
};

static struct poll *poll_of(struct subscriber *subscriber)
{
    return LIST_ENTRY(subscriber, struct poll, subscriber);
}

static void poll_free(struct poll *poll)
{
    poll->subscriber.hub->stats.polls_open.value--;
    poll->owner.free(poll->owner.context);
    subscriber_free(&poll->subscriber);
}

static void answer(struct poll *poll)
{
    struct subscriber *subscriber = &poll->subscriber;
    struct poll_answer reply;

    pull_admit_lag(subscriber);
    if (!pull_has_next(subscriber, poll->until))
        poll->until = EVENT_ID_MAX;
    poll_answer_init(&reply, subscriber, poll->wants_newest ? 0 : poll->limit, poll->until);
    poll->owner.answer(poll->owner.context, subscriber->sink, &reply);
    poll_answer_fini(&reply);
    poll_free(poll);
}

static void refuse(struct poll *poll, enum poll_refusal reason)
{
    poll->subscriber.hub->stats.polls_refused.value++;
    poll->owner.refuse(poll->owner.context, poll->subscriber.sink, reason);
    poll_free(poll);
}

/* Waits until no further event of the newest millisecond can come. */
static void hold(struct poll *poll)
{
    struct hub *hub = poll->subscriber.hub;
    poll->is_held = true;
    poll->until = event_id_end_of_ms(hub->position.ms);
    timeout_start(&hub->held_polls, &poll->subscriber.timeout, hub->now_ms);
}

/* True when more events of the newest millisecond may come. */
static bool is_fresh(const struct hub *hub)
{
    return hub->position.ms + POLL_HOLD_MS > (uint64_t)clock_wall_ms();
}

static void answer_or_hold(struct poll *poll)
{
    if (poll->is_by_time && is_fresh(poll->subscriber.hub))
        hold(poll);
    else
        answer(poll);
}

static bool is_patient(const struct subscriber *subscriber)
{
    return subscriber->timeout.due_ms != TIMEOUT_NEVER;
}

/* Waits for an event no longer than a moment from the first gap on, and not beyond its deadline. */
static void hold_gaps(struct subscriber *subscriber)
{
    struct hub *hub = subscriber->hub;
    if (subscriber->timeout.due_ms > hub->now_ms + POLL_GAP_HOLD_MS)
        timeout_start(&hub->gap_polls, &subscriber->timeout, hub->now_ms);
}

/* Something is there, if only gaps. */
static void tell(struct poll *poll)
{
    struct subscriber *subscriber = &poll->subscriber;

    pull_admit_lag(subscriber);
    if (is_patient(subscriber) && !pull_has_event(subscriber))
        hold_gaps(subscriber);
    else
        answer_or_hold(poll);
}

/*
 * The time of holding is over. When the ring went on so far meanwhile that even its gap stands behind what was held,
 * the answer goes up to the newest millisecond that is over, or is held again.
 */
static void answer_held(struct poll *poll)
{
    struct subscriber *subscriber = &poll->subscriber;
    const struct hub *hub = subscriber->hub;

    pull_admit_lag(subscriber);
    if (!pull_has_next(subscriber, poll->until))
        poll->until = event_id_end_of_ms(is_fresh(hub) ? hub->position.ms - 1 : hub->position.ms);
    if (pull_has_next(subscriber, poll->until))
        answer(poll);
    else
        hold(poll);
}

static void flush(struct subscriber *subscriber)
{
    struct poll *poll = poll_of(subscriber);
    if (!poll->is_held && !pull_is_done(subscriber))
        tell(poll);
}

static void on_held(struct poll *poll)
{
    struct subscriber *subscriber = &poll->subscriber;

    /* The time of holding counts from the start of a turn, which may have been long before the event. */
    if (poll->until.ms == (uint64_t)clock_wall_ms())
        timeout_start(&subscriber->hub->held_polls, &subscriber->timeout, subscriber->hub->now_ms);
    else
        answer_held(poll);
}

/* It has waited long enough: it is answered with what there is. */
static void hurry(struct subscriber *subscriber)
{
    struct poll *poll = poll_of(subscriber);

    if (!subscriber->is_placed)
        return; /* it has its own limit, and is answered when it is placed */
    if (pull_is_done(subscriber))
        answer(poll);
    else /* gaps that waited, or what came in this very turn */
        answer_or_hold(poll);
}

static void on_timeout(struct subscriber *subscriber)
{
    struct poll *poll = poll_of(subscriber);

    if (subscriber->is_placed && poll->is_held) {
        on_held(poll);
    } else {
        subscriber->hub->stats.polls_timed_out.value += subscriber->is_placed && pull_is_done(subscriber);
        hurry(subscriber);
    }
}

static void on_reload(struct subscriber *subscriber)
{
    if (poll_of(subscriber)->is_held)
        timeout_stop(&subscriber->timeout);
    arrival_limit(subscriber);
}

static void end(struct subscriber *subscriber)
{
    if (subscriber->is_placed)
        answer(poll_of(subscriber));
    else
        refuse(poll_of(subscriber), POLL_UNLOADED);
}

static void on_gone(struct subscriber *subscriber)
{
    subscriber->hub->stats.polls_left.value++;
    poll_free(poll_of(subscriber));
}

static void start(struct subscriber *subscriber)
{
    struct poll *poll = poll_of(subscriber);

    poll->is_held = false;
    poll->until = EVENT_ID_MAX;
    if (poll->wants_newest && poll->limit > 0)
        poll_answer_keep_newest(subscriber, poll->limit);
    if (!pull_is_done(subscriber))
        tell(poll);
    else if (!is_patient(subscriber))
        answer(poll);
}

static const struct subscriber_policy policy = {
    .start = start,
    .flush = flush,
    .on_reload = on_reload,
    .on_timeout = on_timeout,
    .hurry = hurry,
    .end = end,
    .on_gone = on_gone,
};

/* A poll that was not answered at once. */
static void admit(struct poll *poll, bool is_full)
{
    struct hub *hub = poll->subscriber.hub;

    if (ending_is_over(hub)) {
        end(&poll->subscriber);
    } else if (is_full) {
        hub_log_overload(hub);
        refuse(poll, POLL_OVERLOADED);
    }
}

void poll_open(struct hub *hub, struct sink *sink, const struct poll_request *request, const struct poll_owner *owner)
{
    bool is_full = hub_is_full(hub);
    struct poll *poll = subscriber_new(&policy, sizeof(*poll), hub, sink, &request->subscription);
    struct subscriber *subscriber = &poll->subscriber;

    hub->stats.polls_open.value++;
    hub->stats.polls_opened.value++;
    poll->owner = *owner;
    poll->is_by_time = request->subscription.resume.kind == RESUME_AFTER_TIME;
    poll->wants_newest = request->wants_newest;
    poll->limit = request->limit;
    if (request->is_patient && !ending_has_begun(hub))
        timeout_start(&hub->polls, &subscriber->timeout, hub->now_ms);
    if (subscriber->is_placed)
        start(subscriber);
    else
        arrival_limit(subscriber);
    if (sink->subscriber != NULL)
        admit(poll, is_full);
}
