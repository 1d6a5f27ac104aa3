/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The id of an event: "<ms>-<seq>", with ".<tag>" behind it when it is only known to one process, and
 * "~<application id>" when the application gave one. (ms, seq) orders all events of a source totally.
 */
#ifndef PUSH_EVENT_ID_H
#define PUSH_EVENT_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/decimal.h"
#include "base/span.h"

/* A process's random tag: hexadecimal digits, or empty where ids come from Redis. */
enum { EVENT_TAG_LEN = 8 };

struct event_id {
    uint64_t ms;
    uint64_t seq;
};

/* Room for "<ms>-<seq>", without a NUL. */
enum { EVENT_ID_SIZE = 2 * DECIMAL_SIZE + 1 };

/* Below all ids. */
#define EVENT_ID_NONE ((struct event_id){0, 0})

/* Above all ids. */
#define EVENT_ID_MAX ((struct event_id){UINT64_MAX, UINT64_MAX})

/* The last id that a millisecond can have. */
static inline struct event_id event_id_end_of_ms(uint64_t ms)
{
    return (struct event_id){.ms = ms, .seq = UINT64_MAX};
}

/* Below, at and above zero as strcmp(3). */
static inline int event_id_compare(struct event_id a, struct event_id b)
{
    if (a.ms != b.ms)
        return a.ms < b.ms ? -1 : 1;
    return (a.seq > b.seq) - (a.seq < b.seq);
}

/* The id that follows `last` at wall-clock time `now_ms`; above `last` also when the clock was set back. */
struct event_id event_id_next(struct event_id last, uint64_t now_ms);

/* "<ms>-<seq>", somewhere in `text`. */
struct span event_id_text(struct event_id id, char text[EVENT_ID_SIZE]);

/* Appends "<ms>-<seq>" and, unless the tag is empty, ".<tag>". */
void event_id_print(struct event_id id, const char *tag, struct buffer *out);

/*
 * Reads the text of a Last-Event-ID, whatever application id it ends with. Returns false when the text has another
 * form or another tag than the given one: such an id says nothing here.
 */
bool event_id_parse(struct span text, const char *tag, struct event_id *id);

/* Fills `tag` with random hexadecimal digits and a NUL. */
void event_tag_make(char tag[EVENT_TAG_LEN + 1]);

#endif
