/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asks: how many requests a second a server answers whole. Some connections ask the same again and again, each the next
 * time as soon as it has its answer.
 *
 *     asks http|fastcgi ADDRESS PATH CONNECTIONS SECONDS PID
 *
 * One JSON object on standard output: answers, seconds, those per second, bytes of bodies, CPU seconds of the process,
 * latency. Exit status 0 when every answer had status 200, 1 otherwise with the reason on standard error, 2 for wrong
 * arguments.
 */
#include "address.h"
#include "clock.h"
#include "histogram.h"
#include "procstat.h"
#include "transport.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1000u
#define EVENTS_MAX 64
#define BUFFER_SIZE (256u << 10)
#define REQUEST_SIZE 4096
#define TURN_MS 100

struct asker {
    int fd;
    uint64_t asked_ns;
    union transport_state wire;
};

struct asks {
    const struct transport *transport;
    struct address address;
    unsigned connections;
    double seconds;
    struct procstat procstat;
    char request[REQUEST_SIZE];
    size_t request_length;

    int epoll_fd;
    struct asker *askers;
    char *buffer;
    uint64_t answers;
    uint64_t bytes;
    struct histogram latency;
    char failure[160]; /* empty: none */
};

/* The request fits in the buffer of a socket that is otherwise empty, so it is sent at once. */
static void ask(struct asks *asks, struct asker *asker)
{
    asks->transport->start(&asker->wire);
    asker->asked_ns = clock_now_ns();
    if (send(asker->fd, asks->request, asks->request_length, MSG_NOSIGNAL) != (ssize_t)asks->request_length)
        snprintf(asks->failure, sizeof(asks->failure), "cannot send a request");
}

static void take_answer(struct asks *asks, struct asker *asker)
{
    const struct answer_head *head = asks->transport->head(&asker->wire);

    if (head->status != 200)
        snprintf(asks->failure, sizeof(asks->failure), "status %d", head->status);
    asks->answers++;
    histogram_add(&asks->latency, clock_now_ns() - asker->asked_ns);
    ask(asks, asker);
}

static void serve(struct asks *asks, struct asker *asker)
{
    ssize_t length = recv(asker->fd, asks->buffer, BUFFER_SIZE, 0);
    const char *cursor = asks->buffer;

    if (length <= 0) {
        snprintf(asks->failure, sizeof(asks->failure), "the server closed a connection");
        return;
    }
    for (;;) {
        struct answer_slice body;

        switch (asks->transport->next(&asker->wire, &cursor, asks->buffer + length, &body)) {
        case ANSWER_MORE:
            return;
        case ANSWER_HEAD:
            break;
        case ANSWER_BODY:
            asks->bytes += body.length;
            break;
        case ANSWER_END:
            take_answer(asks, asker);
            return; /* nothing comes before the next request */
        case ANSWER_BROKEN:
            snprintf(asks->failure, sizeof(asks->failure), "the answer is not valid %s", asks->transport->name);
            return;
        }
    }
}

static int open_connection(struct asks *asks, struct asker *asker)
{
    const struct sockaddr *address = (const struct sockaddr *)&asks->address.socket;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = asker};

    asker->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (asker->fd < 0 || connect(asker->fd, address, asks->address.socket_length) < 0 ||
        epoll_ctl(asks->epoll_fd, EPOLL_CTL_ADD, asker->fd, &event) < 0)
        return -1;
    return 0;
}

static void run(struct asks *asks)
{
    uint64_t end_ns = clock_now_ns() + (uint64_t)(asks->seconds * CLOCK_NS_PER_S);

    for (unsigned i = 0; i < asks->connections; i++)
        ask(asks, &asks->askers[i]);
    while (clock_now_ns() < end_ns && !asks->failure[0]) {
        struct epoll_event events[EVENTS_MAX];
        int count = epoll_wait(asks->epoll_fd, events, EVENTS_MAX, TURN_MS);

        for (int i = 0; i < count && !asks->failure[0]; i++)
            serve(asks, events[i].data.ptr);
    }
}

static int prepare(struct asks *asks)
{
    asks->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    asks->askers = calloc(asks->connections, sizeof(*asks->askers));
    asks->buffer = malloc(BUFFER_SIZE);
    if (asks->epoll_fd < 0 || !asks->askers || !asks->buffer)
        return -1;
    histogram_init(&asks->latency);
    for (unsigned i = 0; i < asks->connections; i++) {
        if (open_connection(asks, &asks->askers[i]) < 0)
            return -1;
    }
    return 0;
}

static void report(const struct asks *asks, double seconds, int64_t cpu_ns)
{
    printf("{\"answers\":%" PRIu64 ",\"seconds\":%.3f,\"answers_per_second\":%.1f,\"bytes\":%" PRIu64
           ",\"cpu_seconds\":%.4f,\"latency_us\":{\"p50\":%.1f,\"p99\":%.1f}}\n",
           asks->answers, seconds, (double)asks->answers / seconds, asks->bytes, (double)cpu_ns / CLOCK_NS_PER_S,
           (double)histogram_quantile(&asks->latency, 0.5) / 1e3,
           (double)histogram_quantile(&asks->latency, 0.99) / 1e3);
}

static int wrong(const char *reason)
{
    fprintf(stderr, "asks: %s\nusage: asks http|fastcgi ADDRESS PATH CONNECTIONS SECONDS PID\n", reason);
    return -1;
}

static int parse(struct asks *asks, int argc, char **argv)
{
    struct transport_request request = {.last_event_id = "", .is_kept = true};
    char named[64];
    char reason[320];
    int length;

    if (argc != 7)
        return wrong("six arguments are wanted");
    asks->transport = strcmp(argv[1], "fastcgi") == 0 ? &transport_fastcgi : &transport_http;
    if (strcmp(argv[1], asks->transport->name) != 0)
        return wrong("the first argument is neither http nor fastcgi");
    if (address_parse(&asks->address, argv[2], reason, sizeof(reason)) < 0)
        return wrong(reason);
    request.host = asks->address.text;
    request.path = argv[3];
    length = asks->transport->request(asks->request, sizeof(asks->request), &request);
    if (length < 0)
        return wrong("the path is too long");
    asks->request_length = (size_t)length;
    asks->connections = (unsigned)strtoul(argv[4], NULL, 10);
    if (asks->connections < 1 || asks->connections > CONNECTIONS_MAX)
        return wrong("CONNECTIONS must be 1 to 1000");
    asks->seconds = strtod(argv[5], NULL);
    if (!(asks->seconds > 0 && asks->seconds <= 3600))
        return wrong("SECONDS must be above 0, and at most 3600");
    snprintf(named, sizeof(named), "server=%.40s", argv[6]);
    if (procstat_add(&asks->procstat, named, reason, sizeof(reason)) < 0)
        return wrong(reason);
    return 0;
}

int main(int argc, char **argv)
{
    static struct asks asks;
    int64_t cpu_ns;
    uint64_t started_ns;

    signal(SIGPIPE, SIG_IGN);
    if (parse(&asks, argc, argv) < 0)
        return 2;
    if (prepare(&asks) < 0) {
        perror("asks: cannot connect");
        return 2;
    }
    cpu_ns = procstat_cpu_ns(&asks.procstat.processes[0]);
    started_ns = clock_now_ns();
    run(&asks);
    report(&asks, (double)(clock_now_ns() - started_ns) / CLOCK_NS_PER_S,
           procstat_cpu_ns(&asks.procstat.processes[0]) - cpu_ns);
    if (asks.failure[0]) {
        fprintf(stderr, "asks: %s\n", asks.failure);
        return 1;
    }
    return 0;
}
