/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits for what is appended to one stream, by XREAD BLOCK on a connection of its own. The owner says from where and
 * how much is read each time; a connection that does not answer is given up, and after an error there is a pause.
 */
#ifndef REDIS_TAIL_H
#define REDIS_TAIL_H

#include "base/log.h"
#include "push/event_id.h"
#include "redis/link.h"

struct tail_events {
    void (*on_idle)(void *owner);                           /* tail_read has an effect */
    void (*on_reply)(void *owner, const redisReply *reply); /* the answer, nil when nothing came; on_idle follows */
    void *owner;
};

struct tail {
    struct link link;
    const char *key;
    struct tail_events events;
    bool is_ready;   /* connected */
    bool is_reading; /* an XREAD is under way */
    ev_timer pause;  /* before the next attempt after an error; and the limit of an answer */
    struct log_limit error_log;
};

/* What the pointers name must outlive it; `purpose` is for log lines. Starts nothing yet. */
void tail_init(struct tail *tail, struct ev_loop *loop, const struct redis_address *address, const char *purpose,
               const char *key, const struct tail_events *events, struct link_stats *links);
void tail_fini(struct tail *tail);

/* Connects, and then for as long as it lives. */
void tail_start(struct tail *tail);

/* Reads up to `count` entries behind the id, unless it reads already or cannot. Returns whether it does now. */
bool tail_read(struct tail *tail, struct event_id after, int count);

#endif
