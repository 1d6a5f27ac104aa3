/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outlet: the way by which messages are published. One const struct of functions is one outlet: Redis
 * PUBLISH, or a POST over HTTP, where the channel is the path. An outlet pipelines: append queues,
 * pump moves bytes both ways without ever blocking. It belongs to one thread at a time.
 */
#ifndef BENCH_OUTLET_H
#define BENCH_OUTLET_H

#include "address.h"

#include <stdint.h>

/* What has become of the messages so far. */
struct outlet_progress {
    uint64_t answered;   /* of those appended, in order */
    uint64_t failed;     /* answered with an error */
    uint64_t unheard;    /* answered with "reached nobody" */
    bool has_backlog;    /* bytes are left to be written */
    char error[160];     /* the first error; empty if none */
};

struct outlet {
    const char *name;
    /* Connects (blocks up to 5 s) and makes sure that there is an answer. Returns the outlet's own
     * state, or NULL with the reason in `error`. */
    void *(*open)(const struct address *address, char *error, size_t error_size);
    /* Queues one message. Returns 0, or -1 when the connection is broken. */
    int (*append)(void *state, const char *channel, size_t channel_length, const char *payload,
                  size_t payload_length);
    /* Writes what can be written, takes the answers that are there, and adds them to `progress`.
     * Returns 0, or -1 when the connection is broken, with the reason in progress->error. */
    int (*pump)(void *state, struct outlet_progress *progress);
    /* The descriptor to wait on. */
    int (*descriptor)(void *state);
    /* Closes the connection and frees the state. */
    void (*close)(void *state);
};

extern const struct outlet outlet_redis;
extern const struct outlet outlet_http;

#endif
