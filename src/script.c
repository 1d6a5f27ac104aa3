/* SPDX-License-Identifier: BSD-2-Clause */
#include "script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "fcgi/cgi.h"
#include "process/socket.h"
#include "service.h"

enum { DRAIN_TIMEOUT_MS = 30000 };

/*
 * An answer that waits for events begins when none is missed any more, but not much later: where the recorder has just
 * died that may take seconds, and what is missed until then is told by a gap.
 */
static const double patience_s = 0.08;

struct cgi_script {
    struct service service;
    struct cgi cgi;
    ev_timer start;
    bool is_started;
};

/* --- the front of the service --------------------------------------------------------------------------------- */

static void front_set_time(void *self, int64_t now_ms)
{
    struct cgi_script *script = self;
    cgi_set_time(&script->cgi, now_ms);
}

static int64_t front_due(const void *self)
{
    const struct cgi_script *script = self;
    return cgi_due(&script->cgi);
}

static void front_expire(void *self)
{
    struct cgi_script *script = self;
    cgi_expire(&script->cgi);
}

static void front_reap(void *self)
{
    struct cgi_script *script = self;
    cgi_reap(&script->cgi);
    if (cgi_has_ended(&script->cgi) && !script->service.is_ending)
        service_end(&script->service);
}

static void start_now(struct cgi_script *script)
{
    ev_timer_stop(script->service.loop, &script->start);
    if (!script->is_started)
        cgi_start(&script->cgi);
    script->is_started = true;
}

/* Without an answer the web server would tell the client of an error, and an EventSource would not come back. */
static void front_end(void *self)
{
    struct cgi_script *script = self;
    start_now(script);
    cgi_end(&script->cgi);
}

static bool front_has_ended(const void *self)
{
    const struct cgi_script *script = self;
    return cgi_has_ended(&script->cgi);
}

/* --- the request ---------------------------------------------------------------------------------------------- */

static void on_start(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    start_now(timer->data);
}

static void start_in(struct cgi_script *script, double seconds)
{
    if (script->is_started || script->service.is_ending)
        return;
    ev_timer_stop(script->service.loop, &script->start);
    ev_timer_set(&script->start, seconds, 0);
    ev_timer_start(script->service.loop, &script->start);
}

static void on_source_ready(void *owner)
{
    start_in(owner, 0);
}

/* --- start ---------------------------------------------------------------------------------------------------- */

bool script_is_requested(char *const *environment)
{
    struct buffer place = {0};
    bool has_socket = socket_describe(NULL, 0, &place) == 0;
    buffer_fini(&place);
    return !has_socket && cgi_is_requested(environment);
}

static bool is_of_request(const char *variable)
{
    return strncmp(variable, "PUSH_CHANNELS=", strlen("PUSH_CHANNELS=")) == 0 ||
           strncmp(variable, "PUSH_MOUNT=", strlen("PUSH_MOUNT=")) == 0;
}

struct invocation script_invocation(const struct invocation *invocation)
{
    size_t count = 0;
    size_t kept = 0;

    while (invocation->environment[count] != NULL)
        count++;
    char **environment = alloc_zeroed(count + 1, sizeof(*environment));
    for (size_t i = 0; i < count; i++)
        if (!is_of_request(invocation->environment[i]))
            environment[kept++] = invocation->environment[i];
    return (struct invocation){.argc = 1, .argv = invocation->argv, .environment = environment};
}

static void init_cgi(struct cgi_script *script, const struct program *program, const struct invocation *invocation,
                     int output_fd)
{
    const struct cgi_config config = {.environment = invocation->environment,
                                      .program = invocation->argv[0],
                                      .input_fd = STDIN_FILENO,
                                      .output_fd = output_fd,
                                      .drain_timeout_ms = DRAIN_TIMEOUT_MS};
    const struct request_handler handler = {.handle = program->handle, .context = &script->service.endpoint};

    cgi_init(&script->cgi, script->service.loop, &config, &handler, &script->service.counters);
}

int script_run(const struct program *program, const struct configuration *configuration,
               const struct invocation *invocation)
{
    const struct params params = {.strings = invocation->environment};
    bool is_waiting = program->is_waiting(&params);
    struct cgi_script script = {0};
    const struct source_events events = {.on_ready = on_source_ready, .owner = &script};
    const struct front front = {.set_time = front_set_time,
                                .due = front_due,
                                .expire = front_expire,
                                .reap = front_reap,
                                .end = front_end,
                                .has_ended = front_has_ended,
                                .self = &script};
    int output_fd = cgi_take_output(STDOUT_FILENO);

    if (output_fd < 0) {
        log_error("cannot write to standard output: %s", strerror(errno));
        return 1;
    }
    service_init(&script.service, program, configuration, is_waiting ? PART_STANDS_BACK : PART_READS, 0, &events);
    init_cgi(&script, program, invocation, output_fd);
    ev_timer_init(&script.start, on_start, 0, 0);
    script.start.data = &script;
    start_in(&script, is_waiting ? patience_s : 0);
    service_run(&script.service, &front);
    cgi_fini(&script.cgi);
    service_fini(&script.service);
    return 0;
}
