/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every serving process has, wherever its requests come from: one loop, and on it the hub, its source (Redis), the
 * endpoint and the signals. Each turn of the loop ends with what the turn owes: heartbeats and deadlines, one flush of
 * what is new (all of it, unless flushes take too much of the time), and the freeing of what ended.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <ev.h>

#include "configuration.h"
#include "endpoint/exchange.h"
#include "flusher.h"
#include "program.h"
#include "push/hub.h"
#include "redis/source.h"

/* Who brings requests and takes answers away. */
struct front {
    void (*set_time)(void *self, int64_t now_ms); /* monotonic milliseconds, once a turn */
    int64_t (*due)(const void *self);             /* when expire has something to do, or TIMEOUT_NEVER */
    void (*expire)(void *self);
    void (*reap)(void *self);            /* frees what ended in this turn */
    void (*end)(void *self);             /* takes no further requests */
    bool (*has_ended)(const void *self); /* all answers are out */
    void *self;
};

struct service {
    struct ev_loop *loop;
    const struct settings *settings;
    struct counters counters;
    struct hub hub;
    struct source source;
    struct endpoint endpoint;
    struct flusher flusher;
    struct front front; /* private, as is all that follows */
    ev_check turn_begin;
    ev_prepare turn_end;
    ev_timer due;   /* the next heartbeat, deadline or flush */
    ev_timer grace; /* the end of patience after SIGTERM */
    ev_signal terminate, interrupt, report, reload, upgrade;
    bool is_ending, is_source_ending;
};

/*
 * Makes the parts that need no front. `part` is what the process does in recording. `max_clients` limits streams and
 * waiting polls (0: no limit). The arguments must outlive the service; `events`, copied, tell about the source and may
 * be NULL.
 */
void service_init(struct service *service, const struct program *program, const struct configuration *configuration,
                  enum part_kind part, size_t max_clients, const struct source_events *events);

/*
 * Serves until SIGTERM and then until everything has ended or --grace is over. Likewise on SIGINT, SIGHUP and SIGUSR2
 * unless they are ignored: who has no parent that replaces it is started anew by whoever started it. The front is made
 * by then, and stays the caller's.
 */
void service_run(struct service *service, const struct front *front);

/* Begins the end, as SIGTERM does; the second call ends at once. */
void service_end(struct service *service);

/* The front's streams must have ended. */
void service_fini(struct service *service);

/* For who wants no service but to try: source and hub as the settings want them. The source ends before its hub. */
void service_init_source(struct source *source, struct ev_loop *loop, const struct configuration *configuration,
                         enum part_kind part, const struct source_events *events, struct counters *counters);
void service_init_hub(struct hub *hub, struct source *source, const struct program *program,
                      const struct settings *settings, size_t max_clients, struct counters *counters);

#endif
