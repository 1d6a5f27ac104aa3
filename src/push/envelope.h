/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an application PUBLISHes: the data itself, or a JSON object that also names event, id and retry. An object with
 * any other member, or without `data`, is data: nothing that an application sends by accident is taken apart.
 */
#ifndef PUSH_ENVELOPE_H
#define PUSH_ENVELOPE_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"

enum { ENVELOPE_EVENT_LIMIT = 128, ENVELOPE_ID_LIMIT = 64, ENVELOPE_RETRY_LIMIT_MS = 86400000 };

/* Zero-initialise; reusable. Spans are valid until the next envelope_parse and as long as the payload. */
struct envelope {
    struct span data;
    struct span event; /* empty: none given; else 1 to 128 bytes without CR, LF, NUL, not a reserved name */
    struct span id;    /* empty: none given; else 1 to 64 visible characters safe in a CORS header */
    int64_t retry_ms;  /* 0: none given; else 1 to 86,400,000 */
    unsigned dropped;  /* members left out because they broke these rules */
    struct buffer decoded_data, decoded_event, decoded_id; /* private */
};

/* Reads a payload. */
void envelope_parse(struct envelope *envelope, struct span payload);

/* The members apart, as texts; what is empty was not given. */
struct envelope_fields {
    struct span data, event, id, retry;
};

/* Takes over the members, by the same rules. */
void envelope_set(struct envelope *envelope, const struct envelope_fields *fields);

void envelope_fini(struct envelope *envelope);

#endif
