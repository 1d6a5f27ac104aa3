/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The source of messages for --history redis: recorder, log reader and histories around one hub. Four connections:
 * subscription, commands, log, inbox; the last two wait in XREAD. Who takes the part of a reader (redis/part.h) has
 * only commands and log.
 */
#ifndef REDIS_JOURNAL_H
#define REDIS_JOURNAL_H

#include "redis/histories.h"
#include "redis/reader.h"
#include "redis/recorder.h"
#include "redis/rights.h"
#include "redis/source_events.h"

struct journal_config {
    const struct redis_address *address;
    const char *prefix;
    enum part_kind part;
    size_t max_message_bytes;
    size_t log_length;
    size_t history_length;
    int64_t history_ttl_ms;
};

struct journal {
    struct keys keys;
    struct source_events events;
    struct link_stats links;
    struct hub *hub;
    struct commands commands;
    struct rights rights;
    struct recorder recorder;
    struct reader reader;
    struct histories histories;
    struct ev_loop *loop;
    ev_prepare turn_end;
    bool is_following; /* the reader has its place */
    bool is_ready;     /* what is PUBLISHed arrives, and no break of our own beginning is still to come */
};

/*
 * Starts nothing yet. What `config` points to and the counters must outlive it. `events` may be NULL. The hub comes
 * after it, by journal_set_hub, because its configuration names journal_source.
 */
void journal_init(struct journal *journal, struct ev_loop *loop, const struct journal_config *config,
                  const struct source_events *events, struct counters *counters);
const struct hub_source *journal_source(const struct journal *journal);
void journal_set_hub(struct journal *journal, struct hub *hub);
void journal_fini(struct journal *journal);

void journal_start(struct journal *journal);

/* Hands over what others can do as well; journal_has_ended tells when that is done. */
void journal_end(struct journal *journal);
bool journal_has_ended(const struct journal *journal);

#endif
