/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stream: one event stream as a client holds it: a connection, the transport's reader, the event
 * parser, and the sequence of its channel. What is received goes through these three in turn and ends
 * in the tally. It owns its descriptor and its sequence; who waits for what, and when to come back,
 * is the pool's business.
 *
 * Invariant: fd is -1 exactly in the states READY, AWAY and ENDED. The sequence and the last event id
 * live through reconnecting; all else begins anew with each connection.
 */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include "address.h"
#include "sequence.h"
#include "sse_parser.h"
#include "tally.h"
#include "transport.h"

enum stream_state {
    STREAM_READY,      /* waits for its turn to connect */
    STREAM_CONNECTING, /* connect or the request is under way */
    STREAM_ASKED,      /* the request is sent; no body byte has come */
    STREAM_OPEN,       /* the first body bytes have come */
    STREAM_AWAY,       /* ended, waits until due_ns to come back */
    STREAM_ENDED       /* for good */
};

struct stream {
    enum stream_state state;
    int fd;
    unsigned channel;
    bool is_slow;          /* reads nothing once it is open */
    bool is_refused;       /* the answer was one that forbids to come back */
    unsigned openings;     /* how many connections became open */
    unsigned request_sent; /* bytes */
    unsigned next;         /* the pool's link */
    uint64_t due_ns;       /* AWAY: when to come back; CONNECTING, ASKED: when to give up */
    struct sequence sequence;
    struct sse_parser parser;
    union transport_state wire;
};

/* What all streams share; owned by the pool. */
struct stream_env {
    const struct transport *transport;
    const struct address *address;
    const char *path;          /* a pattern */
    const char *last_event_id; /* of a stream that has none yet; empty: none */
    struct tally *tally;
    char *buffer;
    size_t buffer_size;
    char reason[160]; /* why the last stream was over */
};

enum stream_outcome {
    STREAM_STAYS,
    STREAM_OVER /* the connection is closed, the state ENDED; env->reason says why */
};

/* Makes a stream of `channel` that is READY. */
void stream_init(struct stream *stream, unsigned channel);

/* Closes and frees what it holds. */
void stream_fini(struct stream *stream);

/* Begins to connect: STREAM_STAYS with a descriptor that becomes writable, or STREAM_OVER. */
enum stream_outcome stream_connect(struct stream *stream, struct stream_env *env);

/*
 * The descriptor of a CONNECTING stream is writable: sends the request. STREAM_STAYS, and the state
 * is ASKED once all of it is sent; or STREAM_OVER.
 */
enum stream_outcome stream_write(struct stream *stream, struct stream_env *env);

/*
 * The descriptor is readable: receives once, up to the buffer's size, and accounts for it. One call
 * may open a stream and find it over.
 */
enum stream_outcome stream_read(struct stream *stream, struct stream_env *env);

/* Closes the connection, if any, and sets the state, one of READY, AWAY and ENDED. */
void stream_close(struct stream *stream, enum stream_state state);

#endif
