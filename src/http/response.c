/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/response.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/json.h"
#include "base/utf8.h"

enum { HEAD_SIZE = 500 }; /* more than most heads have, so that they do not grow step by step */

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {413, "Content Too Large"},
    {429, "Too Many Requests"},
    {503, "Service Unavailable"},
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    assert(false); /* a status that the table above lacks */
    return "";
}

int http_error_set(struct http_error *error, int status, const char *code, const char *format, ...)
{
    va_list arguments;
    error->status = status;
    error->code = code;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return -1;
}

void response_begin(struct buffer *out, int status, const char *cache_control)
{
    buffer_reserve(out, HEAD_SIZE);
    buffer_add_string(out, "Status: ");
    buffer_add_number(out, (uint64_t)status);
    buffer_add_char(out, ' ');
    buffer_add_string(out, reason_of(status));
    buffer_add_string(out, "\r\nCache-Control: ");
    buffer_add_string(out, cache_control);
    /* nginx collects what it gets unless told not to. */
    buffer_add_string(out, "\r\nX-Accel-Buffering: no\r\n");
}

void response_end_headers(struct buffer *out)
{
    buffer_add_string(out, "\r\n");
}

static void add_error_body(struct buffer *out, const struct http_error *error)
{
    struct buffer message = {0};
    utf8_add_repaired(&message, span_of(error->message));
    buffer_add_string(out, "{\"error\":");
    json_add_string(out, span_of(error->code));
    buffer_add_string(out, ",\"message\":");
    json_add_string(out, (struct span){message.data, message.len});
    buffer_add_string(out, "}\n");
    buffer_fini(&message);
}

void response_add_error(struct buffer *out, const struct http_error *error, bool is_head)
{
    struct buffer body = {0};
    add_error_body(&body, error);
    if (error->status == 405)
        buffer_add_string(out, "Allow: GET, HEAD, OPTIONS\r\n");
    buffer_printf(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n", body.len);
    response_end_headers(out);
    if (!is_head)
        buffer_add(out, body.data, body.len);
    buffer_fini(&body);
}
