/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part that a process takes in recording: what it hears and keeps, when it takes the lease, and when it records
 * without it. Any number of processes may take any part; more of those that record only help, because whatever one of
 * them received and did not record, the others do.
 *
 * The recorder (redis/recorder.h) owns it, and sends what it says.
 */
#ifndef REDIS_PART_H
#define REDIS_PART_H

#include "redis/inbox.h"
#include "redis/lease.h"
#include "redis/receiver.h"

enum part_kind {
    PART_RECORDS,     /* subscribes, keeps what is pending, takes the lease when it is free */
    PART_STANDS_BACK, /* likewise, but for the first leases of its life only when nobody else does: it may soon go */
    PART_READS,       /* only follows the log */
};

struct part_events {
    void (*on_failed)(void *owner, const char *reason);
    void *owner;
};

/* How long others have their chance. */
struct patience {
    int64_t vacancy_ms; /* the lease is taken when nobody was seen to have it for so long */
    int64_t overdue_ms; /* what has been pending for so long is recorded without the lease */
};

struct part {
    enum part_kind kind;
    struct part_events events;
    struct patience young; /* PART_STANDS_BACK, at first */
    int64_t started_ms;
    struct receiver receiver;
    struct lease lease;
    struct inbox inbox;
    bool is_ending, is_handed_over;
};

/* What the pointers name must outlive it. Starts nothing yet. */
void part_init(struct part *part, enum part_kind kind, struct ev_loop *loop, const struct redis_address *address,
               const struct keys *keys, struct commands *commands, size_t max_message_bytes,
               const struct part_events *events, struct link_stats *links, struct counters *counters);
void part_fini(struct part *part);

/* Who takes the part of a reader opens no connection. */
void part_start(struct part *part, int64_t now_ms);

/* False for who only reads: nothing is ever pending, and no marker is its own. */
bool part_hears(const struct part *part);

/* Publishes the marker, seeks or renews the lease, reads the inbox: whichever is due. At the end of each turn. */
void part_attend(struct part *part, int64_t now_ms);

/*
 * The log has the own marker: whatever came before it, somebody has, and what comes is recorded, by others if not by
 * us. Who hears nothing has nothing to wait for.
 */
bool part_is_linked(const struct part *part);

/* Whether it is known how counting from the own marker begins: alone, or after others. */
bool part_is_counted(const struct part *part);

/* May we have the lease, if it is free? */
bool part_may_take_lease(const struct part *part, int64_t now_ms);

/* May we record this now, or leave it to others? */
bool part_may_send(const struct part *part, const struct pending_item *item, int64_t now_ms);

/* Whether the inbox's run is ours to record. */
bool part_may_empty_inbox(const struct part *part, int64_t now_ms);

/* Nobody older is going to record this marker. A needless break costs a gap, a missing one a message. */
bool part_is_orphaned(const struct part *part, const struct marker *marker, int64_t now_ms);

/* The connection for commands is ready, or lost. */
void part_on_commands_ready(struct part *part);
void part_on_commands_lost(struct part *part);

/* The log has everything behind a marker up to the position. */
void part_acknowledge(struct part *part, struct span marker, uint64_t position);

/* Hears nothing any more. */
void part_end(struct part *part);

/* Gives the lease up, once, as soon as nothing is pending: nobody else may have that. After part_end. */
void part_hand_over(struct part *part, int64_t now_ms);

/* Others can do all that is left to be done. */
bool part_has_ended(const struct part *part);

#endif
