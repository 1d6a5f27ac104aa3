/* SPDX-License-Identifier: BSD-2-Clause */
#include "server.h"

#include <ev.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/log.h"
#include "endpoint/exchange.h"
#include "fcgi/fastcgi.h"
#include "process/listener.h"
#include "push/hub.h"
#include "redis/source.h"

/* What is open besides clients: standard streams, loop, listening socket, Redis, log, memory file. */
enum { OWN_DESCRIPTORS = 32, DRAIN_TIMEOUT_MS = 30000 };

struct server {
    struct ev_loop *loop;
    const struct settings *settings;
    struct listen_socket *socket;
    struct counters counters;
    struct hub hub;
    struct source source;
    struct endpoint endpoint;
    struct fastcgi fastcgi;
    struct listener listener;
    ev_check turn_begin;
    ev_prepare turn_end;
    ev_timer due;   /* the next heartbeat or deadline */
    ev_timer grace; /* the end of patience after SIGTERM */
    ev_signal terminate, interrupt, report;
    bool is_ending;
};

/* --- turns of the loop ---------------------------------------------------------------------------------------- */

static void set_time(struct server *server)
{
    int64_t now_ms = clock_monotonic_ms();
    hub_set_time(&server->hub, now_ms);
    fastcgi_set_time(&server->fastcgi, now_ms);
}

static void on_turn_begin(struct ev_loop *loop, ev_check *check, int events)
{
    (void)loop;
    (void)events;
    set_time(check->data);
}

/* Only makes the loop turn. */
static void on_due(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)timer;
    (void)events;
}

static void arm_due(struct server *server)
{
    int64_t hub_next = hub_due(&server->hub);
    int64_t fastcgi_next = fastcgi_due(&server->fastcgi);
    int64_t next = hub_next < fastcgi_next ? hub_next : fastcgi_next;

    if (next == TIMEOUT_NEVER) {
        ev_timer_stop(server->loop, &server->due);
        return;
    }
    int64_t delay_ms = next - server->hub.now_ms;
    server->due.repeat = delay_ms > 0 ? (double)delay_ms / 1000 : 0.001;
    ev_timer_again(server->loop, &server->due);
}

static void on_turn_end(struct ev_loop *loop, ev_prepare *prepare, int events)
{
    struct server *server = prepare->data;

    (void)events;
    hub_expire(&server->hub);
    fastcgi_expire(&server->fastcgi);
    hub_flush(&server->hub);
    fastcgi_reap(&server->fastcgi);
    arm_due(server);
    if (server->is_ending && server->fastcgi.stats.connections_open.value == 0 && source_has_ended(&server->source))
        ev_break(loop, EVBREAK_ALL);
}

/* --- signals -------------------------------------------------------------------------------------------------- */

static void on_grace_over(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct server *server = timer->data;
    (void)events;
    if (server->fastcgi.stats.connections_open.value > 0)
        log_warning("connections still open at the end of --grace: %llu",
                    (unsigned long long)server->fastcgi.stats.connections_open.value);
    ev_break(loop, EVBREAK_ALL);
}

static void on_terminate(struct ev_loop *loop, ev_signal *signal, int events)
{
    struct server *server = signal->data;

    (void)events;
    if (server->is_ending) {
        ev_break(loop, EVBREAK_ALL);
        return;
    }
    log_info("ending; open streams: %llu", (unsigned long long)server->hub.stats.streams_open.value);
    server->is_ending = true;
    listener_stop(&server->listener);
    socket_close(server->socket);
    hub_flush(&server->hub);
    hub_end_all(&server->hub);
    fastcgi_end(&server->fastcgi);
    source_end(&server->source);
    server->grace.repeat = (double)server->settings->grace_ms / 1000 + 0.001;
    ev_timer_again(loop, &server->grace);
}

static void on_report(struct ev_loop *loop, ev_signal *signal, int events)
{
    struct server *server = signal->data;
    struct buffer report = {0};

    (void)loop;
    (void)events;
    counters_report(&server->counters, &report);
    log_info("counters: %s", report.data);
    buffer_fini(&report);
}

static void watch_signals(struct server *server)
{
    signal(SIGPIPE, SIG_IGN);
    ev_signal_init(&server->terminate, on_terminate, SIGTERM);
    ev_signal_init(&server->interrupt, on_terminate, SIGINT);
    ev_signal_init(&server->report, on_report, SIGUSR1);
    server->terminate.data = server->interrupt.data = server->report.data = server;
    ev_signal_start(server->loop, &server->terminate);
    ev_signal_start(server->loop, &server->interrupt);
    ev_signal_start(server->loop, &server->report);
}

/* --- parts ---------------------------------------------------------------------------------------------------- */

void server_init_source(struct source *source, struct ev_loop *loop, const struct settings *settings,
                        const struct redis_address *address, enum part_kind part, const struct source_events *events,
                        struct counters *counters)
{
    const struct journal_config config = {.address = address,
                                          .prefix = settings->prefix,
                                          .part = part,
                                          .max_message_bytes = (size_t)settings->max_message_bytes,
                                          .log_length = (size_t)settings->log_length,
                                          .history_length = (size_t)settings->history_length,
                                          .history_ttl_ms = settings->history_ttl_ms};
    enum source_kind kind = settings->history == HISTORY_REDIS ? SOURCE_LOG : SOURCE_MEMORY;

    source_init(source, kind, loop, &config, events, counters);
}

void server_init_hub(struct hub *hub, struct source *source, const struct program *program,
                     const struct settings *settings, struct counters *counters)
{
    const struct hub_config config = {.format = program->format,
                                      .source = source_of_histories(source),
                                      .history_length = (size_t)settings->history_length,
                                      .ring_memory_bytes = (size_t)settings->ring_memory_bytes,
                                      .max_message_bytes = (size_t)settings->max_message_bytes,
                                      .ring_linger_ms = settings->ring_linger_ms,
                                      .heartbeat_ms = settings->heartbeat_ms,
                                      .poll_timeout_ms = settings->poll_timeout_ms,
                                      .retry_ms = settings->retry_ms};
    char tag[EVENT_TAG_LEN + 1] = "";

    /* Ids of the log mean the same in every process. */
    if (settings->history == HISTORY_MEMORY)
        event_tag_make(tag);
    hub_init(hub, &config, tag, counters);
    source_set_hub(source, hub);
}

static void init_endpoint(struct server *server)
{
    const struct settings *settings = server->settings;
    server->endpoint = (struct endpoint){.hub = &server->hub,
                                         .config = {.channels = {.allowed = &settings->channels,
                                                                 .mount = settings->mount,
                                                                 .max_channels = (size_t)settings->max_channels},
                                                    .cors_origins = &settings->cors_origins,
                                                    .max_body_bytes = (size_t)settings->max_request_bytes}};
}

/* As many descriptors as we may have. Returns how many connections that allows. */
static unsigned raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return OWN_DESCRIPTORS;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur > OWN_DESCRIPTORS ? (unsigned)limit.rlim_cur - OWN_DESCRIPTORS : 1;
}

static void init_fastcgi(struct server *server, const struct program *program)
{
    const struct settings *settings = server->settings;
    const struct fastcgi_config config = {
        .limits = {.params_bytes = (size_t)settings->max_request_bytes, .connections = raise_descriptor_limit()},
        .request_timeout_ms = settings->request_timeout_ms,
        .drain_timeout_ms = DRAIN_TIMEOUT_MS};
    const struct request_handler handler = {.handle = program->handle, .context = &server->endpoint};

    fastcgi_init(&server->fastcgi, server->loop, &config, &handler, &server->counters);
}

static void init_turns(struct server *server)
{
    ev_check_init(&server->turn_begin, on_turn_begin);
    ev_set_priority(&server->turn_begin, EV_MAXPRI); /* before all that happened in the turn */
    ev_prepare_init(&server->turn_end, on_turn_end);
    ev_timer_init(&server->due, on_due, 0, 0);
    ev_timer_init(&server->grace, on_grace_over, 0, 0);
    server->turn_begin.data = server->turn_end.data = server->grace.data = server;
    ev_check_start(server->loop, &server->turn_begin);
    ev_prepare_start(server->loop, &server->turn_end);
    set_time(server);
}

static void end(struct server *server)
{
    listener_stop(&server->listener);
    source_fini(&server->source);
    fastcgi_fini(&server->fastcgi);
    hub_fini(&server->hub);
    ev_loop_destroy(server->loop);
}

int server_run(const struct program *program, const struct settings *settings, const struct redis_address *address,
               struct listen_socket *socket)
{
    struct server server = {.loop = ev_default_loop(EVFLAG_AUTO), .settings = settings, .socket = socket};

    counters_init(&server.counters);
    server_init_source(&server.source, server.loop, settings, address, PART_RECORDS, NULL, &server.counters);
    server_init_hub(&server.hub, &server.source, program, settings, &server.counters);
    init_endpoint(&server);
    init_fastcgi(&server, program);
    init_turns(&server);
    watch_signals(&server);
    source_start(&server.source);
    listener_start(&server.listener, server.loop, socket->fd, &server.fastcgi, &server.counters);
    log_info("listening on %s", socket->place.data);
    ev_run(server.loop, 0);
    end(&server);
    log_info("ended");
    return 0;
}
