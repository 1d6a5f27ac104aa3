/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_response: reads one HTTP/1.1 response (RFC 9112) piece by piece: status line, header fields,
 * then a body that is chunked, of a known length, or lasts until the connection ends. 1xx responses
 * are skipped. Bytes may be cut anywhere. Nothing is allocated; body bytes are handed out where they
 * stand in the caller's buffer. Header lines are looked at up to 256 bytes, the rest is skipped.
 */
#ifndef BENCH_HTTP_RESPONSE_H
#define BENCH_HTTP_RESPONSE_H

#include "answer.h"

#include <stdint.h>

enum http_response_state {
    HTTP_RESPONSE_STATUS_LINE,
    HTTP_RESPONSE_FIELDS,
    HTTP_RESPONSE_BODY_SIZED,
    HTTP_RESPONSE_BODY_ENDLESS,
    HTTP_RESPONSE_CHUNK_SIZE,
    HTTP_RESPONSE_CHUNK_EXTENSION,
    HTTP_RESPONSE_CHUNK_DATA,
    HTTP_RESPONSE_CHUNK_END,
    HTTP_RESPONSE_TRAILERS,
    HTTP_RESPONSE_DONE,
    HTTP_RESPONSE_BROKEN
};

struct http_response {
    enum http_response_state state;
    bool is_cgi;
    bool is_chunked;
    bool has_length;
    bool has_digits;    /* of the chunk size being read */
    uint64_t remaining; /* bytes of this chunk or of the sized body */
    struct answer_head head;
    unsigned line_length; /* full length so far, which may exceed what is kept */
    char line[256];
};

/* Makes ready for a new response. */
void http_response_start(struct http_response *response);

/*
 * The same for the response of a CGI program (RFC 3875 §6.2): there is no status line, a Status field
 * tells the status, and without one it is 200.
 */
void http_response_start_cgi(struct http_response *response);

/*
 * Reads on from `*cursor`, not beyond `end`, and moves `*cursor` behind what it used. Fills `*body`
 * when it returns ANSWER_BODY. To be called until it returns ANSWER_MORE (all bytes used), ANSWER_END
 * or ANSWER_BROKEN.
 */
enum answer_part http_response_next(struct http_response *response, const char **cursor,
                                    const char *end, struct answer_slice *body);

#endif
