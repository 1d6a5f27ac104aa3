/* SPDX-License-Identifier: BSD-2-Clause */
/* The web server's end of FastCGI, for tests: makes requests, and takes apart what comes back. */
#ifndef UNIT_FCGI_PEER_H
#define UNIT_FCGI_PEER_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/span.h"
#include "fcgi/record.h"

/* Appends PARAMS from "NAME=value" strings, NULL-terminated, without their end. */
void peer_add_params(struct buffer *out, uint16_t id, const char *const *strings);

/* Appends a whole request with an empty body: BEGIN, PARAMS, their end, the end of STDIN. */
void peer_add_request(struct buffer *out, uint16_t id, uint8_t flags, const char *const *strings);

/* What came back, in the order of its records. */
struct peer_answer {
    struct buffer out;   /* content of STDOUT of request `id` */
    unsigned ends;       /* END_REQUEST records of `id` ... */
    int protocol_status; /* ... and what the last one said */
    unsigned others;     /* records of other ids or types */
    bool is_out_closed;  /* an empty STDOUT came */
};

/* Takes whole, well-formed, padded records off the front of *bytes up to END_REQUEST of the request. Fails the test
 * else. */
void peer_take_answer(struct span *bytes, uint16_t id, struct peer_answer *answer);

/* Takes one record; false when none is there whole. */
bool peer_take_record(struct span *bytes, struct record_header *header, struct span *content);

/* Appends what can be read from the descriptor now, up to `limit` bytes. Returns false at its end. */
bool peer_read(int fd, struct buffer *out, size_t limit);

/* Writes all of it, of which the descriptor must take all. */
void peer_write(int fd, const struct buffer *bytes);

#endif
