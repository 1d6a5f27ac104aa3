/* SPDX-License-Identifier: BSD-2-Clause */
#include "transport.h"

#include <stdio.h>

static int http_request(char *out, size_t size, const struct transport_request *request)
{
    bool has_id = request->last_event_id[0] != '\0';
    int length = snprintf(out, size,
                          "GET %s HTTP/1.1\r\n"
                          "Host: %s\r\n"
                          "User-Agent: fcgi-push-load\r\n"
                          "Accept: text/event-stream\r\n"
                          "Cache-Control: no-cache\r\n"
                          "%s%s%s\r\n",
                          request->path, request->host, has_id ? "Last-Event-ID: " : "",
                          request->last_event_id, has_id ? "\r\n" : "");

    return length > 0 && (size_t)length < size ? length : -1;
}

static void http_start(union transport_state *state)
{
    http_response_start(&state->http);
}

static enum answer_part http_next(union transport_state *state, const char **cursor,
                                  const char *end, struct answer_slice *body)
{
    return http_response_next(&state->http, cursor, end, body);
}

static const struct answer_head *http_head(const union transport_state *state)
{
    return &state->http.head;
}

const struct transport transport_http = {
    .name = "http",
    .request = http_request,
    .start = http_start,
    .next = http_next,
    .head = http_head,
};
