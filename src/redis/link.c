/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/link.h"

#include <hiredis/adapters/libev.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/random.h"

enum {
    ATTEMPT_LIMIT_MS = 5000, /* for name, connection and login together */
    BACKOFF_BASE_MS = 100,
    BACKOFF_CAP_MS = 3000,
};

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events);
static void on_resolved(void *owner, const struct resolver_result *result);

void link_stats_register(struct link_stats *stats, struct counters *counters)
{
    counters_register(counters, &stats->connects, "redis.connects");
    counters_register(counters, &stats->losses, "redis.losses");
}

void link_init(struct link *link, struct ev_loop *loop, const struct redis_address *address, const char *purpose,
               const struct link_events *events, struct link_stats *stats)
{
    struct buffer place = {0};

    *link = (struct link){.loop = loop, .address = address, .purpose = purpose, .events = *events, .stats = stats};
    redis_address_print(address, &place);
    snprintf(link->place, sizeof(link->place), "%s", place.data);
    buffer_fini(&place);
    link->resolver = resolver_new(loop, on_resolved, link);
    ev_init(&link->timer, on_timer);
    link->timer.data = link;
}

static void arm(struct link *link, int64_t delay_ms)
{
    ev_timer_stop(link->loop, &link->timer);
    ev_timer_set(&link->timer, (double)delay_ms / 1000, 0);
    ev_timer_start(link->loop, &link->timer);
}

/* Lets go of the connection. Pending callbacks run inside redisAsyncFree and find no link. */
static void detach(struct link *link)
{
    redisAsyncContext *context = link->context;
    link->context = NULL;
    resolver_cancel(link->resolver);
    if (context != NULL) {
        context->data = NULL;
        redisAsyncFree(context);
    }
}

void link_stop(struct link *link)
{
    ev_timer_stop(link->loop, &link->timer);
    link->is_ready = false;
    detach(link);
}

void link_fini(struct link *link)
{
    link_stop(link);
    resolver_free(link->resolver);
}

void link_start(struct link *link)
{
    arm(link, 0);
}

static int64_t backoff_ms(unsigned attempts)
{
    unsigned doublings = attempts < 8 ? attempts : 8;
    int64_t ceiling = (int64_t)BACKOFF_BASE_MS << doublings;
    return random_between(1, ceiling < BACKOFF_CAP_MS ? ceiling : BACKOFF_CAP_MS);
}

static void retry_later(struct link *link)
{
    arm(link, backoff_ms(link->attempts++));
}

/* The connection, or the attempt at one, is over; the context is detached already or being freed by hiredis. */
static void on_end(struct link *link, const char *reason)
{
    bool was_ready = link->is_ready;
    bool was_settled = link->is_settled;

    link->is_ready = false;
    link->is_settled = false;
    if (was_settled) {
        link->stats->losses.value++;
        log_warning("lost Redis at %s (%s): %s", link->place, link->purpose, reason);
    } else if (link->attempts == 0 || link->attempts == 10) {
        log_warning("cannot use Redis at %s (%s): %s; trying on", link->place, link->purpose, reason);
    }
    retry_later(link);
    if (was_ready)
        link->events.on_lost(link->events.owner);
    if (!was_settled && link->events.on_failed != NULL)
        link->events.on_failed(link->events.owner, reason);
}

void link_drop(struct link *link, const char *reason)
{
    detach(link);
    on_end(link, reason);
}

struct link *link_of(const redisAsyncContext *context)
{
    return context->data;
}

static void become_ready(struct link *link)
{
    ev_timer_stop(link->loop, &link->timer);
    link->is_ready = true;
    link->events.on_ready(link->events.owner);
}

void link_settle(struct link *link)
{
    if (link->is_settled)
        return;
    link->is_settled = true;
    link->attempts = 0;
    link->stats->connects.value++;
}

static void on_auth(redisAsyncContext *context, void *reply_data, void *unused)
{
    struct link *link = link_of(context);
    const redisReply *reply = reply_data;
    char reason[200];

    (void)unused;
    if (link == NULL || reply == NULL)
        return; /* the connection is going away: on_disconnect says so */
    if (reply->type == REDIS_REPLY_ERROR) {
        snprintf(reason, sizeof(reason), "login refused: %s", reply->str);
        link_drop(link, reason);
        return;
    }
    become_ready(link);
}

static void log_in(struct link *link)
{
    const struct redis_address *address = link->address;
    if (address->password == NULL)
        become_ready(link);
    else if (address->user != NULL)
        link_command(link, on_auth, "AUTH %s %s", address->user, address->password);
    else
        link_command(link, on_auth, "AUTH %s", address->password);
}

static const char *reason_of(const redisAsyncContext *context)
{
    if (context->errstr != NULL && context->errstr[0] != '\0')
        return context->errstr;
    return context->c.errstr[0] != '\0' ? context->c.errstr : "connection closed";
}

static void on_connect(const redisAsyncContext *context, int status)
{
    struct link *link = link_of(context);

    if (link == NULL)
        return;
    if (status == REDIS_OK) {
        log_in(link);
        return;
    }
    link->context = NULL; /* hiredis frees it after this */
    on_end(link, reason_of(context));
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct link *link = link_of(context);

    (void)status;
    if (link == NULL)
        return;
    link->context = NULL;
    on_end(link, reason_of(context));
}

static void adopt(struct link *link, redisAsyncContext *context)
{
    char reason[200];

    if (context == NULL || context->err != 0) {
        snprintf(reason, sizeof(reason), "%s", context != NULL ? context->errstr : "out of memory");
        if (context != NULL)
            redisAsyncFree(context);
        on_end(link, reason);
        return;
    }
    link->context = context;
    context->data = link;
    redisLibevAttach(link->loop, context);
    redisAsyncSetConnectCallback(context, on_connect);
    redisAsyncSetDisconnectCallback(context, on_disconnect);
}

static void on_resolved(void *owner, const struct resolver_result *result)
{
    struct link *link = owner;
    if (result->count == 0)
        on_end(link, result->problem);
    else /* a host may have an address on which nothing listens: each attempt takes the next */
        adopt(link, redisAsyncConnect(result->addresses[link->attempts % result->count], link->address->port));
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct link *link = timer->data;
    bool is_under_way = link->context != NULL || resolver_is_busy(link->resolver);

    (void)loop;
    (void)events;
    if (is_under_way) {
        link_drop(link, "no answer within 5 s");
        return;
    }
    arm(link, ATTEMPT_LIMIT_MS);
    if (link->address->path != NULL)
        adopt(link, redisAsyncConnectUnix(link->address->path));
    else
        resolver_start(link->resolver, link->address->host);
}

void link_command(struct link *link, redisCallbackFn *callback, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    /* It can only fail on a context that is going away, and then on_disconnect follows. */
    redisvAsyncCommand(link->context, callback, NULL, format, arguments);
    va_end(arguments);
}

void link_send(struct link *link, redisCallbackFn *callback, void *context, struct span command)
{
    if (redisAsyncFormattedCommand(link->context, callback, context, command.data, command.len) != REDIS_OK)
        callback(link->context, NULL, context); /* the context is going away: on_disconnect follows */
}
