/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The call of record.lua that is under way: one at a time, because a script that Redis has lost would let a later call
 * overtake it.
 */
#ifndef REDIS_RECORD_CALL_H
#define REDIS_RECORD_CALL_H

#include "push/event_id.h"
#include "redis/commands.h"
#include "redis/keys.h"
#include "redis/run.h"

struct record_call_limits {
    size_t log_length;     /* entries */
    size_t history_length; /* entries a channel */
    int64_t history_ttl_ms;
    int64_t counter_ttl_ms;
};

struct record_result {
    int64_t result;             /* recorded up to, or -1: refused; of the inbox: how many */
    struct event_id log_end;    /* the log's last id */
    struct event_id last_break; /* before it anything may be missing */
    bool is_even;               /* what is known of histories was true, and the log's newest entries are the items */
};

struct record_call_events {
    /* `result` NULL: nothing is known of what was done; `problem` then says why, NULL when it is only to be repeated.
     */
    void (*on_done)(void *owner, const struct record_result *result, const char *problem);
    void *owner;
};

struct record_call {
    const struct keys *keys;
    struct commands *commands;
    struct record_call_limits limits;
    struct record_call_events events;
    const struct event_id *read;      /* how far this process has read the log */
    const struct event_id *known_end; /* of the log, as far as histories are known; 0-0: they are not */
    bool is_open;
    struct request names, words; /* private */
};

/* What the pointers name must outlive it. */
void record_call_init(struct record_call *call, const struct keys *keys, struct commands *commands,
                      const struct record_call_limits *limits, const struct event_id *read,
                      const struct event_id *known_end, const struct record_call_events *events);
void record_call_fini(struct record_call *call);

/* Calls, while none is open and commands are ready. Modes as in record.lua; on_done follows, perhaps at once. */
void record_call_look(struct record_call *call);
void record_call_run(struct record_call *call, const char *mode, const char *marker, const struct run *run);
void record_call_inbox(struct record_call *call, const struct run *run);

#endif
