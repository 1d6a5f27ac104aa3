/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The endpoints of longpoll.fcgi, told apart by the last segment of the path: `list` answers at once, `subscribe` with
 * the next event. Both answer with a JSON array, and with the client's position in the header Push-Position.
 */
#ifndef ENDPOINT_LONGPOLL_H
#define ENDPOINT_LONGPOLL_H

#include <stdbool.h>

#include "http/params.h"
#include "push/sink.h"

/* Answers one request: see struct request_handler. `context` is a struct endpoint. */
void longpoll_handle(void *context, const struct params *params, struct sink *sink);

/* Whether the answer to the request waits for events. */
bool longpoll_is_waiting(const struct params *params);

#endif
