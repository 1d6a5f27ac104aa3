/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the hub's messages come from: a log in Redis (--history redis), or the bare subscription (--history memory). */
#ifndef REDIS_SOURCE_H
#define REDIS_SOURCE_H

#include "redis/journal.h"
#include "redis/pubsub.h"

enum source_kind { SOURCE_LOG, SOURCE_MEMORY };

struct source {
    enum source_kind kind;
    struct ev_loop *loop;
    struct journal_config config;
    struct source_events events;
    struct counters *counters;
    struct journal journal; /* SOURCE_LOG */
    struct pubsub pubsub;   /* SOURCE_MEMORY */
};

/* Starts nothing yet. What `config` points to and the counters must outlive it. `events` may be NULL. */
void source_init(struct source *source, enum source_kind kind, struct ev_loop *loop,
                 const struct journal_config *config, const struct source_events *events, struct counters *counters);

/* For the hub's configuration; NULL when it loads nothing. Then the hub is made and told to the source. */
const struct hub_source *source_of_histories(const struct source *source);
void source_set_hub(struct source *source, struct hub *hub);

/* Connects, in the next turn of the loop, and then for as long as it lives. */
void source_start(struct source *source);

/* Hands over what others can do as well; source_has_ended tells when that is done. */
void source_end(struct source *source);
bool source_has_ended(const struct source *source);

/* Closes all connections; no event follows. */
void source_fini(struct source *source);

#endif
