/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads the rings of channels from their histories, one XREVRANGE for each: the hub's source. What it cannot read is
 * not held up for ever: a history of another type is loaded as one that holds nothing and lacks everything.
 */
#ifndef REDIS_HISTORIES_H
#define REDIS_HISTORIES_H

#include "base/log.h"
#include "push/hub.h"
#include "redis/commands.h"
#include "redis/keys.h"

struct histories {
    struct hub_source source; /* for the hub's configuration */
    struct hub *hub;
    struct commands *commands;
    const struct keys *keys;
    size_t length;  /* entries that are loaded */
    int64_t ttl_ms; /* of silence, after which Redis forgets a history */
    struct event_id last_break;
    struct counter errors;
    struct envelope envelope;
    struct request request; /* private */
    struct log_limit error_log;
};

/* What the pointers name must outlive it. */
void histories_init(struct histories *histories, struct commands *commands, const struct keys *keys, size_t length,
                    int64_t ttl_ms, struct counters *counters);
void histories_fini(struct histories *histories);

/* The hub that was given `source`. */
void histories_set_hub(struct histories *histories, struct hub *hub);

/* The last entry of the log before which anything may be missing. */
void histories_set_break(struct histories *histories, struct event_id id);

/* The connection for commands is ready again: what was asked for on the one before is asked for anew. */
void histories_on_commands_ready(struct histories *histories);

#endif
