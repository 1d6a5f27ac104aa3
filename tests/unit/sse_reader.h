/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An event-stream parser written from the specification alone (WHATWG HTML §9.2.5 and §9.2.6), so that it can judge
 * what the formats write: it takes any pieces, knows all three line ends, and collects what a browser would dispatch.
 */
#ifndef UNIT_SSE_READER_H
#define UNIT_SSE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct sse_event {
    struct buffer type; /* "message" when the stream named none */
    struct buffer data;
    struct buffer last_id;
};

/* Zero-initialise. */
struct sse_reader {
    struct sse_event *events; /* in the order of their dispatch */
    size_t count;
    struct buffer last_id; /* what a reconnect would send */
    int64_t retry_ms;      /* 0: none was given */
    size_t comments;
    size_t blank_lines;
    size_t strange_lines; /* fields that the specification does not know, or with values that it ignores */

    /* private */
    struct buffer line, id, type, data;
    size_t lines;
    bool is_after_cr;
};

void sse_reader_feed(struct sse_reader *reader, const char *bytes, size_t len);
void sse_reader_fini(struct sse_reader *reader);

/* Whether the last id came with an event: those of Firefox, WebKit and npm know no other. */
bool sse_reader_has_id_of_event(const struct sse_reader *reader);

/* True between events: no line and no event is half read. */
bool sse_reader_is_between_events(const struct sse_reader *reader);

#endif
