/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/connection.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "fcgi/answer.h"
#include "fcgi/decoder.h"
#include "fcgi/outlet.h"

/* A peer that asks management questions during a stream and never reads the answers. */
enum { WAITING_REPLIES_LIMIT = 10000 };

struct connection {
    struct outlet outlet; /* stopped when the connection is doomed */
    struct list link;     /* in fastcgi->connections or fastcgi->doomed */
    struct timeout deadline;
    struct intake intake;
    struct decoded *decoded; /* between the end of PARAMS and the answer */
    bool is_closing;         /* when the output is drained; input is ignored */
    bool has_unread_body;    /* while closing: closing at once would destroy the answer on its way */
};

static struct connection *from_outlet(struct outlet *outlet)
{
    return LIST_ENTRY(outlet, struct connection, outlet);
}

static struct connection *from_link(struct list *link)
{
    return LIST_ENTRY(link, struct connection, link);
}

static struct fastcgi *fastcgi_of(const struct connection *connection)
{
    return LIST_ENTRY(outlet_owner_of(&connection->outlet), struct fastcgi, outlets);
}

/* --- life ----------------------------------------------------------------------------------------------------- */

static void doom(struct connection *connection)
{
    if (connection->outlet.is_stopped)
        return;
    outlet_stop(&connection->outlet);
    timeout_stop(&connection->deadline);
    list_move_to_end(&fastcgi_of(connection)->doomed, &connection->link);
}

void connection_doom_link(struct list *link)
{
    doom(from_link(link));
}

void connection_reap(struct list *link)
{
    struct connection *connection = from_link(link);

    assert(connection->outlet.is_stopped);
    outlet_tell_gone(&connection->outlet);
    list_remove(&connection->link);
    fastcgi_of(connection)->stats.connections_open.value--;
    close(connection->outlet.output.fd);
    outlet_fini(&connection->outlet);
    intake_fini(&connection->intake);
    decoded_free(connection->decoded);
    free(connection);
}

static void complain(struct connection *connection, const char *problem)
{
    struct fastcgi *fastcgi = fastcgi_of(connection);
    uint64_t suppressed;

    fastcgi->stats.protocol_errors.value++;
    if (log_limit_allows(&fastcgi->protocol_log, fastcgi->now_ms, &suppressed))
        log_warning("closed a connection from the web server: it sent %s; %" PRIu64 " more since the last such line",
                    problem, suppressed);
    doom(connection);
}

/* The last answer is out: closes, or first lets the peer finish sending what nobody will read. */
static void finish_closing(struct connection *connection)
{
    if (!connection->has_unread_body) {
        doom(connection);
        return;
    }
    struct fastcgi *fastcgi = fastcgi_of(connection);
    shutdown(connection->outlet.output.fd, SHUT_WR);
    timeout_start(&fastcgi->incoming, &connection->deadline, fastcgi->now_ms);
}

/* The peer has a while to take what is left. */
static void start_draining(struct connection *connection)
{
    struct fastcgi *fastcgi = fastcgi_of(connection);
    timeout_start(&fastcgi->draining, &connection->deadline, fastcgi->now_ms);
}

static void close_when_drained(struct connection *connection, bool has_unread_body)
{
    connection->is_closing = true;
    connection->has_unread_body = has_unread_body;
    if (output_is_waiting(&connection->outlet.output))
        start_draining(connection);
    else
        finish_closing(connection);
}

/* Without a request to be answered: it may wait for the next one, unless the end has begun. */
static void become_idle(struct connection *connection)
{
    struct fastcgi *fastcgi = fastcgi_of(connection);

    timeout_stop(&connection->deadline);
    if (fastcgi->is_ending)
        list_move_to_end(&fastcgi->leaving, &connection->link);
}

/* --- the request's answer ------------------------------------------------------------------------------------- */

static void send_raw(struct connection *connection, const struct buffer *records)
{
    struct bytes *bytes = buffer_to_bytes(records);
    outlet_note(&connection->outlet, output_add(&connection->outlet.output, bytes));
    bytes_unref(bytes);
}

/* Sends what is left of the answer, and its end. */
static void finish_request(struct connection *connection, struct span head, struct span body)
{
    struct intake *intake = &connection->intake;
    bool has_unread_body = intake_has_unread_body(intake);

    timeout_stop(&connection->deadline);
    if (connection->outlet.is_stopped)
        return;
    struct bytes *records = answer_frame(intake->request_id, head, body);
    outlet_note(&connection->outlet, output_add(&connection->outlet.output, records));
    bytes_unref(records);
    if (connection->outlet.is_stopped)
        return;
    intake_finish(intake);
    if (!intake->keeps_connection)
        close_when_drained(connection, has_unread_body);
    else if (output_is_waiting(&connection->outlet.output))
        start_draining(connection);
    else
        become_idle(connection);
}

static void end_request(struct connection *connection)
{
    finish_request(connection, (struct span){0}, (struct span){0});
}

/* --- what comes in -------------------------------------------------------------------------------------------- */

static void answer(struct connection *connection)
{
    const struct request_handler *handler = &fastcgi_of(connection)->handler;
    struct decoded *decoded = connection->decoded;
    struct params params = decoded_params(decoded);

    connection->decoded = NULL;
    timeout_stop(&connection->deadline);
    handler->handle(handler->context, &params, &connection->outlet.sink);
    decoded_free(decoded);
}

/* A body that is announced as too large is not waited for: the handler refuses it. */
static bool has_too_large_body(const struct connection *connection)
{
    struct params params = decoded_params(connection->decoded);
    return params_content_length(&params) > fastcgi_of(connection)->config.limits.params_bytes;
}

static void on_params(struct connection *connection)
{
    connection->decoded = decoder_decode(connection->intake.request_id, &connection->intake.parts->params);
    buffer_fini(&connection->intake.parts->params);
    if (connection->decoded == NULL)
        complain(connection, "PARAMS that are no name-value pairs");
    else if (has_too_large_body(connection))
        answer(connection);
}

static void on_abort(struct connection *connection)
{
    fastcgi_of(connection)->stats.aborted.value++;
    outlet_tell_gone(&connection->outlet);
    decoded_free(connection->decoded);
    connection->decoded = NULL;
    end_request(connection);
}

static void on_reply(struct connection *connection)
{
    send_raw(connection, &connection->intake.parts->reply);
    buffer_fini(&connection->intake.parts->reply);
    if (connection->outlet.output.waiting_pieces > WAITING_REPLIES_LIMIT)
        complain(connection, "questions without reading the answers");
}

static void on_intake_event(struct connection *connection, enum intake_event event)
{
    struct fastcgi *fastcgi = fastcgi_of(connection);

    switch (event) {
    case INTAKE_MORE:
        break;
    case INTAKE_BEGIN:
        fastcgi->stats.requests.value++;
        timeout_start(fastcgi->is_ending ? &fastcgi->lingering : &fastcgi->incoming, &connection->deadline,
                      fastcgi->now_ms);
        break;
    case INTAKE_PARAMS:
        on_params(connection);
        break;
    case INTAKE_COMPLETE:
        if (connection->decoded != NULL)
            answer(connection);
        break;
    case INTAKE_ABORT:
        on_abort(connection);
        break;
    case INTAKE_REPLY:
        on_reply(connection);
        break;
    case INTAKE_REFUSED:
        on_reply(connection);
        if (!connection->outlet.is_stopped)
            close_when_drained(connection, true);
        break;
    case INTAKE_BROKEN:
        complain(connection, connection->intake.parts->problem);
        break;
    }
}

static void on_input(struct connection *connection, struct span input)
{
    const struct intake_limits *limits = &fastcgi_of(connection)->config.limits;
    enum intake_event event = INTAKE_BEGIN;

    while (!connection->outlet.is_stopped && !connection->is_closing && event != INTAKE_MORE) {
        event = intake_feed(&connection->intake, limits, &input);
        on_intake_event(connection, event);
    }
}

/* --- what the outlet asks ------------------------------------------------------------------------------------- */

static enum output_state send_payload(struct outlet *outlet, struct bytes *payload)
{
    struct connection *connection = from_outlet(outlet);
    struct bytes *records = framing_take(&fastcgi_of(connection)->framing, connection->intake.request_id, payload);
    enum output_state state = output_add(&outlet->output, records);
    bytes_unref(records);
    return state;
}

static void on_end(struct outlet *outlet)
{
    end_request(from_outlet(outlet));
}

static void on_finish(struct outlet *outlet, const struct buffer *head, struct bytes *body)
{
    struct span rest = body != NULL ? (struct span){body->data, body->len} : (struct span){0};
    finish_request(from_outlet(outlet), (struct span){head->data, head->len}, rest);
}

static void on_failed(struct outlet *outlet)
{
    doom(from_outlet(outlet));
}

static void on_drained(struct outlet *outlet)
{
    struct connection *connection = from_outlet(outlet);

    if (connection->is_closing)
        finish_closing(connection);
    else if (connection->intake.state == INTAKE_IDLE)
        become_idle(connection);
}

/* Reading shows whether a stream's client is still there; else nothing is read that could not be answered. */
static bool wants_to_read(struct outlet *outlet)
{
    return outlet->sink.subscriber != NULL || !output_is_waiting(&outlet->output);
}

static void on_readable(struct outlet *outlet)
{
    struct connection *connection = from_outlet(outlet);
    char *input = fastcgi_of(connection)->input;
    ssize_t len = recv(outlet->output.fd, input, FASTCGI_INPUT_SIZE, 0);

    if (len > 0)
        on_input(connection, (struct span){input, (size_t)len});
    else if (len == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        doom(connection);
}

const struct outlet_ops connection_outlet_ops = {
    .send = send_payload,
    .on_end = on_end,
    .finish = on_finish,
    .on_failed = on_failed,
    .on_drained = on_drained,
    .wants_to_read = wants_to_read,
    .on_readable = on_readable,
};

/* --- what the FastCGI side asks ------------------------------------------------------------------------------- */

void connection_open(struct fastcgi *fastcgi, int fd, struct timeouts *patience)
{
    struct connection *connection = alloc_zeroed(1, sizeof(*connection));

    list_init(&connection->link);
    list_append(&fastcgi->connections, &connection->link);
    timeout_init(&connection->deadline);
    if (patience != NULL)
        timeout_start(patience, &connection->deadline, fastcgi->now_ms);
    intake_init(&connection->intake);
    outlet_init(&connection->outlet, &fastcgi->outlets, fd);
    fastcgi->stats.connections_open.value++;
    fastcgi->stats.connections_accepted.value++;
    outlet_watch(&connection->outlet);
}

void connection_on_timeout(struct timeout *deadline)
{
    struct connection *connection = LIST_ENTRY(deadline, struct connection, deadline);
    fastcgi_of(connection)->stats.timed_out.value++;
    doom(connection);
}

void connection_leave(struct list *link)
{
    struct connection *connection = from_link(link);
    struct fastcgi *fastcgi = fastcgi_of(connection);
    const struct fastcgi_config *config = &fastcgi->config;

    list_move_to_end(&fastcgi->connections, link);
    if (connection->is_closing || connection->outlet.sink.subscriber != NULL ||
        output_is_waiting(&connection->outlet.output))
        return;
    /* Where nothing of a request is in this process, another one can go on. */
    if (config->pass_on != NULL && intake_is_between_requests(&connection->intake) &&
        config->pass_on(config->context, connection->outlet.output.fd)) {
        fastcgi->stats.passed_on.value++;
        doom(connection);
    } else {
        timeout_start(&fastcgi->lingering, &connection->deadline, fastcgi->now_ms);
    }
}
