/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer: what comes back on a stream's connection, in the words that every transport shares. A
 * transport cuts the bytes it receives into parts: a head, slices of the body, an end.
 */
#ifndef BENCH_ANSWER_H
#define BENCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

enum answer_part {
    ANSWER_MORE,  /* all bytes are used up; more are needed */
    ANSWER_HEAD,  /* the head is complete; comes once, before any body */
    ANSWER_BODY,  /* a slice of the body */
    ANSWER_END,   /* the answer is complete */
    ANSWER_BROKEN /* the bytes break the protocol */
};

/* A piece of the receive buffer; valid until the buffer is filled anew. */
struct answer_slice {
    const char *start;
    size_t length;
};

struct answer_head {
    int status;            /* 0 until it is known */
    char content_type[64]; /* as sent, cut if longer; empty when there was none */
};

/* Whether the media type, without its parameters, is text/event-stream. */
bool answer_is_event_stream(const struct answer_head *head);

#endif
