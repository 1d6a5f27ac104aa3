/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fastcgi_response: takes one FastCGI answer apart piece by piece, as a web server does (FastCGI 1.0 §3.3, §5): the
 * content of the STDOUT records is a CGI response, the END_REQUEST record its end. Bytes may be cut anywhere. Nothing
 * is allocated; body bytes are handed out where they stand in the caller's buffer. Request id 1 is the only one.
 */
#ifndef BENCH_FASTCGI_RESPONSE_H
#define BENCH_FASTCGI_RESPONSE_H

#include "http_response.h"

#include "fcgi/record.h"

struct fastcgi_response {
    struct http_response cgi;
    bool is_complete; /* END_REQUEST came */
    bool is_broken;
    uint8_t type; /* of the record being read */
    uint8_t header[RECORD_HEADER_LEN];
    unsigned header_length;
    unsigned content_left; /* bytes of this record that are still to come */
    unsigned padding_left;
};

/* Makes ready for a new answer. */
void fastcgi_response_start(struct fastcgi_response *response);

/* As http_response_next. The end is the END_REQUEST record with all of its padding, whatever the head tells. */
enum answer_part fastcgi_response_next(struct fastcgi_response *response, const char **cursor, const char *end,
                                       struct answer_slice *body);

#endif
