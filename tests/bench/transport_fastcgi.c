/* SPDX-License-Identifier: BSD-2-Clause */
#include "transport.h"

#include <string.h>

static void add_param(struct buffer *params, const char *name, struct span value)
{
    record_add_pair(params, span_of(name), value);
}

/* What a web server tells of such a request that matters to a responder. */
static void add_params(struct buffer *params, const struct transport_request *request)
{
    const char *question = strchr(request->path, '?');
    const char *path_end = question ? question : request->path + strlen(request->path);

    add_param(params, "GATEWAY_INTERFACE", span_of("CGI/1.1"));
    add_param(params, "REQUEST_METHOD", span_of("GET"));
    add_param(params, "SCRIPT_NAME", span_between(request->path, path_end));
    add_param(params, "PATH_INFO", span_of(""));
    add_param(params, "QUERY_STRING", span_of(question ? question + 1 : ""));
    add_param(params, "SERVER_PROTOCOL", span_of("HTTP/1.1"));
    add_param(params, "HTTP_HOST", span_of(request->host));
    add_param(params, "HTTP_ACCEPT", span_of("text/event-stream"));
    if (request->last_event_id[0])
        add_param(params, "HTTP_LAST_EVENT_ID", span_of(request->last_event_id));
}

static int fastcgi_request(char *out, size_t size, const struct transport_request *request)
{
    struct buffer params = {0};
    struct buffer records = {0};
    int length = -1;

    add_params(&params, request);
    record_add_begin(&records, 1, RECORD_ROLE_RESPONDER, request->is_kept ? RECORD_FLAG_KEEP_CONN : 0);
    record_add(&records, RECORD_PARAMS, 1, params.data, params.len);
    record_add(&records, RECORD_PARAMS, 1, NULL, 0);
    record_add(&records, RECORD_STDIN, 1, NULL, 0);
    if (records.len <= size) {
        memcpy(out, records.data, records.len);
        length = (int)records.len;
    }
    buffer_fini(&params);
    buffer_fini(&records);
    return length;
}

static void fastcgi_start(union transport_state *state)
{
    fastcgi_response_start(&state->fastcgi);
}

static enum answer_part fastcgi_next(union transport_state *state, const char **cursor, const char *end,
                                     struct answer_slice *body)
{
    return fastcgi_response_next(&state->fastcgi, cursor, end, body);
}

static const struct answer_head *fastcgi_head(const union transport_state *state)
{
    return &state->fastcgi.cgi.head;
}

const struct transport transport_fastcgi = {
    .name = "fastcgi",
    .request = fastcgi_request,
    .start = fastcgi_start,
    .next = fastcgi_next,
    .head = fastcgi_head,
};
