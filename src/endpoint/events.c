/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint/events.h"

#include <string.h>

#include "endpoint/exchange.h"
#include "http/accept.h"
#include "push/stream.h"

static int read_request(struct exchange *exchange, struct subscription_request *request)
{
    struct span path;

    if (channels_find_path(&exchange->endpoint->config.channels, exchange->params, &path, &exchange->error) < 0)
        return -1;
    return exchange_read(exchange, path, request);
}

static void begin_stream(struct exchange *exchange)
{
    exchange_begin_head(exchange, 200);
    buffer_add_string(&exchange->head, "Content-Type: ");
    buffer_add_string(&exchange->head, exchange->endpoint->hub->config.format->content_type);
    buffer_add_string(&exchange->head, "\r\n");
    response_end_headers(&exchange->head);
}

/* Who asks for an event stream by its name hears events by their types, as an EventSource does; others see all text. */
static enum stream_shows shows_of(const struct exchange *exchange)
{
    const struct span *heartbeat = query_get(&exchange->query, "heartbeat");

    if (heartbeat != NULL && span_equals(*heartbeat, "event"))
        return STREAM_SHOWS_LIFE;
    if (accept_names(params_text(exchange->params, "HTTP_ACCEPT"), "text/event-stream"))
        return STREAM_SHOWS_POSITIONS;
    return STREAM_SHOWS_NOTHING;
}

static void open_stream(struct exchange *exchange)
{
    struct subscription_request request;

    if (read_request(exchange, &request) < 0) {
        exchange_refuse(exchange);
        return;
    }
    begin_stream(exchange);
    if (exchange->is_head)
        exchange_send(exchange);
    else
        stream_open(exchange->endpoint->hub, exchange->sink, &request, shows_of(exchange), &exchange->head);
}

void events_handle(void *context, const struct params *params, struct sink *sink)
{
    struct exchange exchange;

    if (exchange_begin(&exchange, context, params, sink) == 0)
        open_stream(&exchange);
    exchange_fini(&exchange);
}

bool events_is_waiting(const struct params *params)
{
    return strcmp(params_text(params, "REQUEST_METHOD"), "GET") == 0;
}
