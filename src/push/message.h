/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One event on its way to the clients, as a view of somebody else's bytes: it lives only while it is encoded. What is
 * kept and shared is the encoded form.
 */
#ifndef PUSH_MESSAGE_H
#define PUSH_MESSAGE_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "push/event_id.h"

struct message {
    struct event_id id;
    const char *tag;            /* of this process, or "" */
    struct span application_id; /* empty: none; the alphabet of envelope.h */
    struct span channel;
    struct span event; /* empty: "message"; no CR, LF or NUL */
    struct span data;  /* any bytes */
    int64_t retry_ms;  /* 0: none */
};

/* Appends the id as clients see it, the application's behind ours: "<ms>-<seq>.<tag>~<application id>". */
void message_add_id(const struct message *message, struct buffer *out);

#endif
