/* SPDX-License-Identifier: BSD-2-Clause */
#include "publisher.h"

#include "clock.h"
#include "pattern.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_NS ((uint64_t)CLOCK_NS_PER_MS)
#define SLEEP_NS_MAX (100 * (uint64_t)CLOCK_NS_PER_MS)
#define ANSWER_LIMIT_NS (5 * (uint64_t)CLOCK_NS_PER_S)
#define STOPPED_LIMIT_NS ((uint64_t)CLOCK_NS_PER_S)
#define IN_FLIGHT_MAX 20000u
#define IN_FLIGHT_BYTES_MAX (8u << 20)
#define CHANNEL_NAME_SIZE 256

struct publisher {
    struct publisher_options options;
    void *outlet;
    uint64_t in_flight_max;
    uint64_t *published;
    char (*names)[CHANNEL_NAME_SIZE];
    size_t *name_lengths;
    char *payload;
    pthread_t thread;
    bool is_started;
    atomic_bool is_stopped;
    atomic_bool is_done;
    struct publisher_result result;
};

static int name_channels(struct publisher *publisher)
{
    for (unsigned i = 0; i < publisher->options.channels; i++) {
        int length = pattern_expand(publisher->names[i], CHANNEL_NAME_SIZE, publisher->options.channel, i);

        if (length < 0)
            return -1;
        publisher->name_lengths[i] = (size_t)length;
    }
    return 0;
}

struct publisher *publisher_new(const struct publisher_options *options, char *error, size_t error_size)
{
    struct publisher *publisher = calloc(1, sizeof(*publisher));

    if (!publisher) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    publisher->options = *options;
    publisher->in_flight_max = IN_FLIGHT_BYTES_MAX / options->size + 1;
    if (publisher->in_flight_max > IN_FLIGHT_MAX)
        publisher->in_flight_max = IN_FLIGHT_MAX;
    publisher->published = calloc(options->channels, sizeof(*publisher->published));
    publisher->names = calloc(options->channels, sizeof(*publisher->names));
    publisher->name_lengths = calloc(options->channels, sizeof(*publisher->name_lengths));
    publisher->payload = malloc(options->size);
    if (!publisher->published || !publisher->names || !publisher->name_lengths || !publisher->payload)
        snprintf(error, error_size, "out of memory");
    else if (name_channels(publisher) < 0)
        snprintf(error, error_size, "the channel's name is too long");
    else
        publisher->outlet = options->outlet->open(options->address, error, error_size);
    if (!publisher->outlet) {
        publisher_free(publisher);
        return NULL;
    }
    return publisher;
}

/* Makes and queues the next message. */
static int append_next(struct publisher *publisher)
{
    unsigned channel = (unsigned)(publisher->result.sent % publisher->options.channels);
    uint64_t number = publisher->published[channel] + 1;
    char head[PUBLISHER_SIZE_MIN + 1];
    int head_length = snprintf(head, sizeof(head), "%" PRIu64 " %" PRIu64 " ", number, clock_now_ns());

    memcpy(publisher->payload, head, (size_t)head_length);
    memset(publisher->payload + head_length, 'x', publisher->options.size - (size_t)head_length);
    if (publisher->options.outlet->append(publisher->outlet, publisher->names[channel],
                                          publisher->name_lengths[channel], publisher->payload,
                                          publisher->options.size) < 0)
        return -1;
    publisher->published[channel] = number;
    publisher->result.sent++;
    return 0;
}

static uint64_t due_ns(const struct publisher *publisher, uint64_t index)
{
    return publisher->result.started_ns + (uint64_t)((double)index / publisher->options.rate * CLOCK_NS_PER_S);
}

/* Sleeps until `wake_ns`, or until there is room to write if there is a backlog. */
static void sleep_until(struct publisher *publisher, uint64_t wake_ns)
{
    struct pollfd outlet = {.fd = publisher->options.outlet->descriptor(publisher->outlet)};
    uint64_t now_ns = clock_now_ns();
    uint64_t left_ns = wake_ns > now_ns ? wake_ns - now_ns : 0;
    struct timespec left;

    if (left_ns > SLEEP_NS_MAX)
        left_ns = SLEEP_NS_MAX;
    left = (struct timespec){.tv_sec = 0, .tv_nsec = (long)left_ns};
    if (publisher->result.progress.has_backlog)
        outlet.events = POLLOUT;
    (void)ppoll(&outlet, 1, &left, NULL);
}

/* Makes messages as they fall due, until all are sent or the time is over. */
static int publish(struct publisher *publisher)
{
    const struct publisher_options *options = &publisher->options;
    struct publisher_result *result = &publisher->result;
    uint64_t end_ns = result->started_ns + (uint64_t)(options->seconds * CLOCK_NS_PER_S);

    while (!atomic_load(&publisher->is_stopped)) {
        uint64_t now_ns = clock_now_ns();
        bool is_over = now_ns >= end_ns;
        uint64_t next_ns = due_ns(publisher, result->sent);

        if (now_ns > next_ns && now_ns - next_ns > result->late_ns_max)
            result->late_ns_max = now_ns - next_ns;
        while (result->sent < options->offered && due_ns(publisher, result->sent) <= now_ns &&
               result->sent - result->progress.answered < publisher->in_flight_max) {
            if (append_next(publisher) < 0) {
                snprintf(result->progress.error, sizeof(result->progress.error), "cannot append");
                return -1;
            }
        }
        if (options->outlet->pump(publisher->outlet, &result->progress) < 0)
            return -1;
        if (is_over || result->sent == options->offered)
            break;
        next_ns = due_ns(publisher, result->sent);
        sleep_until(publisher, next_ns > now_ns + SLICE_NS ? next_ns : now_ns + SLICE_NS);
    }
    return 0;
}

/* Waits for the answers that are still to come. */
static int await_answers(struct publisher *publisher)
{
    struct publisher_result *result = &publisher->result;
    uint64_t limit_ns = clock_now_ns() + ANSWER_LIMIT_NS;

    while (result->progress.answered < result->sent) {
        uint64_t now_ns = clock_now_ns();

        if (atomic_load(&publisher->is_stopped) && limit_ns > now_ns + STOPPED_LIMIT_NS)
            limit_ns = now_ns + STOPPED_LIMIT_NS;
        if (now_ns >= limit_ns) {
            if (!result->progress.error[0])
                snprintf(result->progress.error, sizeof(result->progress.error), "answers are missing");
            return -1;
        }
        sleep_until(publisher, now_ns + SLICE_NS);
        if (publisher->options.outlet->pump(publisher->outlet, &result->progress) < 0)
            return -1;
    }
    return 0;
}

/* Tells in the result what became of a step without the thread. */
static int conclude(struct publisher *publisher, int outcome)
{
    if (outcome < 0)
        publisher->result.is_broken = true;
    publisher->result.finished_ns = clock_now_ns();
    return outcome;
}

int publisher_send(struct publisher *publisher)
{
    struct publisher_result *result = &publisher->result;

    if (result->sent == 0)
        result->started_ns = clock_now_ns();
    if (append_next(publisher) < 0)
        return conclude(publisher, -1);
    do {
        if (publisher->options.outlet->pump(publisher->outlet, &result->progress) < 0)
            return conclude(publisher, -1);
        if (result->progress.has_backlog)
            sleep_until(publisher, clock_now_ns() + SLICE_NS);
    } while (result->progress.has_backlog);
    return conclude(publisher, 0);
}

int publisher_settle(struct publisher *publisher)
{
    return conclude(publisher, await_answers(publisher));
}

static void *run(void *argument)
{
    struct publisher *publisher = argument;

    publisher->result.started_ns = clock_now_ns();
    if (publish(publisher) < 0)
        publisher->result.is_broken = true;
    publisher->result.finished_ns = clock_now_ns();
    if (!publisher->result.is_broken && await_answers(publisher) < 0)
        publisher->result.is_broken = true;
    atomic_store(&publisher->is_done, true);
    return NULL;
}

int publisher_start(struct publisher *publisher)
{
    sigset_t all;
    sigset_t old;
    int failure;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are the main thread's */
    failure = pthread_create(&publisher->thread, NULL, run, publisher);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (failure) {
        errno = failure;
        return -1;
    }
    publisher->is_started = true;
    return 0;
}

bool publisher_is_done(const struct publisher *publisher)
{
    return !publisher->is_started || atomic_load(&publisher->is_done);
}

void publisher_stop(struct publisher *publisher)
{
    atomic_store(&publisher->is_stopped, true);
}

const struct publisher_result *publisher_result(const struct publisher *publisher)
{
    return &publisher->result;
}

const uint64_t *publisher_published(const struct publisher *publisher)
{
    return publisher->published;
}

void publisher_free(struct publisher *publisher)
{
    if (!publisher)
        return;
    if (publisher->is_started) {
        publisher_stop(publisher);
        pthread_join(publisher->thread, NULL);
    }
    if (publisher->outlet)
        publisher->options.outlet->close(publisher->outlet);
    free(publisher->published);
    free(publisher->names);
    free(publisher->name_lengths);
    free(publisher->payload);
    free(publisher);
}
