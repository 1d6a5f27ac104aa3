/* SPDX-License-Identifier: BSD-2-Clause */
/* A run of messages in the words of record.lua: what one call of the script is given to append. */
#ifndef REDIS_RUN_H
#define REDIS_RUN_H

#include <string.h>

#include "push/envelope.h"
#include "push/event_id.h"
#include "redis/keys.h"
#include "redis/request.h"

/* A call that carries so much takes no further message. */
enum { RUN_ITEMS_LIMIT = 1024, RUN_BYTES_LIMIT = 1 << 20 };

/* Zero-initialise; free with run_fini. */
struct run {
    struct request keys; /* one for each item */
    struct request words;
    struct buffer channels; /* the name that each item is of, "" for none, and a NUL behind each */
    struct buffer key;      /* private */
};

/* Goes through the items: `channel` is the name. */
#define RUN_FOR_EACH_CHANNEL(channel, run)                                                                             \
    for (const char *channel = (run)->channels.data, *channels_end = channel + (run)->channels.len;                    \
         channel != channels_end; channel += strlen(channel) + 1)

void run_fini(struct run *run);
void run_clear(struct run *run);

/* True when no more should be added. */
bool run_is_full(const struct run *run);

/*
 * `position` is a number behind a marker, or the id of an entry of the inbox; `end` the last id of the channel's
 * history, 0-0 when it is not known.
 */
void run_add_event(struct run *run, const struct keys *keys, struct span position, struct span channel,
                   struct event_id end, const struct envelope *envelope);

/* A message of the channel that cannot be kept. */
void run_add_gap(struct run *run, const struct keys *keys, struct span position, struct span channel,
                 struct event_id end);

void run_add_marker(struct run *run, const struct keys *keys, struct span position, struct span marker);

/* An entry of the inbox that is only deleted. */
void run_add_drop(struct run *run, const struct keys *keys, struct span position);

#endif
