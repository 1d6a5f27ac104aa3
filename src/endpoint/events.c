/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint/events.h"

#include <stdlib.h>
#include <string.h>

#include "http/cors.h"
#include "http/position.h"
#include "http/response.h"
#include "push/subscriber.h"

/* A request while it is looked at. */
struct exchange {
    const struct events *events;
    const struct params *params;
    struct sink *sink;
    const char *method;
    const char *origin;
    struct query query;
    struct buffer head; /* of the response */
    struct http_error error;
};

static void begin_head(struct exchange *exchange, int status)
{
    response_begin(&exchange->head, status);
    cors_add_headers(exchange->events->config.cors_origins, exchange->origin, &exchange->head);
}

/* Sends what is in `head` as the whole answer. */
static void send_answer(struct exchange *exchange)
{
    struct sink *sink = exchange->sink;
    struct bytes *answer = buffer_to_bytes(&exchange->head);
    sink->ops->write(sink, answer);
    bytes_unref(answer);
    sink->ops->end(sink);
}

static void refuse(struct exchange *exchange)
{
    begin_head(exchange, exchange->error.status);
    response_add_error(&exchange->head, &exchange->error, strcmp(exchange->method, "HEAD") == 0);
    send_answer(exchange);
}

static void answer_options(struct exchange *exchange)
{
    begin_head(exchange, 204);
    buffer_add_string(&exchange->head, "Allow: GET, HEAD, OPTIONS\r\n");
    cors_add_preflight_headers(exchange->events->config.cors_origins, exchange->origin, &exchange->head);
    response_end_headers(&exchange->head);
    send_answer(exchange);
}

static void begin_stream(struct exchange *exchange)
{
    begin_head(exchange, 200);
    buffer_printf(&exchange->head, "Content-Type: %s\r\n", exchange->events->hub->config.format->content_type);
    response_end_headers(&exchange->head);
}

static int read_request(struct exchange *exchange, struct channels *channels, struct subscription_request *request)
{
    const struct events_config *config = &exchange->events->config;
    const struct span *heartbeat = query_get(&exchange->query, "heartbeat");

    if (strcmp(exchange->method, "GET") != 0 && strcmp(exchange->method, "HEAD") != 0)
        return http_error_set(&exchange->error, 405, "method-not-allowed", "use GET, HEAD or OPTIONS");
    if (channels_read(channels, &config->channels, exchange->params, &exchange->query, &exchange->error) < 0)
        return -1;
    if (position_read(exchange->params, &exchange->query, &request->resume) < 0)
        return http_error_set(&exchange->error, 400, "invalid-timestamp",
                              "timestamp must be a number of milliseconds since 1970");
    request->channels = channels->names;
    request->count = channels->count;
    request->has_visible_heartbeat = heartbeat != NULL && span_equals(*heartbeat, "event");
    return 0;
}

static void open_stream(struct exchange *exchange)
{
    struct channels channels;
    struct subscription_request request;

    if (read_request(exchange, &channels, &request) < 0) {
        refuse(exchange);
        return;
    }
    begin_stream(exchange);
    if (strcmp(exchange->method, "HEAD") == 0)
        send_answer(exchange);
    else
        subscriber_open(subscriber_new(exchange->events->hub, exchange->sink, &request), &exchange->head);
}

static int check_body(struct exchange *exchange)
{
    size_t limit = exchange->events->config.max_body_bytes;
    if (strtoull(params_text(exchange->params, "CONTENT_LENGTH"), NULL, 10) <= limit)
        return 0;
    return http_error_set(&exchange->error, 413, "content-too-large", "send at most %zu bytes (--max-request)", limit);
}

void events_handle(void *context, const struct params *params, struct sink *sink)
{
    struct exchange exchange = {.events = context,
                                .params = params,
                                .sink = sink,
                                .method = params_text(params, "REQUEST_METHOD"),
                                .origin = params_text(params, "HTTP_ORIGIN")};

    query_parse(&exchange.query, span_of(params_text(params, "QUERY_STRING")));
    if (check_body(&exchange) < 0)
        refuse(&exchange);
    else if (strcmp(exchange.method, "OPTIONS") == 0)
        answer_options(&exchange);
    else
        open_stream(&exchange);
    query_fini(&exchange.query);
    buffer_fini(&exchange.head);
}
