/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint/exchange.h"

#include <string.h>

#include "http/cors.h"
#include "http/position.h"

static const char *origin_of(const struct exchange *exchange)
{
    return params_text(exchange->params, "HTTP_ORIGIN");
}

void exchange_add_cors(const struct exchange *exchange, struct buffer *out)
{
    cors_add_headers(exchange->endpoint->config.cors_origins, origin_of(exchange), out);
}

void exchange_begin_head(struct exchange *exchange, int status)
{
    response_begin(&exchange->head, status, "no-cache, no-store");
    exchange_add_cors(exchange, &exchange->head);
}

void exchange_send(struct exchange *exchange)
{
    exchange->sink->ops->finish(exchange->sink, &exchange->head, NULL);
}

void exchange_refuse(struct exchange *exchange)
{
    exchange_begin_head(exchange, exchange->error.status);
    response_add_error(&exchange->head, &exchange->error, exchange->is_head);
    exchange_send(exchange);
}

static void answer_options(struct exchange *exchange)
{
    exchange_begin_head(exchange, 204);
    buffer_add_string(&exchange->head, "Allow: GET, HEAD, OPTIONS\r\n");
    cors_add_preflight_headers(exchange->endpoint->config.cors_origins, origin_of(exchange), &exchange->head);
    response_end_headers(&exchange->head);
    exchange_send(exchange);
}

static int check_body(struct exchange *exchange)
{
    size_t limit = exchange->endpoint->config.max_body_bytes;
    if (params_content_length(exchange->params) <= limit)
        return 0;
    return http_error_set(&exchange->error, 413, "content-too-large", "send at most %zu bytes (--max-request)", limit);
}

static int check_method(struct exchange *exchange, const char *method)
{
    if (exchange->is_head || strcmp(method, "GET") == 0)
        return 0;
    return http_error_set(&exchange->error, 405, "method-not-allowed", "use GET, HEAD or OPTIONS");
}

int exchange_begin(struct exchange *exchange, const struct endpoint *endpoint, const struct params *params,
                   struct sink *sink)
{
    const char *method = params_text(params, "REQUEST_METHOD");

    *exchange = (struct exchange){.endpoint = endpoint, .params = params, .sink = sink};
    exchange->is_head = strcmp(method, "HEAD") == 0;
    query_parse(&exchange->query, span_of(params_text(params, "QUERY_STRING")));
    if (check_body(exchange) == 0) {
        if (strcmp(method, "OPTIONS") == 0) {
            answer_options(exchange);
            return -1;
        }
        if (check_method(exchange, method) == 0)
            return 0;
    }
    exchange_refuse(exchange);
    return -1;
}

void exchange_fini(struct exchange *exchange)
{
    channels_fini(&exchange->channels);
    query_fini(&exchange->query);
    buffer_fini(&exchange->head);
}

int exchange_read(struct exchange *exchange, struct span path, struct subscription_request *request)
{
    if (channels_read(&exchange->channels, &exchange->endpoint->config.channels, exchange->params, path,
                      &exchange->query, &exchange->error) < 0)
        return -1;
    if (position_read(exchange->params, &exchange->query, &request->resume) < 0)
        return http_error_set(&exchange->error, 400, "invalid-timestamp",
                              "timestamp must be a number of milliseconds since 1970");
    request->channels = exchange->channels.names;
    request->count = exchange->channels.count;
    return 0;
}
