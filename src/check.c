/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <ev.h>
#include <stdio.h>

#include "base/log.h"
#include "base/option_value.h"
#include "process/socket.h"
#include "redis/pubsub.h"
#include "server.h"

struct attempt {
    struct ev_loop *loop;
    bool is_subscribed;
    char reason[200];
};

static void on_subscribed(void *owner)
{
    struct attempt *attempt = owner;
    attempt->is_subscribed = true;
    ev_break(attempt->loop, EVBREAK_ALL);
}

static void on_failed(void *owner, const char *reason)
{
    struct attempt *attempt = owner;
    snprintf(attempt->reason, sizeof(attempt->reason), "%s", reason);
    ev_break(attempt->loop, EVBREAK_ALL);
}

/* Connects and subscribes as the server would, until that works or fails. */
static int try_redis(const struct settings *settings, const struct redis_address *address, struct hub *hub,
                     struct counters *counters)
{
    struct attempt attempt = {.loop = ev_default_loop(EVFLAG_AUTO)};
    struct pubsub pubsub;
    const struct pubsub_events events = {.on_subscribed = on_subscribed, .on_failed = on_failed, .owner = &attempt};

    pubsub_init(&pubsub, attempt.loop, address, settings->prefix, hub, &events, counters);
    pubsub_start(&pubsub);
    ev_run(attempt.loop, 0);
    printf("Redis at %s: %s%s\n", pubsub.link.place,
           attempt.is_subscribed ? "subscribed" : "FAILED: ", attempt.is_subscribed ? "" : attempt.reason);
    pubsub_fini(&pubsub);
    ev_loop_destroy(attempt.loop);
    return attempt.is_subscribed ? 0 : 1;
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

int check_run(const struct program *program, const struct settings *settings, const struct redis_address *address)
{
    struct counters counters;
    struct hub hub;
    struct buffer place = {0};
    int result = socket_describe(settings->listen, (mode_t)settings->socket_mode, &place);

    /* What would be a warning during service is the answer here. */
    log_open(program->name, LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
    counters_init(&counters);
    server_init_hub(&hub, program, settings, &counters);
    printf("would listen on: %s\n", result == 0 ? place.data : "NOTHING: give --listen");
    printf("would subscribe to: %s*\n", settings->prefix);
    print_retention(settings);
    print_list("channels that may be read", &settings->channels, " none");
    print_list("other origins that may read", &settings->cors_origins, " none");
    if (try_redis(settings, address, &hub, &counters) != 0 || result != 0)
        result = 1;
    hub_fini(&hub);
    buffer_fini(&place);
    return result;
}
