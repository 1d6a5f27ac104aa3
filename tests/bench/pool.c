/* SPDX-License-Identifier: BSD-2-Clause */
#include "pool.h"

#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define NONE UINT32_MAX
#define EVENTS_MAX 512
#define BUFFER_SIZE (256u << 10)
#define AWAY_STEP_NS (20 * (uint64_t)CLOCK_NS_PER_MS)
#define SWEEP_STEP_NS (500 * (uint64_t)CLOCK_NS_PER_MS)

static void ready_append(struct pool *pool, struct stream *stream)
{
    unsigned index = (unsigned)(stream - pool->streams);

    stream->state = STREAM_READY;
    stream->next = NONE;
    if (pool->ready_last == NONE)
        pool->ready_first = index;
    else
        pool->streams[pool->ready_last].next = index;
    pool->ready_last = index;
    pool->ready++;
}

static struct stream *ready_take(struct pool *pool)
{
    struct stream *stream = &pool->streams[pool->ready_first];

    pool->ready_first = stream->next;
    if (pool->ready_first == NONE)
        pool->ready_last = NONE;
    pool->ready--;
    return stream;
}

int pool_init(struct pool *pool, const struct pool_options *options)
{
    memset(pool, 0, sizeof(*pool));
    pool->options = *options;
    pool->ready_first = pool->ready_last = pool->away_first = NONE;
    pool->random = clock_now_ns() | 1;
    pool->env = (struct stream_env){
        .transport = options->transport,
        .address = options->address,
        .path = options->path,
        .last_event_id = options->last_event_id,
        .tally = options->tally,
        .buffer = malloc(BUFFER_SIZE),
        .buffer_size = BUFFER_SIZE,
    };
    pool->streams = calloc(options->streams, sizeof(*pool->streams));
    pool->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (!pool->env.buffer || !pool->streams || pool->epoll_fd < 0) {
        free(pool->env.buffer);
        free(pool->streams);
        if (pool->epoll_fd >= 0)
            close(pool->epoll_fd);
        return -1;
    }
    for (unsigned i = 0; i < options->streams; i++) {
        stream_init(&pool->streams[i], i % options->channels);
        pool->streams[i].is_slow = i >= options->streams - options->slow;
        ready_append(pool, &pool->streams[i]);
    }
    return 0;
}

void pool_fini(struct pool *pool)
{
    for (unsigned i = 0; i < pool->options.streams; i++)
        stream_fini(&pool->streams[i]);
    close(pool->epoll_fd);
    free(pool->streams);
    free(pool->env.buffer);
}

static void note(char *first, size_t size, const char *reason)
{
    if (!first[0])
        snprintf(first, size, "%s", reason);
}

/* The time to stay away: what the server told, else 1 to 3 s. */
static uint64_t retry_ns(struct pool *pool, const struct stream *stream)
{
    if (stream->parser.retry_ms > 0)
        return (uint64_t)stream->parser.retry_ms * CLOCK_NS_PER_MS;
    pool->random ^= pool->random << 13;
    pool->random ^= pool->random >> 7;
    pool->random ^= pool->random << 17;
    return (1000 + pool->random % 2000) * CLOCK_NS_PER_MS;
}

/* A connection that was opening, or open if `was_open`, is closed: decides what becomes of the stream. */
static void stream_is_over(struct pool *pool, struct stream *stream, bool was_open)
{
    if (stream->openings == 0) {
        pool->open_errors++;
        note(pool->first_error, sizeof(pool->first_error), pool->env.reason);
        return;
    }
    note(pool->first_end, sizeof(pool->first_end), pool->env.reason);
    if (was_open)
        pool->disconnects++;
    if (!pool->options.reconnect || stream->is_refused) {
        pool->ended++;
        return;
    }
    if (!was_open)
        pool->reopen_failures++;
    stream->state = STREAM_AWAY;
    stream->due_ns = clock_now_ns() + retry_ns(pool, stream);
    stream->next = pool->away_first;
    pool->away_first = (unsigned)(stream - pool->streams);
    if (pool->away == 0 || stream->due_ns < pool->away_due_ns)
        pool->away_due_ns = stream->due_ns;
    pool->away++;
}

static void connect_one(struct pool *pool)
{
    struct stream *stream = ready_take(pool);
    struct epoll_event event = {
        .events = EPOLLOUT,
        .data.u32 = (uint32_t)(stream - pool->streams),
    };

    if (stream_connect(stream, &pool->env) == STREAM_OVER) {
        stream_is_over(pool, stream, false);
        return;
    }
    if (epoll_ctl(pool->epoll_fd, EPOLL_CTL_ADD, stream->fd, &event) < 0) {
        snprintf(pool->env.reason, sizeof(pool->env.reason), "epoll_ctl failed");
        stream_close(stream, STREAM_ENDED);
        stream_is_over(pool, stream, false);
        return;
    }
    stream->due_ns = clock_now_ns() + pool->options.open_limit_ns;
    pool->opening++;
}

static void serve_writable(struct pool *pool, struct stream *stream)
{
    struct epoll_event event = {
        .events = EPOLLIN,
        .data.u32 = (uint32_t)(stream - pool->streams),
    };

    if (stream_write(stream, &pool->env) == STREAM_OVER) {
        pool->opening--;
        stream_is_over(pool, stream, false);
    } else if (stream->state == STREAM_ASKED) {
        (void)epoll_ctl(pool->epoll_fd, EPOLL_CTL_MOD, stream->fd, &event);
    }
}

/* From now on only the end of the connection is heard of. */
static void read_no_more(struct pool *pool, struct stream *stream)
{
    struct epoll_event event = {.events = EPOLLRDHUP, .data.u32 = (uint32_t)(stream - pool->streams)};

    (void)epoll_ctl(pool->epoll_fd, EPOLL_CTL_MOD, stream->fd, &event);
}

/* A stream that does not read is told that its connection is over. */
static void serve_slow(struct pool *pool, struct stream *stream)
{
    snprintf(pool->env.reason, sizeof(pool->env.reason), "closed on a client that does not read");
    stream_close(stream, STREAM_ENDED);
    pool->open--;
    stream_is_over(pool, stream, true);
}

static void serve_readable(struct pool *pool, struct stream *stream)
{
    bool was_opening = stream->state == STREAM_ASKED;
    unsigned openings = stream->openings;
    enum stream_outcome outcome = stream_read(stream, &pool->env);
    bool has_opened = stream->openings > openings;

    if (was_opening && has_opened) {
        pool->opening--;
        pool->open++;
        if (stream->openings == 1)
            pool->opened++;
        else
            pool->reconnects++;
    }
    if (has_opened && outcome == STREAM_STAYS && stream->is_slow)
        read_no_more(pool, stream);
    if (outcome == STREAM_OVER) {
        bool was_open = !was_opening || has_opened;

        if (was_open)
            pool->open--;
        else
            pool->opening--;
        stream_is_over(pool, stream, was_open);
    }
}

/* Moves the streams whose time has come from the away list to the ready list. */
static void bring_back(struct pool *pool, uint64_t now_ns)
{
    unsigned *link = &pool->away_first;
    uint64_t due_ns = UINT64_MAX;

    while (*link != NONE) {
        struct stream *stream = &pool->streams[*link];

        if (stream->due_ns <= now_ns) {
            *link = stream->next;
            pool->away--;
            ready_append(pool, stream);
        } else {
            if (stream->due_ns < due_ns)
                due_ns = stream->due_ns;
            link = &stream->next;
        }
    }
    pool->away_due_ns = due_ns < now_ns + AWAY_STEP_NS ? now_ns + AWAY_STEP_NS : due_ns;
}

/* Ends the connections that take too long to open. */
static void sweep(struct pool *pool, uint64_t now_ns)
{
    for (unsigned i = 0; i < pool->options.streams; i++) {
        struct stream *stream = &pool->streams[i];

        if ((stream->state == STREAM_CONNECTING || stream->state == STREAM_ASKED) && stream->due_ns <= now_ns) {
            snprintf(pool->env.reason, sizeof(pool->env.reason), "not open after %.3g s",
                     (double)pool->options.open_limit_ns / CLOCK_NS_PER_S);
            stream_close(stream, STREAM_ENDED);
            pool->opening--;
            stream_is_over(pool, stream, false);
        }
    }
}

void pool_turn(struct pool *pool, int timeout_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int count;

    while (pool->ready > 0 && pool->opening < pool->options.burst)
        connect_one(pool);
    if (pool->away > 0 && timeout_ms > 20)
        timeout_ms = 20;

    count = epoll_wait(pool->epoll_fd, events, EVENTS_MAX, timeout_ms);
    for (int i = 0; i < count; i++) {
        struct stream *stream = &pool->streams[events[i].data.u32];

        if (stream->state == STREAM_CONNECTING)
            serve_writable(pool, stream);
        else if (stream->is_slow && stream->state == STREAM_OPEN)
            serve_slow(pool, stream);
        else
            serve_readable(pool, stream);
    }
    if (pool->away > 0 || pool->opening > 0) {
        uint64_t now_ns = clock_now_ns();

        if (pool->away > 0 && now_ns >= pool->away_due_ns)
            bring_back(pool, now_ns);
        if (pool->opening > 0 && now_ns >= pool->sweep_due_ns) {
            sweep(pool, now_ns);
            pool->sweep_due_ns = now_ns + SWEEP_STEP_NS;
        }
    }
}

bool pool_is_settled(const struct pool *pool)
{
    return pool->ready == 0 && pool->opening == 0 && pool->away == 0;
}

void pool_give_up(struct pool *pool)
{
    unsigned ready = pool->ready;

    while (ready-- > 0) {
        struct stream *stream = ready_take(pool);

        if (stream->openings > 0) {
            ready_append(pool, stream);
            continue;
        }
        snprintf(pool->env.reason, sizeof(pool->env.reason), "no time was left to connect");
        stream_close(stream, STREAM_ENDED);
        stream_is_over(pool, stream, false);
    }
    for (unsigned i = 0; i < pool->options.streams; i++) {
        struct stream *stream = &pool->streams[i];

        if (stream->openings == 0 && stream->state != STREAM_ENDED) {
            snprintf(pool->env.reason, sizeof(pool->env.reason), "no time was left to open");
            stream_close(stream, STREAM_ENDED);
            pool->opening--;
            stream_is_over(pool, stream, false);
        }
    }
}

unsigned pool_sockets(const struct pool *pool, struct pollfd *sockets)
{
    unsigned count = 0;

    for (unsigned i = 0; i < pool->options.streams; i++) {
        const struct stream *stream = &pool->streams[i];

        if (stream->state == STREAM_OPEN && !stream->is_slow)
            sockets[count++].fd = stream->fd;
    }
    return count;
}

uint64_t pool_missing(const struct pool *pool, const uint64_t *published, bool only_alive)
{
    uint64_t missing = 0;

    for (unsigned i = 0; i < pool->options.streams; i++) {
        const struct stream *stream = &pool->streams[i];

        if (stream->openings > 0 && !stream->is_slow && !(only_alive && stream->state == STREAM_ENDED))
            missing += sequence_missing(&stream->sequence, published ? published[stream->channel] : 0);
    }
    return missing;
}

uint64_t pool_expected(const struct pool *pool, const uint64_t *published)
{
    uint64_t expected = 0;

    for (unsigned i = 0; i < pool->options.streams; i++) {
        const struct stream *stream = &pool->streams[i];

        if (stream->openings == 0 || stream->is_slow)
            continue;
        expected += published[stream->channel];
        if (stream->sequence.first > 1) /* joined in mid-sequence */
            expected -= stream->sequence.first - 1;
    }
    return expected;
}
