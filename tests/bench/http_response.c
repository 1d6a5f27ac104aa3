/* SPDX-License-Identifier: BSD-2-Clause */
#include "http_response.h"

#include <string.h>
#include <strings.h>

void http_response_start(struct http_response *response)
{
    memset(response, 0, sizeof(*response));
}

void http_response_start_cgi(struct http_response *response)
{
    http_response_start(response);
    response->is_cgi = true;
    response->state = HTTP_RESPONSE_FIELDS;
    response->head.status = 200;
}

static enum answer_part broken(struct http_response *response)
{
    response->state = HTTP_RESPONSE_BROKEN;
    return ANSWER_BROKEN;
}

/*
 * Moves `*cursor` behind the next LF and returns true when a line is complete; its beginning then
 * stands in response->line, ended by NUL, without CR and LF.
 */
static bool take_line(struct http_response *response, const char **cursor, const char *end)
{
    const size_t room = sizeof(response->line) - 1;
    const char *lf = memchr(*cursor, '\n', (size_t)(end - *cursor));
    size_t length = (size_t)((lf ? lf : end) - *cursor);

    if (response->line_length < room) {
        size_t kept = room - response->line_length;

        if (kept > length)
            kept = length;
        memcpy(response->line + response->line_length, *cursor, kept);
    }
    if (length > 1u << 20)
        length = 1u << 20; /* only "longer than the buffer" matters */
    response->line_length += (unsigned)length;
    if (response->line_length > 1u << 20)
        response->line_length = 1u << 20;
    if (!lf) {
        *cursor = end;
        return false;
    }
    *cursor = lf + 1;
    length = response->line_length < room ? response->line_length : room;
    if (length > 0 && response->line[length - 1] == '\r')
        length--;
    response->line[length] = '\0';
    response->line_length = 0;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int read_status(struct http_response *response, const char *text)
{
    if (!is_digit(text[0]) || !is_digit(text[1]) || !is_digit(text[2]))
        return -1;
    response->head.status = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
    return 0;
}

static int read_status_line(struct http_response *response)
{
    const char *line = response->line;

    if (strncmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]) || line[8] != ' ')
        return -1;
    return read_status(response, line + 9);
}

/* The value of the header line when its name is `name`, else NULL. */
static char *field_value(char *line, const char *name)
{
    size_t length = strlen(name);
    char *value = line + length;
    size_t value_length;

    if (strncasecmp(line, name, length) != 0 || *value != ':')
        return NULL;
    value += 1 + strspn(value + 1, " \t");
    value_length = strlen(value);
    while (value_length > 0 && strchr(" \t", value[value_length - 1]))
        value[--value_length] = '\0';
    return value;
}

static int read_field(struct http_response *response)
{
    char *value;

    if ((value = field_value(response->line, "Content-Type"))) {
        size_t length = strnlen(value, sizeof(response->head.content_type) - 1);

        memcpy(response->head.content_type, value, length);
        response->head.content_type[length] = '\0';
    } else if (response->is_cgi && (value = field_value(response->line, "Status"))) {
        return read_status(response, value);
    } else if ((value = field_value(response->line, "Transfer-Encoding"))) {
        if (strcasecmp(value, "chunked") != 0)
            return -1; /* none other was offered */
        response->is_chunked = true;
    } else if ((value = field_value(response->line, "Content-Length"))) {
        uint64_t length = 0;

        if (!*value)
            return -1;
        for (; *value; value++) {
            if (!is_digit(*value) || length > UINT64_MAX / 100)
                return -1;
            length = length * 10 + (uint64_t)(*value - '0');
        }
        response->has_length = true;
        response->remaining = length;
    }
    return 0;
}

/* RFC 9112 §6.3: how long the body is. */
static enum http_response_state body_state(const struct http_response *response)
{
    if (response->head.status == 204 || response->head.status == 304)
        return HTTP_RESPONSE_DONE;
    if (response->is_chunked)
        return HTTP_RESPONSE_CHUNK_SIZE;
    if (response->has_length)
        return response->remaining ? HTTP_RESPONSE_BODY_SIZED : HTTP_RESPONSE_DONE;
    return HTTP_RESPONSE_BODY_ENDLESS;
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Reads digits of a chunk's size; returns -1 when it is too large. */
static int read_chunk_size(struct http_response *response, const char **cursor, const char *end)
{
    while (*cursor < end) {
        int digit = hex_value(**cursor);

        if (digit < 0) {
            response->state = HTTP_RESPONSE_CHUNK_EXTENSION;
            return response->has_digits ? 0 : -1;
        }
        if (response->remaining >> 56)
            return -1;
        response->remaining = response->remaining << 4 | (uint64_t)digit;
        response->has_digits = true;
        (*cursor)++;
    }
    return 0;
}

/* Hands out up to response->remaining bytes, of which there is at least one at `*cursor`. */
static enum answer_part take_body(struct http_response *response, const char **cursor,
                                  const char *end, struct answer_slice *body)
{
    size_t length = (size_t)(end - *cursor);

    if (length > response->remaining)
        length = (size_t)response->remaining;
    body->start = *cursor;
    body->length = length;
    *cursor += length;
    response->remaining -= length;
    return ANSWER_BODY;
}

enum answer_part http_response_next(struct http_response *response, const char **cursor,
                                    const char *end, struct answer_slice *body)
{
    for (;;) {
        if (response->state == HTTP_RESPONSE_DONE)
            return ANSWER_END;
        if (response->state == HTTP_RESPONSE_BROKEN)
            return ANSWER_BROKEN;
        if (*cursor == end)
            return ANSWER_MORE;

        switch (response->state) {
        case HTTP_RESPONSE_STATUS_LINE:
            if (!take_line(response, cursor, end))
                break;
            if (read_status_line(response) < 0)
                return broken(response);
            response->state = HTTP_RESPONSE_FIELDS;
            break;
        case HTTP_RESPONSE_FIELDS:
            if (!take_line(response, cursor, end))
                break;
            if (response->line[0] != '\0') {
                if (read_field(response) < 0)
                    return broken(response);
                break;
            }
            if (response->head.status < 200) {
                http_response_start(response);
                break;
            }
            response->state = body_state(response);
            if (response->state == HTTP_RESPONSE_CHUNK_SIZE)
                response->remaining = 0;
            return ANSWER_HEAD;
        case HTTP_RESPONSE_CHUNK_SIZE:
            if (read_chunk_size(response, cursor, end) < 0)
                return broken(response);
            break;
        case HTTP_RESPONSE_CHUNK_EXTENSION:
            if (!take_line(response, cursor, end))
                break;
            response->has_digits = false;
            response->state = response->remaining ? HTTP_RESPONSE_CHUNK_DATA
                                                  : HTTP_RESPONSE_TRAILERS;
            break;
        case HTTP_RESPONSE_CHUNK_DATA:
            take_body(response, cursor, end, body);
            if (response->remaining == 0)
                response->state = HTTP_RESPONSE_CHUNK_END;
            return ANSWER_BODY;
        case HTTP_RESPONSE_CHUNK_END:
            if (!take_line(response, cursor, end))
                break;
            if (response->line[0] != '\0')
                return broken(response);
            response->state = HTTP_RESPONSE_CHUNK_SIZE;
            break;
        case HTTP_RESPONSE_TRAILERS:
            if (take_line(response, cursor, end) && response->line[0] == '\0')
                response->state = HTTP_RESPONSE_DONE;
            break;
        case HTTP_RESPONSE_BODY_SIZED:
            take_body(response, cursor, end, body);
            if (response->remaining == 0)
                response->state = HTTP_RESPONSE_DONE;
            return ANSWER_BODY;
        case HTTP_RESPONSE_BODY_ENDLESS:
            response->remaining = UINT64_MAX;
            return take_body(response, cursor, end, body);
        case HTTP_RESPONSE_DONE:
        case HTTP_RESPONSE_BROKEN:
            break;
        }
    }
}
