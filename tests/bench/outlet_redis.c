/* SPDX-License-Identifier: BSD-2-Clause */
#include "outlet.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_LIMIT_MS 5000

static bool is_ready(int fd, short events, int timeout_ms)
{
    struct pollfd wanted = {.fd = fd, .events = events};

    return poll(&wanted, 1, timeout_ms) > 0;
}

static void note(struct outlet_progress *progress, const char *reason)
{
    if (!progress->error[0])
        snprintf(progress->error, sizeof(progress->error), "%s", reason);
}

static int take_answers(redisContext *redis, struct outlet_progress *progress)
{
    for (;;) {
        void *found = NULL;
        redisReply *reply;

        if (redisGetReplyFromReader(redis, &found) != REDIS_OK)
            return -1;
        reply = found;
        if (!reply)
            return 0;
        progress->answered++;
        if (reply->type == REDIS_REPLY_ERROR) {
            progress->failed++;
            note(progress, reply->str);
        } else if (reply->type == REDIS_REPLY_INTEGER && reply->integer == 0) {
            progress->unheard++;
        }
        freeReplyObject(reply);
    }
}

static int redis_pump(void *state, struct outlet_progress *progress)
{
    redisContext *redis = state;
    int done = 0;

    if (redisBufferWrite(redis, &done) != REDIS_OK)
        goto broken;
    progress->has_backlog = !done;
    while (is_ready(redis->fd, POLLIN, 0)) {
        if (redisBufferRead(redis) != REDIS_OK)
            goto broken;
        if (take_answers(redis, progress) < 0)
            goto broken;
    }
    return 0;
broken:
    note(progress, redis->errstr);
    return -1;
}

static int redis_append(void *state, const char *channel, size_t channel_length,
                        const char *payload, size_t payload_length)
{
    const char *words[] = {"PUBLISH", channel, payload};
    const size_t lengths[] = {7, channel_length, payload_length};

    return redisAppendCommandArgv(state, 3, words, lengths) == REDIS_OK ? 0 : -1;
}

/* Waits for the connection and for one answer to PING; an error is an answer too, and told. */
static int greet(redisContext *redis, char *error, size_t error_size)
{
    struct outlet_progress progress = {0};
    int failure = 0;
    socklen_t failure_size = sizeof(failure);

    if (!is_ready(redis->fd, POLLOUT, CONNECT_LIMIT_MS))
        failure = ETIMEDOUT;
    else if (getsockopt(redis->fd, SOL_SOCKET, SO_ERROR, &failure, &failure_size) < 0)
        failure = errno;
    if (failure) {
        snprintf(error, error_size, "connect: %s", strerror(failure));
        return -1;
    }
    if (redisAppendCommand(redis, "PING") != REDIS_OK)
        note(&progress, redis->errstr);
    while (progress.answered == 0 && !progress.error[0]) {
        if (redis_pump(redis, &progress) < 0)
            break;
        if (progress.answered == 0 && !is_ready(redis->fd, POLLIN, CONNECT_LIMIT_MS))
            note(&progress, "no answer to PING");
    }
    if (progress.error[0]) {
        snprintf(error, error_size, "%s", progress.error);
        return -1;
    }
    return 0;
}

static void *redis_open(const struct address *address, char *error, size_t error_size)
{
    redisContext *redis = address->is_unix ? redisConnectUnixNonBlock(address->path)
                                           : redisConnectNonBlock(address->host, address->port);

    if (!redis) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    if (redis->err) {
        snprintf(error, error_size, "%s", redis->errstr);
        redisFree(redis);
        return NULL;
    }
    if (greet(redis, error, error_size) < 0) {
        redisFree(redis);
        return NULL;
    }
    return redis;
}

static int redis_descriptor(void *state)
{
    return ((redisContext *)state)->fd;
}

static void redis_close(void *state)
{
    redisFree(state);
}

const struct outlet outlet_redis = {
    .name = "redis",
    .open = redis_open,
    .append = redis_append,
    .pump = redis_pump,
    .descriptor = redis_descriptor,
    .close = redis_close,
};
