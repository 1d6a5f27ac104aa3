/* SPDX-License-Identifier: BSD-2-Clause */
#include "service.h"

#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "process/signals.h"

/* Beyond --grace: the last streams that were ended need a moment to take the last bytes. */
static const double last_moment_s = 1;

/* --- turns of the loop ---------------------------------------------------------------------------------------- */

static void set_time(struct service *service)
{
    int64_t now_ms = clock_monotonic_ms();
    hub_set_time(&service->hub, now_ms);
    service->front.set_time(service->front.self, now_ms);
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

static void arm_due(struct service *service)
{
    const int64_t dues[] = {hub_due(&service->hub), flusher_due(&service->flusher),
                            service->front.due(service->front.self)};
    int64_t next = timeout_earliest(dues, sizeof(dues) / sizeof(dues[0]));

    if (next == TIMEOUT_NEVER) {
        ev_timer_stop(service->loop, &service->due);
        return;
    }
    int64_t delay_ms = next - service->hub.now_ms;
    service->due.repeat = delay_ms > 0 ? (double)delay_ms / 1000 : 0.001;
    ev_timer_again(service->loop, &service->due);
}

/* Not before the last client has gone: until then somebody may publish for it. */
static void end_source(struct service *service)
{
    if (!service->is_source_ending)
        source_end(&service->source);
    service->is_source_ending = true;
    if (source_has_ended(&service->source))
        ev_break(service->loop, EVBREAK_ALL);
}

static void settle_turn(struct service *service)
{
    const struct front *front = &service->front;
    hub_expire(&service->hub);
    front->expire(front->self);
    flusher_turn(&service->flusher);
    front->reap(front->self);
}

static void on_turn_end(struct ev_loop *loop, ev_prepare *prepare, int events)
{
    struct service *service = prepare->data;

    (void)loop;
    (void)events;
    settle_turn(service);
    arm_due(service);
    if (service->is_ending && service->front.has_ended(service->front.self))
        end_source(service);
}

/* --- signals -------------------------------------------------------------------------------------------------- */

static void on_grace_over(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct service *service = timer->data;
    (void)events;
    settle_turn(service); /* all turns may be over at once, when the process could not run for a while */
    if (!service->front.has_ended(service->front.self))
        log_warning("answers still under way at the end of --grace are cut off");
    ev_break(loop, EVBREAK_ALL);
}

void service_end(struct service *service)
{
    const struct front *front = &service->front;

    if (service->is_ending) {
        ev_break(service->loop, EVBREAK_ALL);
        return;
    }
    log_info("ending; open streams: %llu", (unsigned long long)service->hub.stats.streams_open.value);
    service->is_ending = true;
    front->end(front->self);
    hub_flush(&service->hub);
    hub_end_over(&service->hub, service->settings->grace_ms);
    service->grace.repeat = (double)service->settings->grace_ms / 1000 + last_moment_s;
    ev_timer_again(service->loop, &service->grace);
}

static void on_terminate(struct ev_loop *loop, ev_signal *signal, int events)
{
    (void)loop;
    (void)events;
    service_end(signal->data);
}

static void on_report(struct ev_loop *loop, ev_signal *signal, int events)
{
    struct service *service = signal->data;
    struct buffer report = {0};

    (void)loop;
    (void)events;
    counters_report(&service->counters, &report);
    log_info("counters: %s", report.data);
    buffer_fini(&report);
}

static bool is_ignored(int number)
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void watch_unless_ignored(const struct service *service, ev_signal *watcher)
{
    if (!is_ignored(watcher->signum))
        ev_signal_start(service->loop, watcher);
}

static void watch_signals(struct service *service)
{
    signal(SIGPIPE, SIG_IGN);
    ev_signal_init(&service->terminate, on_terminate, SIGTERM);
    ev_signal_init(&service->interrupt, on_terminate, SIGINT);
    ev_signal_init(&service->report, on_report, SIGUSR1);
    ev_signal_init(&service->reload, on_terminate, SIGHUP);
    ev_signal_init(&service->upgrade, on_terminate, SIGUSR2);
    service->terminate.data = service->interrupt.data = service->report.data = service;
    service->reload.data = service->upgrade.data = service;
    ev_signal_start(service->loop, &service->terminate);
    ev_signal_start(service->loop, &service->report);
    watch_unless_ignored(service, &service->interrupt);
    watch_unless_ignored(service, &service->reload);
    watch_unless_ignored(service, &service->upgrade);
    signals_unblock();
}

/* --- parts ---------------------------------------------------------------------------------------------------- */

void service_init_source(struct source *source, struct ev_loop *loop, const struct configuration *configuration,
                         enum part_kind part, const struct source_events *events, struct counters *counters)
{
    const struct settings *settings = &configuration->settings;
    const struct journal_config config = {.address = &configuration->redis,
                                          .prefix = settings->prefix,
                                          .part = part,
                                          .max_message_bytes = (size_t)settings->max_message_bytes,
                                          .log_length = (size_t)settings->log_length,
                                          .history_length = (size_t)settings->history_length,
                                          .history_ttl_ms = settings->history_ttl_ms};
    enum source_kind kind = settings->history == HISTORY_REDIS ? SOURCE_LOG : SOURCE_MEMORY;

    source_init(source, kind, loop, &config, events, counters);
}

void service_init_hub(struct hub *hub, struct source *source, const struct program *program,
                      const struct settings *settings, size_t max_clients, struct counters *counters)
{
    const struct hub_config config = {.format = program->format,
                                      .source = source_of_histories(source),
                                      .history_length = (size_t)settings->history_length,
                                      .ring_memory_bytes = (size_t)settings->ring_memory_bytes,
                                      .max_message_bytes = (size_t)settings->max_message_bytes,
                                      .ring_linger_ms = settings->ring_linger_ms,
                                      .heartbeat_ms = settings->heartbeat_ms,
                                      .poll_timeout_ms = settings->poll_timeout_ms,
                                      .retry_ms = settings->retry_ms,
                                      .coalesce_ms = settings->coalesce_ms,
                                      .max_age_ms = settings->max_age_ms,
                                      .max_clients = max_clients};
    char tag[EVENT_TAG_LEN + 1] = "";

    /* Ids of the log mean the same in every process. */
    if (settings->history == HISTORY_MEMORY)
        event_tag_make(tag);
    hub_init(hub, &config, tag, counters);
    source_set_hub(source, hub);
}

static void init_endpoint(struct service *service)
{
    const struct settings *settings = service->settings;
    service->endpoint = (struct endpoint){.hub = &service->hub,
                                          .config = {.channels = {.allowed = &settings->channels,
                                                                  .mount = settings->mount,
                                                                  .max_channels = (size_t)settings->max_channels},
                                                     .cors_origins = &settings->cors_origins,
                                                     .max_body_bytes = (size_t)settings->max_request_bytes}};
}

static void init_turns(struct service *service)
{
    ev_check_init(&service->turn_begin, on_turn_begin);
    ev_set_priority(&service->turn_begin, EV_MAXPRI); /* before all that happened in the turn */
    ev_prepare_init(&service->turn_end, on_turn_end);
    ev_timer_init(&service->due, on_due, 0, 0);
    ev_timer_init(&service->grace, on_grace_over, 0, 0);
    service->turn_begin.data = service->turn_end.data = service->grace.data = service;
}

void service_init(struct service *service, const struct program *program, const struct configuration *configuration,
                  enum part_kind part, size_t max_clients, const struct source_events *events)
{
    *service = (struct service){.loop = ev_default_loop(EVFLAG_AUTO), .settings = &configuration->settings};
    counters_init(&service->counters);
    service_init_source(&service->source, service->loop, configuration, part, events, &service->counters);
    service_init_hub(&service->hub, &service->source, program, service->settings, max_clients, &service->counters);
    flusher_init(&service->flusher, &service->hub, service->settings->coalesce_ms, &service->counters);
    init_endpoint(service);
    init_turns(service);
}

void service_run(struct service *service, const struct front *front)
{
    service->front = *front;
    set_time(service);
    watch_signals(service);
    ev_check_start(service->loop, &service->turn_begin);
    ev_prepare_start(service->loop, &service->turn_end);
    source_start(&service->source);
    ev_run(service->loop, 0);
}

void service_fini(struct service *service)
{
    source_fini(&service->source);
    hub_fini(&service->hub);
    ev_loop_destroy(service->loop);
}
