/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/lease.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "push/event_id.h"

enum {
    USE_MS = LEASE_MS * 4 / 5, /* Redis counts from when it got the question, we from when we sent it */
    RENEW_MS = 1000,
};

void lease_init(struct lease *lease, struct commands *commands, const struct keys *keys, struct counters *counters)
{
    *lease = (struct lease){.commands = commands, .keys = keys};
    counters_register(counters, &lease->stats.held, "lease.held");
    counters_register(counters, &lease->stats.acquired, "lease.acquired");
    counters_register(counters, &lease->stats.lost, "lease.lost");
}

void lease_fini(struct lease *lease)
{
    request_fini(&lease->words[0]);
    request_fini(&lease->words[1]);
}

bool lease_is_held(const struct lease *lease, int64_t now_ms)
{
    return lease->is_ours && now_ms < lease->used_until_ms;
}

void lease_on_commands_ready(struct lease *lease)
{
    lease->vacant_ms = 0;
}

bool lease_is_vacant(const struct lease *lease)
{
    return lease->vacant_ms > 0;
}

int64_t lease_vacancy(const struct lease *lease, int64_t now_ms)
{
    return lease_is_vacant(lease) ? now_ms - lease->vacant_ms : 0;
}

int64_t lease_asked(const struct lease *lease)
{
    return lease->asked_ms;
}

bool lease_is_asking(const struct lease *lease)
{
    return lease->unanswered > 0;
}

bool lease_is_releasing(const struct lease *lease)
{
    return lease->is_releasing;
}

/* <host>:<pid>:<random>, for people who look into Redis. */
static void make_value(struct lease *lease)
{
    char host[64] = "";
    char random[EVENT_TAG_LEN + 1];

    gethostname(host, sizeof(host) - 1);
    event_tag_make(random);
    snprintf(lease->value, sizeof(lease->value), "%s:%ld:%s", host, (long)getpid(), random);
}

static void set_ours(struct lease *lease, bool is_ours)
{
    if (is_ours && !lease->is_ours)
        lease->stats.acquired.value++;
    if (!is_ours && lease->is_ours)
        lease->stats.lost.value++;
    lease->is_ours = is_ours;
    lease->stats.held.value = is_ours;
}

/* {1 if we have it, 1 if anybody has} */
static void read_answer(struct lease *lease, const redisReply *reply)
{
    bool is_ours = reply->element[0]->integer == 1;
    bool is_taken = reply->element[1]->integer == 1;

    if (is_taken)
        lease->vacant_ms = 0;
    else if (lease->vacant_ms == 0)
        lease->vacant_ms = clock_monotonic_ms();
    if (lease->is_releasing)
        return;
    set_ours(lease, is_ours);
    if (is_ours)
        lease->used_until_ms = lease->asked_ms + USE_MS;
}

static void on_answer(redisAsyncContext *context, void *reply_data, void *owner)
{
    struct lease *lease = owner;
    const redisReply *reply = reply_data;

    lease->unanswered--;
    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
        read_answer(lease, reply);
    else if (reply != NULL && link_of(context) != NULL && !commands_lost_script(lease->commands, reply) &&
             reply->type == REDIS_REPLY_ERROR)
        log_debug("lease: %s", reply->str);
    if (lease->unanswered == 0)
        lease->is_releasing = false;
}

static void ask(struct lease *lease, const char *action, int64_t now_ms)
{
    struct request *keys = &lease->words[0];
    struct request *arguments = &lease->words[1];

    request_clear(keys);
    request_add_text(keys, lease->keys->lease);
    request_clear(arguments);
    request_add_text(arguments, action);
    request_add_text(arguments, lease->value);
    request_add_number(arguments, LEASE_MS);
    lease->unanswered++;
    lease->asked_ms = now_ms;
    commands_run(lease->commands, SCRIPT_LEASE, keys, arguments, on_answer, lease);
}

void lease_release(struct lease *lease, int64_t now_ms)
{
    if (!lease->is_ours)
        return;
    set_ours(lease, false);
    if (!lease->commands->is_ready)
        return;
    lease->is_releasing = true;
    ask(lease, "release", now_ms);
}

/* A lease that we could not use in time may still be ours in Redis: it is renewed, or given up, rather than forgotten.
 */
static void keep(struct lease *lease, bool may_renew, int64_t now_ms)
{
    if (may_renew)
        ask(lease, "renew", now_ms);
    else if (now_ms >= lease->used_until_ms)
        lease_release(lease, now_ms);
}

static int64_t pause_ms(const struct lease *lease, bool may_acquire)
{
    if (lease->is_ours)
        return RENEW_MS;
    return may_acquire && !lease->is_sought ? 0 : LEASE_SEEK_MS;
}

void lease_seek(struct lease *lease, bool may_acquire, bool may_renew, int64_t now_ms)
{
    bool is_time = now_ms - lease->asked_ms >= pause_ms(lease, may_acquire);
    if (!lease->commands->is_ready || lease->unanswered > 0 || !is_time)
        return;
    lease->is_sought = may_acquire;
    if (lease->is_ours) {
        keep(lease, may_renew, now_ms);
    } else if (may_acquire) {
        make_value(lease);
        ask(lease, "acquire", now_ms);
    } else {
        ask(lease, "look", now_ms);
    }
}
