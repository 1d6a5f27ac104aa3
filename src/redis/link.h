/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection to Redis that comes back: resolve, connect, AUTH, and after each loss again, with exponential backoff
 * and full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). Whoever uses it sends
 * commands between on_ready and on_lost. A connection whose peer says nothing for too long is given up.
 *
 * hiredis is handled as its traps demand: we detach from a context before it is freed, free none inside its connect or
 * disconnect callbacks, and hand it numeric addresses only.
 */
#ifndef REDIS_LINK_H
#define REDIS_LINK_H

#include <ev.h>
#include <hiredis/async.h>

#include "base/counters.h"
#include "base/span.h"
#include "redis/address.h"
#include "redis/resolver.h"

/* Shared by all connections of a program. */
struct link_stats {
    struct counter connects, losses;
};

void link_stats_register(struct link_stats *stats, struct counters *counters);

struct link_events {
    void (*on_ready)(void *owner);                      /* connected and logged in */
    void (*on_lost)(void *owner);                       /* only after on_ready; the next attempt is scheduled */
    void (*on_failed)(void *owner, const char *reason); /* it ended unsettled; NULL: not of interest */
    void *owner;
};

struct link {
    struct ev_loop *loop;
    const struct redis_address *address;
    struct link_events events;
    struct resolver *resolver;
    redisAsyncContext *context; /* NULL: not connected */
    bool is_ready;
    bool is_settled;
    unsigned attempts;   /* since it was settled last */
    ev_timer timer;      /* the next attempt, or the limit of this one */
    char place[256];     /* the address for log lines */
    const char *purpose; /* likewise */
    struct link_stats *stats;
};

/* Address, `purpose` (a word for log lines) and `stats` must outlive the link. Starts nothing yet. */
void link_init(struct link *link, struct ev_loop *loop, const struct redis_address *address, const char *purpose,
               const struct link_events *events, struct link_stats *stats);

/* Closes; no event follows. */
void link_fini(struct link *link);

/* Closes, and stays closed; no event follows. */
void link_stop(struct link *link);

/* Connects in the next turn of the loop. */
void link_start(struct link *link);

/*
 * Sends a command (hiredis format) between on_ready and on_lost. `callback` gets each reply, with the link as its
 * context->data; replies that come while the connection goes away are not delivered: see link_of.
 */
void link_command(struct link *link, redisCallbackFn *callback, const char *format, ...);

/*
 * Likewise, for a whole command in Redis's protocol. `callback` gets the context, and is called exactly once, with a
 * NULL reply when the connection goes away, perhaps inside of this call.
 */
void link_send(struct link *link, redisCallbackFn *callback, void *context, struct span command);

/* What the connection is for works. Until then a loss counts as a failed attempt, which lengthens the backoff. */
void link_settle(struct link *link);

/* The link that a hiredis callback belongs to, NULL when the link has let go of that connection. */
struct link *link_of(const redisAsyncContext *context);

/* The user of the link has seen that it is of no use any more: it is closed, on_lost is called, and a new one sought.
 */
void link_drop(struct link *link, const char *reason);

#endif
