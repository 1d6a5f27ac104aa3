/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connection for commands that are answered at once, and the scripts that run on it. Ready means: connected, logged
 * in, both scripts loaded. A script that Redis has lost meanwhile (NOSCRIPT) is loaded again.
 */
#ifndef REDIS_COMMANDS_H
#define REDIS_COMMANDS_H

#include "redis/link.h"
#include "redis/request.h"

enum script { SCRIPT_RECORD, SCRIPT_LEASE, SCRIPT_COUNT };

enum { SHA1_LEN = 40 };

struct commands_events {
    void (*on_connected)(void *owner); /* logged in; what is sent now comes before the scripts */
    void (*on_ready)(void *owner);
    void (*on_lost)(void *owner);                       /* only after on_ready */
    void (*on_failed)(void *owner, const char *reason); /* it cannot be made ready */
    void *owner;
};

struct commands {
    struct link link;
    struct commands_events events;
    char shas[SCRIPT_COUNT][SHA1_LEN + 1];
    unsigned loaded; /* scripts */
    bool is_ready;
    struct request request; /* private */
};

/* `address` and `stats` must outlive it. Starts nothing yet. */
void commands_init(struct commands *commands, struct ev_loop *loop, const struct redis_address *address,
                   const struct commands_events *events, struct link_stats *stats);

/* Closes; callbacks of commands under way run with a NULL reply. */
void commands_fini(struct commands *commands);

void commands_start(struct commands *commands);

/*
 * Runs a script while it is ready: `keys` and `arguments` are its own words. `callback` as in link_send. On a reply for
 * which commands_lost_script is true nothing was done, and on_lost and on_ready follow before anything else can run.
 */
void commands_run(struct commands *commands, enum script script, const struct request *keys,
                  const struct request *arguments, redisCallbackFn *callback, void *context);

/* True when the reply says that Redis does not know the script; it is being loaded again. */
bool commands_lost_script(struct commands *commands, const redisReply *reply);

#endif
