/* SPDX-License-Identifier: BSD-2-Clause */
/* The endpoint of sse.fcgi: every request is for a stream of events. */
#ifndef ENDPOINT_EVENTS_H
#define ENDPOINT_EVENTS_H

#include <stdbool.h>

#include "http/params.h"
#include "push/sink.h"

/* Answers one request: see struct request_handler. `context` is a struct endpoint. */
void events_handle(void *context, const struct params *params, struct sink *sink);

/* Whether the answer to the request waits for events. */
bool events_is_waiting(const struct params *params);

#endif
