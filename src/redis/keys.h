/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of what stands in Redis, all under the prefix. */
#ifndef REDIS_KEYS_H
#define REDIS_KEYS_H

#include "base/buffer.h"
#include "base/span.h"

struct keys {
    const char *prefix;
    char *log;        /* stream: all events in one order */
    char *inbox;      /* stream: what applications leave to be recorded */
    char *lease;      /* string: who records at once */
    char *last_break; /* string: id of the last entry before which something may be missing */
    char *recorder;   /* channel: markers */
};

/* The prefix must outlive it. */
void keys_init(struct keys *keys, const char *prefix);
void keys_fini(struct keys *keys);

/* Appends the name of the stream that keeps a channel's events. */
void keys_add_history(const struct keys *keys, struct span channel, struct buffer *out);

/* Appends the name of the string that counts what is recorded behind a marker. */
void keys_add_counter(const struct keys *keys, struct span marker, struct buffer *out);

#endif
