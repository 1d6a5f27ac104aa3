/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * floor: what the work costs when nothing is done but the work. It hears one Redis channel and writes each message, in
 * the bytes in which sse.fcgi frames it, to every TCP connection: no ids that mean anything, no history, no web server,
 * no heartbeats. Messages that came together are written together. Whoever does not read stops all others.
 *
 *     floor PORT REDIS-SOCKET CHANNEL
 *
 * It says "listening" on standard error once it has subscribed, and ends by a signal.
 */
#include <errno.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 20000
#define BURST_SIZE (256u << 10)
#define FRAME_MAX (64u << 10)

static const char head[] = "HTTP/1.1 200 OK\r\n"
                           "Content-Type: text/event-stream\r\n\r\n"
                           ":\n\n";

static int clients[CLIENTS_MAX];
static unsigned client_count;
static char burst[BURST_SIZE];
static size_t burst_length;

static void die(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int listen_on(const char *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 4096) < 0)
        die("cannot listen");
    return fd;
}

/* Sends all of it; false when the client is gone. */
static bool send_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

/* The request is not looked at, but taken out of the socket, so that closing it is no reset. */
static void accept_one(int listener)
{
    char request[4096];
    int fd = accept(listener, NULL, NULL);

    if (fd < 0)
        return;
    if (client_count == CLIENTS_MAX || recv(fd, request, sizeof(request), 0) <= 0 ||
        !send_all(fd, head, sizeof(head) - 1)) {
        close(fd);
        return;
    }
    clients[client_count++] = fd;
}

static void flush(void)
{
    unsigned i = 0;

    while (i < client_count && burst_length > 0) {
        if (send_all(clients[i], burst, burst_length)) {
            i++;
        } else {
            close(clients[i]);
            clients[i] = clients[--client_count];
        }
    }
    burst_length = 0;
}

static void frame(const char *data, size_t length)
{
    if (length > FRAME_MAX)
        return;
    if (burst_length + length + 64 > BURST_SIZE)
        flush();
    burst_length += (size_t)snprintf(burst + burst_length, 64, "id: 1795249081448-0.43ae91df\ndata: ");
    memcpy(burst + burst_length, data, length);
    memcpy(burst + burst_length + length, "\n\n", 2);
    burst_length += length + 2;
}

static void hear(redisContext *redis)
{
    void *found;

    if (redisBufferRead(redis) != REDIS_OK)
        die(redis->errstr);
    while (redisGetReplyFromReader(redis, &found) == REDIS_OK && found) {
        redisReply *reply = found;

        if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 && reply->element[2]->type == REDIS_REPLY_STRING)
            frame(reply->element[2]->str, reply->element[2]->len);
        freeReplyObject(reply);
    }
    flush();
}

static redisContext *subscribe(const char *path, const char *channel)
{
    redisContext *redis = redisConnectUnix(path);
    redisReply *reply = redis && !redis->err ? redisCommand(redis, "SUBSCRIBE %s", channel) : NULL;

    if (!reply)
        die("cannot subscribe");
    freeReplyObject(reply);
    return redis;
}

int main(int argc, char **argv)
{
    struct pollfd watched[2] = {{.events = POLLIN}, {.events = POLLIN}};
    struct rlimit limit;
    redisContext *redis;

    if (argc != 4) {
        fprintf(stderr, "usage: floor PORT REDIS-SOCKET CHANNEL\n");
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    redis = subscribe(argv[2], argv[3]);
    watched[0].fd = listen_on(argv[1]);
    watched[1].fd = redis->fd;
    fprintf(stderr, "listening\n");
    for (;;) {
        if (poll(watched, 2, -1) < 0 && errno != EINTR)
            die("poll");
        if (watched[0].revents)
            accept_one(watched[0].fd);
        if (watched[1].revents)
            hear(redis);
    }
}
