/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brings what was PUBLISHed into the log, each message once and in order, although any number of processes record and
 * any of them may die at any time.
 *
 * All who saw a marker pass call the messages behind it by the same names (redis/receiver.h), and record.lua keeps up
 * to which of them the log has a marker's messages, and passes over those. So everybody keeps what was received until
 * the log has it; the holder of the lease sends it at once, and everyone sends what has been waiting for a lease and a
 * half.
 */
#ifndef REDIS_RECORDER_H
#define REDIS_RECORDER_H

#include "base/log.h"
#include "push/complaint.h"
#include "redis/history_ends.h"
#include "redis/part.h"
#include "redis/record_call.h"
#include "redis/run.h"

struct recorder_config {
    const struct redis_address *address;
    const struct keys *keys;
    enum part_kind part;
    size_t max_message_bytes; /* a larger one becomes a gap of its channel */
    size_t log_length;        /* entries */
    size_t history_length;    /* entries a channel */
    int64_t history_ttl_ms;
};

struct recorder_events {
    void (*on_log_end)(void *owner, struct event_id end, struct event_id last_break); /* of the log, after each call */
    void (*on_failed)(void *owner, const char *reason);
    void *owner;
};

struct recorder_stats {
    struct counter recorded, calls, refused, errors, breaks;
    struct complaint members_dropped;
};

enum recorder_call { CALL_LOOK, CALL_RUN, CALL_INBOX };

struct recorder {
    struct recorder_events events;
    struct recorder_stats stats;
    struct ev_loop *loop;
    struct commands *commands;
    const struct keys *keys;
    struct part part;
    struct history_ends ends;
    struct record_call call;
    enum recorder_call called; /* what the last call was for */
    struct marker *run_marker; /* of the run under way; NULL: none */
    struct marker *run_next;   /* the marker that it ends with; NULL: none */
    struct run run;
    int64_t called_ms;     /* when the last call was sent, or the connection became ready */
    bool is_new;           /* no call was sent on this connection */
    int64_t not_before_ms; /* a call was refused or failed */
    bool knows_end;        /* of the log: some call was answered */
    struct envelope envelope;
    struct log_limit error_log;
    ev_timer tick;
};

/* `commands`, `read` (how far the log is read) and what `config` points to must outlive it. Starts nothing yet. */
void recorder_init(struct recorder *recorder, struct ev_loop *loop, struct commands *commands,
                   const struct recorder_config *config, const struct event_id *read,
                   const struct recorder_events *events, struct link_stats *links, struct counters *counters);
void recorder_fini(struct recorder *recorder);

void recorder_start(struct recorder *recorder);

/* The connection for commands is ready, or lost. */
void recorder_on_commands_ready(struct recorder *recorder);
void recorder_on_commands_lost(struct recorder *recorder);

/* The log has everything behind a marker up to the position. */
void recorder_acknowledge(struct recorder *recorder, struct span marker, uint64_t position);

/* What is PUBLISHed from now on is recorded, by others if not by us, and nobody lacks what was before. */
bool recorder_is_linked(const struct recorder *recorder);

/* No message that is pending is larger (redis/pending.h). */
size_t recorder_largest(const struct recorder *recorder);

/* Sends what there is to send; at the end of each turn of the loop. */
void recorder_flush(struct recorder *recorder);

/* Hears nothing any more, sends what is pending and hands the lease over; recorder_has_ended tells when that is done.
 */
void recorder_end(struct recorder *recorder);
bool recorder_has_ended(const struct recorder *recorder);

#endif
