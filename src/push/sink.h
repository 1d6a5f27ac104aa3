/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a response's bytes go out: declared here, implemented by the rooms that know a protocol. A sink is owned by its
 * implementer. While a subscriber is attached, the implementer tells it when the sink can take more
 * (subscriber_on_writable) and when the client is gone (subscriber_on_gone); it never does so from inside one of the
 * functions below.
 */
#ifndef PUSH_SINK_H
#define PUSH_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/bytes.h"

struct subscriber;
struct sink;

/* The most bytes that one write should carry: what one FastCGI record holds without padding (FastCGI 1.0 §3.3). */
enum { SINK_WRITE_LIMIT = 65528 };

enum sink_state {
    SINK_READY,   /* takes more */
    SINK_BLOCKED, /* keeps what it was given; subscriber_on_writable follows when that is gone */
};

struct sink_ops {
    /*
     * Sends or keeps the payload (with a reference of its own). While blocked it keeps whatever it is given, so only an
     * answer of known size goes on writing then.
     */
    enum sink_state (*write)(struct sink *sink, struct bytes *payload);

    /* Asks for subscriber_on_writable in the next turn of the loop although the sink is ready. */
    void (*call_back)(struct sink *sink);

    /* The response is complete: the client gets its end once all before it was sent. Detaches the subscriber. */
    void (*end)(struct sink *sink);

    /*
     * As write of the head, write of the body unless it is NULL, and end, but in one: for an answer that is whole. The
     * body is one write's at most.
     */
    void (*finish)(struct sink *sink, const struct buffer *head, struct bytes *body);

    /* Ends at once what cannot go on; what was kept is dropped. Detaches the subscriber. */
    void (*abort)(struct sink *sink);
};

struct sink {
    const struct sink_ops *ops;
    struct subscriber *subscriber; /* attached, or NULL */
};

/* Writes a copy of the buffer's content, for an answer that is made for one client. */
static inline void sink_write_buffer(struct sink *sink, const struct buffer *content)
{
    struct bytes *payload = buffer_to_bytes(content);
    sink->ops->write(sink, payload);
    bytes_unref(payload);
}

#endif
