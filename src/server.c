/* SPDX-License-Identifier: BSD-2-Clause */
#include "server.h"

#include <sys/resource.h>

#include "base/log.h"
#include "fcgi/decoder.h"
#include "fcgi/fastcgi.h"
#include "process/listener.h"
#include "service.h"

enum {
    OWN_DESCRIPTORS = 32, /* open besides clients: standard streams, loop, listening socket, Redis, log, memory file */
    SPARE_DESCRIPTORS = 64, /* for those who are told that there is no room */
    DRAIN_TIMEOUT_MS = 30000,
    RECORDERS = 2 /* of a parent's workers */
};

/* A worker that cannot reach Redis serves all the same, after a while: clients may come, and wait. */
static const double patience_s = 2;

struct server {
    struct service service;
    struct fastcgi fastcgi;
    struct listener listener;
    struct listen_socket *socket;
    const struct worker *worker;
    ev_io passed_on; /* connections from those that end */
    ev_timer patience;
    bool is_ready;
};

/* --- the front of the service --------------------------------------------------------------------------------- */

static void front_set_time(void *self, int64_t now_ms)
{
    struct server *server = self;
    fastcgi_set_time(&server->fastcgi, now_ms);
}

static int64_t front_due(const void *self)
{
    const struct server *server = self;
    return fastcgi_due(&server->fastcgi);
}

static void front_expire(void *self)
{
    struct server *server = self;
    fastcgi_expire(&server->fastcgi);
}

static void front_reap(void *self)
{
    struct server *server = self;
    fastcgi_reap(&server->fastcgi);
}

static void front_end(void *self)
{
    struct server *server = self;
    ev_timer_stop(server->service.loop, &server->patience);
    listener_stop(&server->listener);
    ev_io_stop(server->service.loop, &server->passed_on);
    socket_close(server->socket);
    fastcgi_end(&server->fastcgi);
}

static bool front_has_ended(const void *self)
{
    const struct server *server = self;
    return server->fastcgi.stats.connections_open.value == 0;
}

/* --- connections of those that end ------------------------------------------------------------------------------ */

static void on_passed_on(struct ev_loop *loop, ev_io *io, int events)
{
    struct server *server = io->data;
    int fd;

    (void)loop;
    (void)events;
    while ((fd = relay_take(server->worker->relay)) >= 0)
        fastcgi_adopt_kept(&server->fastcgi, fd);
}

static void start_taking_over(struct server *server)
{
    int fd = server->worker->relay->fds[RELAY_TAKE];

    ev_io_init(&server->passed_on, on_passed_on, fd, EV_READ);
    server->passed_on.data = server;
    if (fd >= 0)
        ev_io_start(server->service.loop, &server->passed_on);
}

static bool pass_on(void *context, int fd)
{
    const struct server *server = context;
    return relay_give(server->worker->relay, fd);
}

/* --- readiness ------------------------------------------------------------------------------------------------ */

static void become_ready(struct server *server)
{
    if (server->is_ready || server->service.is_ending)
        return;
    server->is_ready = true;
    ev_timer_stop(server->service.loop, &server->patience);
    listener_start(&server->listener);
    start_taking_over(server);
    server->worker->on_ready(server->worker->context);
}

static void on_source_ready(void *owner)
{
    become_ready(owner);
}

static void on_patience_over(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    become_ready(timer->data);
}

/* Where others serve, it first gets to where they are, so that none of its clients waits for that. */
static void start_accepting(struct server *server)
{
    if (!server->worker->has_others) {
        become_ready(server);
        return;
    }
    ev_timer_init(&server->patience, on_patience_over, patience_s, 0);
    server->patience.data = server;
    ev_timer_start(server->service.loop, &server->patience);
}

/* --- parts ---------------------------------------------------------------------------------------------------- */

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

/* A client is a connection, so that the descriptors end before they are used up. */
static size_t limit_clients(const struct settings *settings, unsigned connections)
{
    size_t possible = connections > 2 * SPARE_DESCRIPTORS ? connections - SPARE_DESCRIPTORS : connections / 2 + 1;
    size_t wanted = (size_t)settings->max_clients;
    return wanted > 0 && wanted < possible ? wanted : possible;
}

static void init_fastcgi(struct server *server, const struct program *program, unsigned connections)
{
    const struct settings *settings = server->service.settings;
    const struct fastcgi_config config = {
        .limits = {.params_bytes = (size_t)settings->max_request_bytes, .connections = connections},
        .request_timeout_ms = settings->request_timeout_ms,
        .drain_timeout_ms = DRAIN_TIMEOUT_MS,
        .pass_on = pass_on,
        .context = server};
    const struct request_handler handler = {.handle = program->handle, .context = &server->service.endpoint};

    fastcgi_init(&server->fastcgi, server->service.loop, &config, &handler, &server->service.counters);
}

/* Two hear what is published, so that one can go; the log is enough for the others. */
static enum part_kind part_of(const struct worker *worker)
{
    return worker->index < RECORDERS ? PART_RECORDS : PART_READS;
}

int server_run(const struct program *program, const struct configuration *configuration, struct listen_socket *socket,
               const struct worker *worker)
{
    struct server server = {.socket = socket, .worker = worker};
    const struct source_events events = {.on_ready = on_source_ready, .owner = &server};
    const struct front front = {.set_time = front_set_time,
                                .due = front_due,
                                .expire = front_expire,
                                .reap = front_reap,
                                .end = front_end,
                                .has_ended = front_has_ended,
                                .self = &server};
    unsigned connections = raise_descriptor_limit();

    if (decoder_init() < 0) {
        log_error("libfcgi cannot be initialised");
        return 1;
    }
    service_init(&server.service, program, configuration, part_of(worker),
                 limit_clients(&configuration->settings, connections), &events);
    init_fastcgi(&server, program, connections);
    listener_init(&server.listener, server.service.loop, socket->fd, &server.fastcgi, &server.service.counters);
    start_accepting(&server);
    service_run(&server.service, &front);
    listener_stop(&server.listener);
    fastcgi_fini(&server.fastcgi);
    service_fini(&server.service);
    decoder_fini();
    log_info("ended");
    return 0;
}
