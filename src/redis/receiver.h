/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hears what is PUBLISHed, and keeps each message until the log has it (redis/pending.h).
 *
 * Pub/sub of one Redis is one order for all subscribers. After each (re)subscription a marker of our own is published;
 * from when it has come back, messages are counted behind it, and behind every further marker that passes. Every
 * message counts, whatever becomes of it, because the others count it too.
 */
#ifndef REDIS_RECEIVER_H
#define REDIS_RECEIVER_H

#include "push/complaint.h"
#include "redis/commands.h"
#include "redis/keys.h"
#include "redis/pending.h"
#include "redis/subscription.h"

struct receiver_events {
    void (*on_deaf)(void *owner); /* the subscription is lost; only after it was made */
    void (*on_failed)(void *owner, const char *reason);
    void *owner;
};

struct receiver_stats {
    struct counter received, pending, pending_bytes, overflows, markers, invalid_names;
    struct complaint too_large;
};

struct receiver {
    struct receiver_events events;
    struct receiver_stats stats;
    const struct keys *keys;
    struct commands *commands; /* markers are published there */
    size_t max_message_bytes;  /* a larger one becomes a gap of its channel */
    struct redis_subscription subscription;
    struct pending pending;
    char own_name[MARKER_LIMIT + 1]; /* of the marker published after the last subscription; "": not yet */
    struct marker *own;              /* the same, once it has come back; else NULL */
    struct marker *marker;           /* what is counted from; NULL until the own one has come back */
    uint64_t position;               /* messages behind it */
    int64_t published_ms;            /* the own marker */
    int64_t listeners;               /* that heard it, we among them; 0: not known yet */
    bool is_preceded;                /* since the subscription another marker has passed before it */
    int64_t followers;               /* other markers that passed behind it while the log had it not */
    struct request request;          /* private */
};

/* What the pointers name must outlive it. Starts nothing yet. */
void receiver_init(struct receiver *receiver, struct ev_loop *loop, const struct redis_address *address,
                   const struct keys *keys, struct commands *commands, size_t max_message_bytes,
                   const struct receiver_events *events, struct link_stats *links, struct counters *counters);
void receiver_fini(struct receiver *receiver);

void receiver_start(struct receiver *receiver);

/* Hears nothing any more; what is pending stays. */
void receiver_stop(struct receiver *receiver);

/* Publishes the own marker when that is due: after a subscription, and again when it did not come back in time. */
void receiver_mark(struct receiver *receiver, int64_t now_ms);

/*
 * The connection for commands is ready, or lost. A subscription is only made while it is ready, so that the marker
 * follows at once: what comes between the two cannot be named.
 */
void receiver_on_commands_ready(struct receiver *receiver);
void receiver_on_commands_lost(struct receiver *receiver);

/* The log has everything behind the marker up to the position. */
void receiver_acknowledge(struct receiver *receiver, struct marker *marker, uint64_t position);

/* Whether it is known how many heard the own marker. */
bool receiver_is_counted(const struct receiver *receiver);

/* Nobody but us heard the own marker. */
bool receiver_is_alone(const struct receiver *receiver);

/*
 * All others who heard it seem to have come at the same time, and to have marked after us: as many markers passed, all
 * of them behind it. They wait for us, and we need not wait for them.
 */
bool receiver_is_first(const struct receiver *receiver);

/* Drops what is pending and subscribes anew: others may have it, and the next marker tells whether anything is missing.
 */
void receiver_overflow(struct receiver *receiver);

#endif
