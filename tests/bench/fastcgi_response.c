/* SPDX-License-Identifier: BSD-2-Clause */
#include "fastcgi_response.h"

#include <string.h>

void fastcgi_response_start(struct fastcgi_response *response)
{
    memset(response, 0, sizeof(*response));
    http_response_start_cgi(&response->cgi);
}

/* Reads up to a whole record header; returns -1 when it is none of our request. */
static int take_header(struct fastcgi_response *response, const char **cursor, const char *end)
{
    struct record_header header;
    size_t length = (size_t)(end - *cursor);

    if (length > RECORD_HEADER_LEN - response->header_length)
        length = RECORD_HEADER_LEN - response->header_length;
    memcpy(response->header + response->header_length, *cursor, length);
    response->header_length += (unsigned)length;
    *cursor += length;
    if (response->header_length < RECORD_HEADER_LEN)
        return 0;
    record_header_decode(response->header, &header);
    if (header.version != RECORD_VERSION || header.request_id != 1)
        return -1;
    response->type = header.type;
    response->content_left = header.content_len;
    response->padding_left = header.padding_len;
    return 0;
}

/* Hands the record's content, of which there is some at `*cursor`, to the CGI response. */
static enum answer_part take_stdout(struct fastcgi_response *response, const char **cursor, const char *end,
                                    struct answer_slice *body)
{
    const char *start = *cursor;
    const char *limit = (size_t)(end - start) > response->content_left ? start + response->content_left : end;
    enum answer_part part = http_response_next(&response->cgi, cursor, limit, body);

    if (part == ANSWER_END) { /* all of the announced length is there: the rest is surplus */
        *cursor = limit;
        part = ANSWER_MORE;
    }
    response->content_left -= (unsigned)(*cursor - start);
    return part;
}

static void skip(unsigned *left, const char **cursor, const char *end)
{
    size_t length = (size_t)(end - *cursor);

    if (length > *left)
        length = *left;
    *cursor += length;
    *left -= (unsigned)length;
}

/* The record's last byte is behind. */
static bool is_record_over(const struct fastcgi_response *response)
{
    return response->header_length == RECORD_HEADER_LEN && response->content_left == 0 && response->padding_left == 0;
}

enum answer_part fastcgi_response_next(struct fastcgi_response *response, const char **cursor, const char *end,
                                       struct answer_slice *body)
{
    while (!response->is_broken && !response->is_complete && *cursor < end) {
        if (response->header_length < RECORD_HEADER_LEN) {
            response->is_broken = take_header(response, cursor, end) < 0;
        } else if (response->content_left > 0 && response->type == RECORD_STDOUT) {
            enum answer_part part = take_stdout(response, cursor, end, body);

            response->is_broken = part == ANSWER_BROKEN;
            if (part != ANSWER_MORE && part != ANSWER_BROKEN) {
                if (is_record_over(response))
                    response->header_length = 0;
                return part;
            }
        } else if (response->content_left > 0) {
            skip(&response->content_left, cursor, end);
        } else {
            skip(&response->padding_left, cursor, end);
        }
        if (!response->is_broken && is_record_over(response)) {
            response->header_length = 0;
            response->is_complete = response->type == RECORD_END_REQUEST;
        }
    }
    return response->is_broken ? ANSWER_BROKEN : response->is_complete ? ANSWER_END : ANSWER_MORE;
}
