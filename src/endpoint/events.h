/* SPDX-License-Identifier: BSD-2-Clause */
/* The endpoint of sse.fcgi: every request is for a stream of events. */
#ifndef ENDPOINT_EVENTS_H
#define ENDPOINT_EVENTS_H

#include "base/options.h"
#include "endpoint/channels.h"
#include "http/params.h"
#include "push/hub.h"
#include "push/sink.h"

struct events_config {
    struct channels_config channels;
    const struct option_list *cors_origins;
    size_t max_body_bytes; /* a request that announces more is refused */
};

struct events {
    struct hub *hub;
    struct events_config config;
};

/* Answers one request: see struct request_handler. `context` is a struct events. */
void events_handle(void *context, const struct params *params, struct sink *sink);

#endif
