/* SPDX-License-Identifier: BSD-2-Clause */
/* CGI responses (RFC 3875 §6): the status, the headers that every answer carries, and errors as JSON. */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/span.h"

/* An error answer: what is wrong as a code for programs and as a sentence that says what to change. */
struct http_error {
    int status;
    const char *code;
    char message[240];
};

/*
 * Sets the error (printf-style) and returns -1, so that `return http_error_set(…)` reads well. Bytes that came from the
 * client may be part of it: they are repaired when the answer is written.
 */
int http_error_set(struct http_error *error, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* How much of what a client sent is shown in an error: the precision of its %.*s. */
static inline int http_error_shown_len(struct span text)
{
    enum { LIMIT = 64 };
    return text.len < LIMIT ? (int)text.len : LIMIT;
}

/*
 * Begins a response: the status line of a known status, what caches may do (RFC 9111 §5.2), and the headers of all
 * answers. More header lines may follow.
 */
void response_begin(struct buffer *out, int status, const char *cache_control);

/* Ends the headers. */
void response_end_headers(struct buffer *out);

/* Ends the headers of a response begun with error->status and appends its JSON body unless `is_head`. */
void response_add_error(struct buffer *out, const struct http_error *error, bool is_head);

#endif
