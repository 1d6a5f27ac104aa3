/* SPDX-License-Identifier: BSD-2-Clause */
#include "outlet.h"

#include "http_response.h"

#include "base/buffer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_LIMIT_MS 5000
#define RECEIVE_SIZE 16384

/*
 * POSTs on one kept connection, the next sent before the answer to the last (RFC 9112 §9.3.2).
 * Invariant: `waiting` from `written` on is still to be sent.
 */
struct post {
    int fd;
    char host[sizeof(((struct address *)0)->text)];
    struct buffer waiting;
    size_t written;
    struct http_response response;
};

static void note(struct outlet_progress *progress, const char *reason)
{
    if (!progress->error[0])
        snprintf(progress->error, sizeof(progress->error), "%s", reason);
}

static void http_close(void *state)
{
    struct post *post = state;

    close(post->fd);
    buffer_fini(&post->waiting);
    free(post);
}

/* A connected, non-blocking socket; -1 with errno. */
static int connect_within(const struct address *address, int limit_ms)
{
    int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct pollfd wanted = {.fd = fd, .events = POLLOUT};
    int failure = 0;
    socklen_t failure_size = sizeof(failure);

    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address->socket, address->socket_length) == 0)
        return fd;
    if (errno != EINPROGRESS)
        failure = errno;
    else if (poll(&wanted, 1, limit_ms) <= 0)
        failure = ETIMEDOUT;
    else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &failure_size) < 0)
        failure = errno;
    if (failure == 0)
        return fd;
    close(fd);
    errno = failure;
    return -1;
}

static void *http_open(const struct address *address, char *error, size_t error_size)
{
    int fd = connect_within(address, CONNECT_LIMIT_MS);
    struct post *post;

    if (fd < 0) {
        snprintf(error, error_size, "connect: %s", strerror(errno));
        return NULL;
    }
    post = calloc(1, sizeof(*post));
    if (!post) {
        close(fd);
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    post->fd = fd;
    snprintf(post->host, sizeof(post->host), "%s", address->text);
    http_response_start(&post->response);
    return post;
}

static int http_append(void *state, const char *channel, size_t channel_length, const char *payload,
                       size_t payload_length)
{
    struct post *post = state;

    buffer_printf(&post->waiting,
                  "POST %.*s HTTP/1.1\r\n"
                  "Host: %s\r\n"
                  "Content-Type: text/plain\r\n"
                  "Content-Length: %zu\r\n\r\n",
                  (int)channel_length, channel, post->host, payload_length);
    buffer_add(&post->waiting, payload, payload_length);
    return 0;
}

static int write_waiting(struct post *post)
{
    while (post->written < post->waiting.len) {
        ssize_t sent =
            send(post->fd, post->waiting.data + post->written, post->waiting.len - post->written, MSG_NOSIGNAL);

        if (sent < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        post->written += (size_t)sent;
    }
    buffer_clear(&post->waiting);
    post->written = 0;
    return 0;
}

/* Counts the answers in what came; -1 when it is no HTTP. */
static int take_answers(struct post *post, const char *cursor, const char *end, struct outlet_progress *progress)
{
    for (;;) {
        struct answer_slice body;
        char reason[40];

        switch (http_response_next(&post->response, &cursor, end, &body)) {
        case ANSWER_MORE:
            return 0;
        case ANSWER_HEAD:
        case ANSWER_BODY:
            break;
        case ANSWER_END:
            progress->answered++;
            if (post->response.head.status == 202) { /* what Nchan says where nobody listens */
                progress->unheard++;
            } else if (post->response.head.status / 100 != 2) {
                snprintf(reason, sizeof(reason), "status %d", post->response.head.status);
                note(progress, reason);
                progress->failed++;
            }
            http_response_start(&post->response);
            break;
        case ANSWER_BROKEN:
            note(progress, "the answer is not valid HTTP");
            return -1;
        }
    }
}

static int http_pump(void *state, struct outlet_progress *progress)
{
    struct post *post = state;
    char received[RECEIVE_SIZE];
    ssize_t length;

    if (write_waiting(post) < 0) {
        note(progress, strerror(errno));
        return -1;
    }
    progress->has_backlog = post->waiting.len > 0;
    while ((length = recv(post->fd, received, sizeof(received), 0)) > 0) {
        if (take_answers(post, received, received + length, progress) < 0)
            return -1;
    }
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    note(progress, length == 0 ? "connection closed by the server" : strerror(errno));
    return -1;
}

static int http_descriptor(void *state)
{
    return ((struct post *)state)->fd;
}

const struct outlet outlet_http = {
    .name = "http",
    .open = http_open,
    .append = http_append,
    .pump = http_pump,
    .descriptor = http_descriptor,
    .close = http_close,
};
