/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How events look on the wire. A format is a constant table of functions; each event is encoded once per process and
 * the result shared by all its receivers.
 */
#ifndef PUSH_FORMAT_H
#define PUSH_FORMAT_H

#include <stdint.h>

#include "base/buffer.h"
#include "push/message.h"

struct format {
    const char *content_type;

    /* Appends one event. */
    void (*encode)(const struct message *message, struct buffer *out);

    /* What an answer begins with, in place of its first event's first byte, and ends with; else NUL. */
    char array_begin, array_end;

    /* What follows is for formats of streams; else NULL. */

    /* Appends the first line of a block: it moves the client's cursor to `id`. One of the ends below follows. */
    void (*encode_id)(struct event_id id, const char *tag, struct buffer *out);

    /* Appends what tells the client how long to wait before it comes back. No blank line: a block may follow. */
    void (*encode_retry)(int64_t retry_ms, struct buffer *out);

    const char *opening;         /* sent first, so that headers and some body leave in one flush */
    const char *position;        /* ends a block without an event */
    const char *position_event;  /* ends one with an event without data, of a type that nobody listens for */
    const char *heartbeat;       /* invisible to scripts */
    const char *heartbeat_event; /* visible to scripts; with an id before it or not */
};

#endif
