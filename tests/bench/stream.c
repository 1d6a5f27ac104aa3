/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream.h"

#include "clock.h"
#include "pattern.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REQUEST_MAX 4096

void stream_init(struct stream *stream, unsigned channel)
{
    memset(stream, 0, sizeof(*stream));
    stream->state = STREAM_READY;
    stream->fd = -1;
    stream->channel = channel;
    sse_parser_init(&stream->parser);
}

void stream_fini(struct stream *stream)
{
    stream_close(stream, STREAM_ENDED);
    sequence_fini(&stream->sequence);
}

void stream_close(struct stream *stream, enum stream_state state)
{
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
    stream->state = state;
}

static enum stream_outcome over(struct stream *stream, struct stream_env *env, const char *what,
                                const char *detail)
{
    snprintf(env->reason, sizeof(env->reason), "%s%s%s", what, detail ? ": " : "",
             detail ? detail : "");
    stream_close(stream, STREAM_ENDED);
    return STREAM_OVER;
}

enum stream_outcome stream_connect(struct stream *stream, struct stream_env *env)
{
    const struct sockaddr *socket_address = (const struct sockaddr *)&env->address->socket;

    stream->is_refused = false;
    stream->request_sent = 0;
    env->transport->start(&stream->wire);
    sse_parser_restart(&stream->parser);

    stream->fd = socket(socket_address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (stream->fd < 0)
        return over(stream, env, "socket", strerror(errno));
    if (connect(stream->fd, socket_address, env->address->socket_length) < 0 &&
        errno != EINPROGRESS)
        return over(stream, env, "connect", strerror(errno));
    stream->state = STREAM_CONNECTING;
    return STREAM_STAYS;
}

enum stream_outcome stream_write(struct stream *stream, struct stream_env *env)
{
    char path[2048];
    char request[REQUEST_MAX];
    const char *last_event_id = sse_parser_last_id(&stream->parser);
    const struct transport_request wanted = {
        .host = env->address->text,
        .path = path,
        .last_event_id = last_event_id[0] ? last_event_id : env->last_event_id,
    };
    int failure = 0;
    socklen_t failure_size = sizeof(failure);
    int length;
    ssize_t sent;

    if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &failure, &failure_size) < 0)
        failure = errno;
    if (failure)
        return over(stream, env, "connect", strerror(failure));
    if (pattern_expand(path, sizeof(path), env->path, stream->channel) < 0 ||
        (length = env->transport->request(request, sizeof(request), &wanted)) < 0)
        return over(stream, env, "the request is too long", NULL);

    sent = send(stream->fd, request + stream->request_sent,
                (size_t)length - stream->request_sent, MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR ? STREAM_STAYS
                                                 : over(stream, env, "send", strerror(errno));
    stream->request_sent += (unsigned)sent;
    if (stream->request_sent == (unsigned)length)
        stream->state = STREAM_ASKED;
    return STREAM_STAYS;
}

static void account(struct stream *stream, struct stream_env *env, struct answer_slice body,
                    uint64_t now_ns)
{
    struct sse_parser *parser = &stream->parser;
    struct tally *tally = env->tally;
    const char *cursor = body.start;
    const char *end = body.start + body.length;

    for (;;) {
        switch (sse_parser_next(parser, &cursor, end)) {
        case SSE_MORE:
            return;
        case SSE_EVENT:
            if (sse_parser_is_named(parser, "message")) {
                size_t kept = parser->data_length < SSE_PARSER_DATA_SIZE ? parser->data_length
                                                                         : SSE_PARSER_DATA_SIZE;

                tally_message(tally, &stream->sequence, parser->data, kept, parser->data_length,
                              now_ns);
            } else if (sse_parser_is_named(parser, "gap")) {
                tally->gaps++;
            } else if (sse_parser_is_named(parser, "heartbeat")) {
                tally->heartbeats++;
            } else if (sse_parser_is_named(parser, "push-position")) {
                tally->cursors++;
            } else {
                tally->others++;
            }
            break;
        case SSE_CURSOR:
            tally->cursors++;
            break;
        case SSE_COMMENT:
            tally->comments++;
            break;
        case SSE_RETRY:
            break;
        }
    }
}

/* §9.2.3: only 200 with text/event-stream opens a stream; any other answer ends it for good. */
static enum stream_outcome judge_head(struct stream *stream, struct stream_env *env)
{
    const struct answer_head *head = env->transport->head(&stream->wire);
    char status[32];

    if (head->status == 200 && answer_is_event_stream(head))
        return STREAM_STAYS;
    stream->is_refused = true;
    if (head->status == 200)
        return over(stream, env, "status 200 with content type",
                    head->content_type[0] ? head->content_type : "(none)");
    snprintf(status, sizeof(status), "status %d", head->status);
    return over(stream, env, status, NULL);
}

enum stream_outcome stream_read(struct stream *stream, struct stream_env *env)
{
    ssize_t length = recv(stream->fd, env->buffer, env->buffer_size, 0);
    const char *cursor = env->buffer;
    const char *end;
    uint64_t now_ns;

    if (length < 0)
        return errno == EAGAIN || errno == EINTR ? STREAM_STAYS
                                                 : over(stream, env, "receive", strerror(errno));
    if (length == 0)
        return over(stream, env, "connection closed by the server", NULL);

    now_ns = clock_now_ns();
    end = cursor + length;
    env->tally->bytes += (uint64_t)length;
    for (;;) {
        struct answer_slice body;

        switch (env->transport->next(&stream->wire, &cursor, end, &body)) {
        case ANSWER_MORE:
            return STREAM_STAYS;
        case ANSWER_HEAD:
            if (judge_head(stream, env) == STREAM_OVER)
                return STREAM_OVER;
            break;
        case ANSWER_BODY:
            if (stream->state == STREAM_ASKED) {
                stream->state = STREAM_OPEN;
                stream->openings++;
            }
            account(stream, env, body, now_ns);
            break;
        case ANSWER_END:
            return over(stream, env, "the server ended the body", NULL);
        case ANSWER_BROKEN:
            return over(stream, env, "the answer is not valid", env->transport->name);
        }
    }
}
