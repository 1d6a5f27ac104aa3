/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of FastCGI records (FastCGI 1.0 §3.3, §8): pure encoding and decoding, no state. */
#ifndef FCGI_RECORD_H
#define FCGI_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"

enum {
    RECORD_VERSION = 1,
    RECORD_HEADER_LEN = 8,
    RECORD_CONTENT_LIMIT = 65535,
    RECORD_BEGIN_LEN = 8,
};

enum record_type {
    RECORD_BEGIN_REQUEST = 1,
    RECORD_ABORT_REQUEST = 2,
    RECORD_END_REQUEST = 3,
    RECORD_PARAMS = 4,
    RECORD_STDIN = 5,
    RECORD_STDOUT = 6,
    RECORD_STDERR = 7,
    RECORD_DATA = 8,
    RECORD_GET_VALUES = 9,
    RECORD_GET_VALUES_RESULT = 10,
    RECORD_UNKNOWN_TYPE = 11,
};

enum record_role { RECORD_ROLE_RESPONDER = 1, RECORD_ROLE_AUTHORIZER = 2, RECORD_ROLE_FILTER = 3 };

enum { RECORD_FLAG_KEEP_CONN = 1 };

enum record_protocol_status {
    RECORD_REQUEST_COMPLETE = 0,
    RECORD_CANT_MPX_CONN = 1,
    RECORD_OVERLOADED = 2,
    RECORD_UNKNOWN_ROLE = 3,
};

struct record_header {
    uint8_t version;
    uint8_t type;
    uint16_t request_id; /* 0: a management record */
    uint16_t content_len;
    uint8_t padding_len;
};

void record_header_encode(const struct record_header *header, uint8_t out[RECORD_HEADER_LEN]);
void record_header_decode(const uint8_t in[RECORD_HEADER_LEN], struct record_header *header);

/* The padding that rounds content up to a multiple of eight bytes, as §3.3 recommends. */
uint8_t record_padding(size_t content_len);

/* The bytes that a record with so much content takes, header and padding included. */
size_t record_size(size_t content_len);

/*
 * Writes a record with up to RECORD_CONTENT_LIMIT bytes of content, padded, to `out`: record_size(len) bytes. Returns
 * where they end.
 */
char *record_put(char *out, enum record_type type, uint16_t request_id, const void *content, size_t len);

/* The same for a part of a stream (§3.3) of any length: as many records as it needs, none for nothing. */
size_t record_stream_size(size_t len);
char *record_put_stream(char *out, enum record_type type, uint16_t request_id, struct span content);

/* Appends a record with up to RECORD_CONTENT_LIMIT bytes of content, padded. */
void record_add(struct buffer *out, enum record_type type, uint16_t request_id, const void *content, size_t len);

/* Appends a BEGIN_REQUEST record (§5.1). */
void record_add_begin(struct buffer *out, uint16_t request_id, enum record_role role, uint8_t flags);

/* Appends an END_REQUEST record with application status 0 (§5.5). */
void record_add_end(struct buffer *out, uint16_t request_id, enum record_protocol_status status);

/* Appends an UNKNOWN_TYPE record (§4.2). */
void record_add_unknown_type(struct buffer *out, uint8_t type);

/* Appends a name-value pair (§3.4). Lengths are below 2^31. */
void record_add_pair(struct buffer *out, struct span name, struct span value);

/* Takes a name-value pair off the front of *content. False when there is no whole one. */
bool record_take_pair(struct span *content, struct span *name, struct span *value);

#endif
