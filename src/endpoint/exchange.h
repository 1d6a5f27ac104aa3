/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request while an endpoint looks at it, and what all endpoints do alike: read method, query, channels and position,
 * refuse with an error, answer OPTIONS, begin the head of a response. Lives on the stack during one request.
 */
#ifndef ENDPOINT_EXCHANGE_H
#define ENDPOINT_EXCHANGE_H

#include "base/options.h"
#include "endpoint/channels.h"
#include "http/params.h"
#include "http/response.h"
#include "push/hub.h"
#include "push/sink.h"

struct endpoint_config {
    struct channels_config channels;
    const struct option_list *cors_origins;
    size_t max_body_bytes; /* a request that announces more is refused */
};

/* What every endpoint gets: where events come from, and what its mount allows. */
struct endpoint {
    struct hub *hub;
    struct endpoint_config config;
};

struct exchange {
    const struct endpoint *endpoint;
    const struct params *params;
    struct sink *sink;
    bool is_head;
    struct query query;
    struct channels channels;
    struct buffer head; /* of the response */
    struct http_error error;
};

/* Begins. Returns 0 when the request is a GET or HEAD to go on with, -1 when it is answered already. */
int exchange_begin(struct exchange *exchange, const struct endpoint *endpoint, const struct params *params,
                   struct sink *sink);
void exchange_fini(struct exchange *exchange);

/* Reads the channels (from the path too, unless it is empty) and the position. Returns 0, or -1 with the error set. */
int exchange_read(struct exchange *exchange, struct span path, struct subscription_request *request);

/* Begins the response with a status and the headers that every answer carries. */
void exchange_begin_head(struct exchange *exchange, int status);

/* Appends the header lines that the request's origin calls for. */
void exchange_add_cors(const struct exchange *exchange, struct buffer *out);

/* Sends what is in `head` as the whole answer. */
void exchange_send(struct exchange *exchange);

/* Answers with the error. */
void exchange_refuse(struct exchange *exchange);

#endif
