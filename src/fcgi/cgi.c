/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/cgi.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/nph.h"

static struct cgi *from_outlet(struct outlet *outlet)
{
    return LIST_ENTRY(outlet, struct cgi, outlet);
}

/* Nothing is left to be done; the rest is up to cgi_reap. */
static void stop(struct cgi *cgi)
{
    outlet_stop(&cgi->outlet);
    discard_stop(&cgi->body);
    timeout_stop(&cgi->deadline);
}

/*
 * The answer is out, and nothing is left. But to close a socket with a body unread in it would destroy the answer on
 * its way: there the web server first finishes sending what nobody wants.
 */
static void finish(struct cgi *cgi)
{
    bool has_unread_body = discard_is_active(&cgi->body);
    if (!has_unread_body || shutdown(cgi->config.output_fd, SHUT_WR) < 0)
        stop(cgi);
}

static void on_body_end(struct discard *body)
{
    struct cgi *cgi = LIST_ENTRY(body, struct cgi, body);
    if (cgi->is_complete && !output_is_waiting(&cgi->outlet.output))
        stop(cgi);
}

/* --- what the outlet asks ------------------------------------------------------------------------------------- */

/* The answer's first part, which holds its head. */
static enum output_state send_nph(struct cgi *cgi, const struct bytes *payload)
{
    struct buffer head = {0};

    cgi->is_nph = false;
    nph_add(&head, (struct span){payload->data, payload->len}, clock_wall_ms());
    struct bytes *bytes = buffer_to_bytes(&head);
    enum output_state state = output_add(&cgi->outlet.output, bytes);
    bytes_unref(bytes);
    buffer_fini(&head);
    return state;
}

static enum output_state send_payload(struct outlet *outlet, struct bytes *payload)
{
    struct cgi *cgi = from_outlet(outlet);
    return cgi->is_nph ? send_nph(cgi, payload) : output_add(&outlet->output, payload);
}

static void on_end(struct outlet *outlet)
{
    struct cgi *cgi = from_outlet(outlet);

    if (outlet->is_stopped)
        return;
    cgi->is_complete = true;
    timeout_start(&cgi->draining, &cgi->deadline, cgi->now_ms);
    if (!output_is_waiting(&outlet->output))
        finish(cgi);
}

static void on_finish(struct outlet *outlet, const struct buffer *head, struct bytes *body)
{
    struct buffer answer = {0};

    buffer_add(&answer, head->data, head->len);
    if (body != NULL)
        buffer_add(&answer, body->data, body->len);
    sink_write_buffer(&outlet->sink, &answer);
    buffer_fini(&answer);
    on_end(outlet);
}

static void on_failed(struct outlet *outlet)
{
    stop(from_outlet(outlet));
}

static void on_drained(struct outlet *outlet)
{
    if (from_outlet(outlet)->is_complete)
        finish(from_outlet(outlet));
}

static bool wants_to_read(struct outlet *outlet)
{
    return from_outlet(outlet)->shows_client;
}

/* The loop reports an error of a descriptor as readability, too. */
static void on_readable(struct outlet *outlet)
{
    struct pollfd state = {.fd = outlet->output.fd};

    if (poll(&state, 1, 0) > 0 && (state.revents & (POLLERR | POLLHUP)) != 0)
        stop(from_outlet(outlet));
    else
        from_outlet(outlet)->shows_client = false; /* whatever it means: it must not be reported for ever */
}

static const struct outlet_ops outlet_ops = {
    .send = send_payload,
    .on_end = on_end,
    .finish = on_finish,
    .on_failed = on_failed,
    .on_drained = on_drained,
    .wants_to_read = wants_to_read,
    .on_readable = on_readable,
};

/* --- the descriptor ------------------------------------------------------------------------------------------- */

int cgi_take_output(int fd)
{
    int taken = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (taken >= 0 && null >= 0 && dup2(null, fd) == fd) {
        close(null);
        return taken;
    }
    int error = errno;
    if (taken >= 0)
        close(taken);
    if (null >= 0)
        close(null);
    errno = error;
    return -1;
}

/*
 * A pipe's writing end becomes readable in no other case than that nobody reads any more. A socket would at once: the
 * web server closes its half behind the request's body; so would a terminal, with what is typed. There a write shows
 * it.
 */
static bool shows_client(int fd, int flags)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) && (flags & O_ACCMODE) == O_WRONLY;
}

/* The standard input may be the same socket: the web server is to see the answer's end although that stays open. */
static void close_output(struct cgi *cgi)
{
    int fd = cgi->config.output_fd;

    if (cgi->old_flags >= 0)
        fcntl(fd, F_SETFL, cgi->old_flags);
    shutdown(fd, SHUT_WR);
    close(fd);
}

/* --- life ----------------------------------------------------------------------------------------------------- */

bool cgi_is_requested(char *const *environment)
{
    const struct params params = {environment};
    return strncmp(params_text(&params, "GATEWAY_INTERFACE"), "CGI/", strlen("CGI/")) == 0;
}

/* Of unknown length where the web server leaves it in chunks. */
static bool has_body(const struct params *params)
{
    return params_content_length(params) > 0 || params_get(params, "HTTP_TRANSFER_ENCODING") != NULL;
}

static void register_counters(struct cgi_stats *stats, struct counters *counters)
{
    counters_register(counters, &stats->requests, "requests.received");
    counters_register(counters, &stats->timed_out, "connections.timed_out");
    counters_register(counters, &stats->bytes_sent, "bytes.sent");
}

void cgi_init(struct cgi *cgi, struct ev_loop *loop, const struct cgi_config *config,
              const struct request_handler *handler, struct counters *counters)
{
    const struct params params = {config->environment};
    int fd = config->output_fd;

    *cgi = (struct cgi){.config = *config, .handler = *handler, .old_flags = fcntl(fd, F_GETFL)};
    register_counters(&cgi->stats, counters);
    timeouts_init(&cgi->draining, config->drain_timeout_ms);
    timeout_init(&cgi->deadline);
    discard_init(&cgi->body, loop, config->input_fd, on_body_end);
    cgi->owner = (struct outlet_owner){
        .ops = &outlet_ops, .loop = loop, .output = {.write = write, .sent_bytes = &cgi->stats.bytes_sent.value}};
    outlet_init(&cgi->outlet, &cgi->owner, fd);
    cgi->is_nph = nph_is_wanted(&params, config->program);
    if (cgi->old_flags >= 0)
        fcntl(fd, F_SETFL, cgi->old_flags | O_NONBLOCK);
    cgi->shows_client = shows_client(fd, cgi->old_flags);
}

void cgi_fini(struct cgi *cgi)
{
    stop(cgi);
    cgi_reap(cgi);
}

void cgi_start(struct cgi *cgi)
{
    const struct params params = {cgi->config.environment};

    cgi->stats.requests.value++;
    outlet_watch(&cgi->outlet);
    if (has_body(&params))
        discard_start(&cgi->body);
    cgi->handler.handle(cgi->handler.context, &params, &cgi->outlet.sink);
}

void cgi_set_time(struct cgi *cgi, int64_t now_ms)
{
    cgi->now_ms = now_ms;
}

int64_t cgi_due(const struct cgi *cgi)
{
    return timeouts_due(&cgi->draining);
}

void cgi_expire(struct cgi *cgi)
{
    if (timeouts_take_due(&cgi->draining, cgi->now_ms) == NULL)
        return;
    cgi->stats.timed_out.value++;
    stop(cgi);
}

void cgi_reap(struct cgi *cgi)
{
    if (!cgi->outlet.is_stopped || cgi->has_ended)
        return;
    cgi->has_ended = true;
    outlet_tell_gone(&cgi->outlet);
    outlet_fini(&cgi->outlet);
    close_output(cgi);
}

void cgi_end(struct cgi *cgi)
{
    if (cgi->outlet.sink.subscriber == NULL && !output_is_waiting(&cgi->outlet.output))
        stop(cgi);
}

bool cgi_has_ended(const struct cgi *cgi)
{
    return cgi->has_ended;
}
