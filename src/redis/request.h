/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A command in Redis's protocol (https://redis.io/docs/reference/protocol-spec/, "Sending commands to a Redis server"),
 * built word by word in one buffer, so that a message is copied once on its way out.
 */
#ifndef REDIS_REQUEST_H
#define REDIS_REQUEST_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "push/event_id.h"

/* Zero-initialise; free with request_fini. Reusable after request_clear. */
struct request {
    struct buffer words;
    size_t count;
    struct buffer whole; /* private */
};

void request_fini(struct request *request);
void request_clear(struct request *request);

void request_add(struct request *request, struct span word);
void request_add_text(struct request *request, const char *word);
void request_add_number(struct request *request, int64_t number);

/* As "<ms>-<seq>"; 0-0 is an empty word. */
void request_add_id(struct request *request, struct event_id id);

/* Appends the words of another. */
void request_join(struct request *request, const struct request *other);

/* The command, valid until the request is changed. */
struct span request_whole(struct request *request);

#endif
