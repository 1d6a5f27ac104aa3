/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/connection.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "fcgi/decoder.h"
#include "fcgi/output.h"
#include "push/subscriber.h"

/* A peer that asks management questions during a stream and never reads the answers. */
enum { WAITING_REPLIES_LIMIT = 1 << 20 };

struct connection {
    struct sink sink;
    struct fastcgi *fastcgi;
    struct list link; /* in fastcgi->connections or fastcgi->doomed */
    struct timeout deadline;
    ev_io io;
    struct intake intake;
    struct output output;
    struct decoded *decoded; /* between the end of PARAMS and the answer */
    bool is_doomed;
    bool wants_call_back; /* the subscriber has more to send in the next turn */
    bool is_closing;      /* when the output is drained; input is ignored */
    bool has_unread_body; /* while closing: closing at once would destroy the answer on its way */
};

static struct connection *from_sink(struct sink *sink)
{
    return LIST_ENTRY(sink, struct connection, sink);
}

static struct connection *from_link(struct list *link)
{
    return LIST_ENTRY(link, struct connection, link);
}

/* --- life ----------------------------------------------------------------------------------------------------- */

static void doom(struct connection *connection)
{
    if (connection->is_doomed)
        return;
    connection->is_doomed = true;
    ev_io_stop(connection->fastcgi->loop, &connection->io);
    timeout_stop(&connection->deadline);
    list_move_to_end(&connection->fastcgi->doomed, &connection->link);
}

void connection_doom_link(struct list *link)
{
    doom(from_link(link));
}

void connection_reap(struct list *link)
{
    struct connection *connection = from_link(link);

    assert(connection->is_doomed);
    if (connection->sink.subscriber != NULL)
        subscriber_on_gone(connection->sink.subscriber);
    list_remove(&connection->link);
    connection->fastcgi->stats.connections_open.value--;
    close(connection->output.fd);
    output_fini(&connection->output);
    intake_fini(&connection->intake);
    decoded_free(connection->decoded);
    free(connection);
}

static void complain(struct connection *connection, const char *problem)
{
    struct fastcgi *fastcgi = connection->fastcgi;
    uint64_t suppressed;

    fastcgi->stats.protocol_errors.value++;
    if (log_limit_allows(&fastcgi->protocol_log, fastcgi->now_ms, &suppressed))
        log_warning("closed a connection from the web server: it sent %s; %" PRIu64 " more since the last such line",
                    problem, suppressed);
    doom(connection);
}

/* The one place that derives from the state which events are wanted. */
static void watch(struct connection *connection)
{
    bool is_waiting = output_is_waiting(&connection->output);
    int wanted = 0;

    if (connection->is_doomed)
        return;
    /* Reading shows whether a stream's client is still there; else nothing is read that could not be answered. */
    if (connection->sink.subscriber != NULL || !is_waiting)
        wanted |= EV_READ;
    if (is_waiting || connection->wants_call_back)
        wanted |= EV_WRITE;
    assert(wanted != 0);
    if ((connection->io.events & (EV_READ | EV_WRITE)) == wanted && ev_is_active(&connection->io))
        return;
    ev_io_stop(connection->fastcgi->loop, &connection->io);
    ev_io_set(&connection->io, connection->output.fd, wanted);
    ev_io_start(connection->fastcgi->loop, &connection->io);
}

/* The last answer is out: closes, or first lets the peer finish sending what nobody will read. */
static void finish_closing(struct connection *connection)
{
    if (!connection->has_unread_body) {
        doom(connection);
        return;
    }
    shutdown(connection->output.fd, SHUT_WR);
    timeout_start(&connection->fastcgi->incoming, &connection->deadline, connection->fastcgi->now_ms);
}

/* The peer has a while to take what is left. */
static void start_draining(struct connection *connection)
{
    struct fastcgi *fastcgi = connection->fastcgi;
    timeout_start(&fastcgi->draining, &connection->deadline, fastcgi->now_ms);
}

static void close_when_drained(struct connection *connection, bool has_unread_body)
{
    connection->is_closing = true;
    connection->has_unread_body = has_unread_body;
    if (output_is_waiting(&connection->output))
        start_draining(connection);
    else
        finish_closing(connection);
}

/* --- the request's answer ------------------------------------------------------------------------------------- */

static void note_output(struct connection *connection, enum output_state state)
{
    if (state == OUTPUT_FAILED)
        doom(connection);
    else
        watch(connection);
}

static void send_raw(struct connection *connection, const struct buffer *records)
{
    struct bytes *bytes = buffer_to_bytes(records);
    note_output(connection, output_add_raw(&connection->output, bytes));
    bytes_unref(bytes);
}

/* The answer is complete: an empty STDOUT and END_REQUEST (FastCGI 1.0 §5.5). */
static void end_request(struct connection *connection)
{
    struct intake *intake = &connection->intake;
    struct buffer end = {0};
    bool has_unread_body = intake_has_unread_body(intake);

    connection->sink.subscriber = NULL;
    connection->wants_call_back = false;
    timeout_stop(&connection->deadline);
    if (connection->is_doomed)
        return;
    record_add(&end, RECORD_STDOUT, intake->request_id, NULL, 0);
    record_add_end(&end, intake->request_id, RECORD_REQUEST_COMPLETE);
    send_raw(connection, &end);
    buffer_fini(&end);
    if (connection->is_doomed)
        return;
    intake_finish(intake);
    if (!intake->keeps_connection || connection->fastcgi->is_ending)
        close_when_drained(connection, has_unread_body);
    else if (output_is_waiting(&connection->output))
        start_draining(connection);
}

static enum sink_state on_sink_write(struct sink *sink, struct bytes *payload)
{
    struct connection *connection = from_sink(sink);

    if (connection->is_doomed)
        return SINK_BLOCKED;
    enum output_state state =
        output_add_records(&connection->output, RECORD_STDOUT, connection->intake.request_id, payload);
    if (state != OUTPUT_SENT)
        note_output(connection, state);
    return state == OUTPUT_SENT ? SINK_READY : SINK_BLOCKED;
}

static void on_sink_call_back(struct sink *sink)
{
    from_sink(sink)->wants_call_back = true;
    watch(from_sink(sink));
}

static void on_sink_end(struct sink *sink)
{
    end_request(from_sink(sink));
}

static void on_sink_abort(struct sink *sink)
{
    sink->subscriber = NULL;
    doom(from_sink(sink));
}

static const struct sink_ops sink_ops = {
    .write = on_sink_write,
    .call_back = on_sink_call_back,
    .end = on_sink_end,
    .abort = on_sink_abort,
};

/* --- what comes in -------------------------------------------------------------------------------------------- */

static void answer(struct connection *connection)
{
    const struct request_handler *handler = &connection->fastcgi->handler;
    struct decoded *decoded = connection->decoded;
    struct params params = decoded_params(decoded);

    connection->decoded = NULL;
    timeout_stop(&connection->deadline);
    handler->handle(handler->context, &params, &connection->sink);
    decoded_free(decoded);
}

/* A body that is announced as too large is not waited for: the handler refuses it. */
static bool has_too_large_body(const struct connection *connection)
{
    struct params params = decoded_params(connection->decoded);
    return params_content_length(&params) > connection->intake.limits->params_bytes;
}

static void on_params(struct connection *connection)
{
    connection->decoded = decoder_decode(connection->intake.request_id, &connection->intake.params);
    buffer_fini(&connection->intake.params);
    if (connection->decoded == NULL)
        complain(connection, "PARAMS that are no name-value pairs");
    else if (has_too_large_body(connection))
        answer(connection);
}

static void on_abort(struct connection *connection)
{
    struct subscriber *subscriber = connection->sink.subscriber;

    connection->fastcgi->stats.aborted.value++;
    connection->sink.subscriber = NULL;
    if (subscriber != NULL)
        subscriber_on_gone(subscriber);
    decoded_free(connection->decoded);
    connection->decoded = NULL;
    end_request(connection);
}

static void on_reply(struct connection *connection)
{
    send_raw(connection, &connection->intake.reply);
    buffer_fini(&connection->intake.reply);
    if (connection->output.waiting_bytes > WAITING_REPLIES_LIMIT)
        complain(connection, "questions without reading the answers");
}

static void on_intake_event(struct connection *connection, enum intake_event event)
{
    struct fastcgi *fastcgi = connection->fastcgi;

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
        if (!connection->is_doomed)
            close_when_drained(connection, true);
        break;
    case INTAKE_BROKEN:
        complain(connection, connection->intake.problem);
        break;
    }
}

static void on_input(struct connection *connection, struct span input)
{
    while (!connection->is_doomed && !connection->is_closing && input.len > 0)
        on_intake_event(connection, intake_feed(&connection->intake, &input));
}

static void on_readable(struct connection *connection)
{
    char *input = connection->fastcgi->input;
    ssize_t len = recv(connection->output.fd, input, FASTCGI_INPUT_SIZE, 0);

    if (len > 0)
        on_input(connection, (struct span){input, (size_t)len});
    else if (len == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        doom(connection);
}

static void on_drained(struct connection *connection)
{
    if (connection->is_closing)
        finish_closing(connection);
    else if (connection->sink.subscriber != NULL)
        subscriber_on_writable(connection->sink.subscriber);
    else if (connection->intake.state == INTAKE_IDLE)
        timeout_stop(&connection->deadline);
}

static void on_writable(struct connection *connection)
{
    connection->wants_call_back = false;
    enum output_state state = output_flush(&connection->output);
    if (state == OUTPUT_FAILED)
        doom(connection);
    else if (state == OUTPUT_SENT)
        on_drained(connection);
}

static void on_event(struct ev_loop *loop, ev_io *io, int events)
{
    struct connection *connection = io->data;

    (void)loop;
    if ((events & EV_WRITE) != 0)
        on_writable(connection);
    if ((events & EV_READ) != 0 && !connection->is_doomed)
        on_readable(connection);
    watch(connection);
}

void connection_open(struct fastcgi *fastcgi, int fd)
{
    struct connection *connection = alloc_zeroed(1, sizeof(*connection));

    connection->sink.ops = &sink_ops;
    connection->fastcgi = fastcgi;
    list_init(&connection->link);
    list_append(&fastcgi->connections, &connection->link);
    timeout_init(&connection->deadline);
    timeout_start(&fastcgi->incoming, &connection->deadline, fastcgi->now_ms);
    intake_init(&connection->intake, &fastcgi->config.limits);
    output_init(&connection->output, fd, &fastcgi->stats.bytes_sent.value);
    ev_io_init(&connection->io, on_event, fd, EV_READ);
    connection->io.data = connection;
    fastcgi->stats.connections_open.value++;
    fastcgi->stats.connections_accepted.value++;
    watch(connection);
}

void connection_on_timeout(struct timeout *deadline)
{
    struct connection *connection = LIST_ENTRY(deadline, struct connection, deadline);
    connection->fastcgi->stats.timed_out.value++;
    doom(connection);
}

void connection_end_soon(struct list *link)
{
    struct connection *connection = from_link(link);
    if (connection->sink.subscriber != NULL)
        return;
    if (output_is_waiting(&connection->output))
        connection->is_closing = true;
    else
        timeout_start(&connection->fastcgi->lingering, &connection->deadline, connection->fastcgi->now_ms);
}
