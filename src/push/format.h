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

    /* Appends what moves the client's cursor to `id` without an event. */
    void (*encode_position)(struct event_id id, const char *tag, struct buffer *out);

    /* Appends the same as an event without data, of a type that nobody listens for. */
    void (*encode_position_event)(struct event_id id, const char *tag, struct buffer *out);

    /* Appends what tells the client how long to wait before it comes back. No blank line: a block may follow. */
    void (*encode_retry)(int64_t retry_ms, struct buffer *out);

    const char *opening;         /* sent first, so that headers and some body leave in one flush */
    const char *heartbeat;       /* invisible to scripts */
    const char *heartbeat_event; /* visible to scripts */

    /* Appends a heartbeat event that moves the client's cursor to `id` as well. */
    void (*encode_heartbeat_event)(struct event_id id, const char *tag, struct buffer *out);
};

#endif
