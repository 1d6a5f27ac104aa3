/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/tail.h"

#include <inttypes.h>

#include "base/clock.h"

enum { BLOCK_MS = 1000, PAUSE_S = 1, ANSWER_LIMIT_S = 8 };

static void arm(struct tail *tail, double seconds)
{
    tail->pause.repeat = seconds;
    ev_timer_again(tail->link.loop, &tail->pause);
}

static void note_error(struct tail *tail, const char *error)
{
    uint64_t suppressed;
    if (log_limit_allows(&tail->error_log, clock_monotonic_ms(), &suppressed))
        log_warning("cannot read %s: %s", tail->key, error);
    arm(tail, PAUSE_S);
}

static void on_reply(redisAsyncContext *context, void *reply_data, void *unused)
{
    struct link *link = link_of(context);
    const redisReply *reply = reply_data;

    (void)unused;
    if (link == NULL || reply == NULL)
        return;
    struct tail *tail = link->events.owner;
    tail->is_reading = false;
    ev_timer_stop(link->loop, &tail->pause);
    if (reply->type == REDIS_REPLY_ERROR) {
        note_error(tail, reply->str);
        return;
    }
    link_settle(link);
    tail->events.on_reply(tail->events.owner, reply);
    tail->events.on_idle(tail->events.owner);
}

bool tail_read(struct tail *tail, struct event_id after, int count)
{
    bool is_pausing = ev_is_active(&tail->pause);
    if (!tail->is_ready || tail->is_reading || is_pausing)
        return false;
    tail->is_reading = true;
    arm(tail, ANSWER_LIMIT_S);
    link_command(&tail->link, on_reply, "XREAD COUNT %d BLOCK %d STREAMS %s %llu-%llu", count, BLOCK_MS, tail->key,
                 (unsigned long long)after.ms, (unsigned long long)after.seq);
    return true;
}

static void on_pause_over(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct tail *tail = timer->data;

    (void)events;
    ev_timer_stop(loop, timer);
    if (tail->is_reading)
        link_drop(&tail->link, "it does not answer");
    else
        tail->events.on_idle(tail->events.owner);
}

static void on_ready(void *owner)
{
    struct tail *tail = owner;
    tail->is_ready = true;
    tail->events.on_idle(tail->events.owner);
}

static void on_lost(void *owner)
{
    struct tail *tail = owner;
    tail->is_ready = false;
    tail->is_reading = false;
    ev_timer_stop(tail->link.loop, &tail->pause);
}

void tail_init(struct tail *tail, struct ev_loop *loop, const struct redis_address *address, const char *purpose,
               const char *key, const struct tail_events *events, struct link_stats *links)
{
    const struct link_events link_events = {.on_ready = on_ready, .on_lost = on_lost, .owner = tail};

    *tail = (struct tail){.key = key, .events = *events};
    link_init(&tail->link, loop, address, purpose, &link_events, links);
    ev_init(&tail->pause, on_pause_over);
    tail->pause.data = tail;
}

void tail_fini(struct tail *tail)
{
    ev_timer_stop(tail->link.loop, &tail->pause);
    link_fini(&tail->link);
}

void tail_start(struct tail *tail)
{
    link_start(&tail->link);
}
