/* SPDX-License-Identifier: BSD-2-Clause */
/* A run of messages in the words of record.lua: what one call of the script is given to append. */
#ifndef REDIS_RUN_H
#define REDIS_RUN_H

#include "push/envelope.h"
#include "redis/keys.h"
#include "redis/request.h"

/* A call that carries so much takes no further message. */
enum { RUN_ITEMS_LIMIT = 1024, RUN_BYTES_LIMIT = 1 << 20 };

/* Zero-initialise; free with run_fini. */
struct run {
    struct request keys;  /* one for each item */
    struct request words; /* seven for each item */
    struct buffer key;    /* private */
};

void run_fini(struct run *run);
void run_clear(struct run *run);

/* True when no more should be added. */
bool run_is_full(const struct run *run);

/* `position` is a number behind a marker, or the id of an entry of the inbox. */
void run_add_event(struct run *run, const struct keys *keys, struct span position, struct span channel,
                   const struct envelope *envelope);

/* A message of the channel that cannot be kept. */
void run_add_gap(struct run *run, const struct keys *keys, struct span position, struct span channel);

void run_add_marker(struct run *run, const struct keys *keys, struct span position, struct span marker);

/* An entry of the inbox that is only deleted. */
void run_add_drop(struct run *run, const struct keys *keys, struct span position);

#endif
