/* SPDX-License-Identifier: BSD-2-Clause */
/* One entry of a Redis stream, as a view of a reply: [id, [name, value, name, value, ...]]. */
#ifndef REDIS_ENTRY_H
#define REDIS_ENTRY_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

#include "push/envelope.h"
#include "push/message.h"

struct entry {
    struct span id_text;
    struct event_id id;
    const redisReply *fields;
};

/* Reads an entry. Returns false when the reply is none. */
bool entry_read(struct entry *entry, const redisReply *reply);

/* Calls `call` with each entry of an XREAD of one stream; a nil or strange reply has none. */
void entry_for_each(const redisReply *reply, void (*call)(void *context, const struct entry *entry), void *context);

bool entry_has(const struct entry *entry, const char *name);

/* The value of a field, empty when there is none. */
struct span entry_get(const struct entry *entry, const char *name);

/* The value as an id; 0-0 when it is none. */
struct event_id entry_get_id(const struct entry *entry, const char *name);

/* The fields data, event, id and retry, by the rules of envelopes. Valid as long as the entry. */
void entry_read_envelope(const struct entry *entry, struct envelope *envelope);

/* The same as an event of the channel, valid as long as entry and envelope. */
struct message entry_message(const struct entry *entry, struct span channel, const char *tag,
                             struct envelope *envelope);

#endif
