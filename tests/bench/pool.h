/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool: all streams of a run and the epoll loop that serves them. It opens them a burst at a time,
 * lets each receive, and brings those that ended back after the time they were told (WHATWG HTML
 * §9.2.3). It owns the streams, the receive buffer and the epoll descriptor.
 *
 * Invariant: each stream is in exactly one of: the ready list (READY), the away list (AWAY), counted
 * in `opening` (CONNECTING, ASKED), counted in `open` (OPEN), or over for good (ENDED) and then
 * counted in open_errors if it was never open, else in `ended`.
 */
#ifndef BENCH_POOL_H
#define BENCH_POOL_H

#include "stream.h"

#include <poll.h>

struct pool_options {
    const struct transport *transport;
    const struct address *address;
    const char *path;          /* a pattern of the channel's number; must outlive the pool */
    const char *last_event_id; /* with which each stream first asks; empty: none */
    unsigned streams;          /* stream i has channel i modulo channels */
    unsigned slow;             /* the last ones of them, which read nothing once they are open */
    unsigned channels;
    unsigned burst;         /* how many may be opening at a time */
    uint64_t open_limit_ns; /* for one connection, from connecting to open */
    bool reconnect;
    struct tally *tally;
};

struct pool {
    unsigned ready; /* streams in each of these conditions now */
    unsigned opening;
    unsigned open;
    unsigned away;

    unsigned opened;          /* streams that were open at least once */
    unsigned open_errors;     /* that never were, and will not be */
    unsigned ended;           /* that were, and will not be again */
    uint64_t disconnects;     /* ends of open connections */
    uint64_t reconnects;      /* openings after the first */
    uint64_t reopen_failures; /* attempts to come back that failed and will be repeated */
    char first_error[160];    /* reason of the first open error; empty if none */
    char first_end[160];      /* reason of the first disconnect or failure to come back */

    /* private */
    struct pool_options options;
    struct stream_env env;
    struct stream *streams;
    int epoll_fd;
    unsigned ready_first, ready_last;
    unsigned away_first;
    uint64_t away_due_ns;
    uint64_t sweep_due_ns;
    uint64_t random;
};

/* Makes all streams ready; none connects yet. Returns 0, or -1 with errno. */
int pool_init(struct pool *pool, const struct pool_options *options);

/* Closes all connections and frees everything. */
void pool_fini(struct pool *pool);

/* One turn: connects what is ready, waits up to `timeout_ms` for events, serves them. */
void pool_turn(struct pool *pool, int timeout_ms);

/* Whether every stream is either open or over for good. */
bool pool_is_settled(const struct pool *pool);

/* Makes open errors of all streams that were never open. */
void pool_give_up(struct pool *pool);

/*
 * Puts the descriptors of all open streams that read into `sockets`, which has room for all streams, in the order in
 * which they were first opened; returns how many.
 */
unsigned pool_sockets(const struct pool *pool, struct pollfd *sockets);

/*
 * How many messages the streams that read miss, where `published[channel]` were published (NULL: up to the
 * last one each stream saw). With `only_alive`, streams that ended are left out.
 */
uint64_t pool_missing(const struct pool *pool, const uint64_t *published, bool only_alive);

/*
 * How many deliveries there ought to be: for each stream that reads and was ever open its channel's
 * number.
 */
uint64_t pool_expected(const struct pool *pool, const uint64_t *published);

#endif
