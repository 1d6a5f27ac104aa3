/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <ev.h>
#include <stdio.h>

#include "base/log.h"
#include "base/option_value.h"
#include "process/socket.h"
#include "service.h"

enum { ANSWER_LIMIT_S = 10 };

struct attempt {
    struct ev_loop *loop;
    bool is_ready;
    struct buffer reason;
};

static void on_ready(void *owner)
{
    struct attempt *attempt = owner;
    attempt->is_ready = true;
    ev_break(attempt->loop, EVBREAK_ALL);
}

static void on_failed(void *owner, const char *reason)
{
    struct attempt *attempt = owner;
    buffer_clear(&attempt->reason);
    buffer_add_string(&attempt->reason, reason);
    ev_break(attempt->loop, EVBREAK_ALL);
}

static void on_too_late(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    on_failed(timer->data, "no answer within 10 s");
}

/* Connects as the server would, until all works or something fails. */
static int try_redis(struct attempt *attempt, struct source *source, const struct redis_address *address)
{
    struct buffer place = {0};
    ev_timer limit;

    ev_timer_init(&limit, on_too_late, ANSWER_LIMIT_S, 0);
    limit.data = attempt;
    ev_timer_start(attempt->loop, &limit);
    source_start(source);
    ev_run(attempt->loop, 0);
    ev_timer_stop(attempt->loop, &limit);
    redis_address_print(address, &place);
    printf("Redis at %s: %s%s\n", place.data,
           attempt->is_ready ? "subscribed" : "FAILED: ", attempt->is_ready ? "" : attempt->reason.data);
    buffer_fini(&place);
    return attempt->is_ready ? 0 : 1;
}

static void print_list(const char *what, const struct option_list *list, const char *when_empty)
{
    printf("%s:", what);
    for (size_t i = 0; i < list->count; i++)
        printf(" %s", list->items[i]);
    printf("%s\n", list->count == 0 ? when_empty : "");
}

static void print_retention(const struct settings *settings)
{
    struct buffer linger = {0};
    struct buffer memory = {0};
    option_value_print(OPTION_DURATION, settings->ring_linger_ms, &linger);
    option_value_print(OPTION_SIZE, settings->ring_memory_bytes, &memory);
    printf("would keep: %lld events a channel, for %s after its last client left, in at most %s of memory\n",
           (long long)settings->history_length, linger.data, memory.data);
    buffer_fini(&linger);
    buffer_fini(&memory);
}

int check_run(const struct program *program, const struct configuration *configuration)
{
    const struct settings *settings = &configuration->settings;
    struct counters counters;
    struct hub hub;
    struct buffer place = {0};
    struct attempt attempt = {.loop = ev_default_loop(EVFLAG_AUTO)};
    const struct source_events events = {.on_ready = on_ready, .on_failed = on_failed, .owner = &attempt};
    struct source source;
    int result = socket_describe(settings->listen, (mode_t)settings->socket_mode, &place);

    /* What would be a warning during service is the answer here. */
    log_open(program->name, LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
    counters_init(&counters);
    service_init_source(&source, attempt.loop, configuration, PART_RECORDS, &events, &counters);
    service_init_hub(&hub, &source, program, settings, 0, &counters);
    printf("would listen on: %s\n", result == 0 ? place.data : "NOTHING: give --listen");
    printf("would subscribe to: %s*\n", settings->prefix);
    print_retention(settings);
    print_list("channels that may be read", &settings->channels, " none");
    print_list("other origins that may read", &settings->cors_origins, " none");
    if (try_redis(&attempt, &source, &configuration->redis) != 0 || result != 0)
        result = 1;
    source_fini(&source);
    hub_fini(&hub);
    ev_loop_destroy(attempt.loop);
    buffer_fini(&attempt.reason);
    buffer_fini(&place);
    return result;
}
