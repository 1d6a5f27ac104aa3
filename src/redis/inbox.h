/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inbox: a stream in which applications leave messages that are to be recorded exactly once, whether or not anybody
 * runs. Its reader takes them from the front, as one run at a time; the script deletes what it records.
 */
#ifndef REDIS_INBOX_H
#define REDIS_INBOX_H

#include "base/log.h"
#include "push/complaint.h"
#include "redis/run.h"
#include "redis/tail.h"

struct inbox_stats {
    struct counter recorded, malformed;
    struct complaint too_large, members_dropped;
};

struct inbox {
    struct tail tail;
    const struct keys *keys;
    size_t max_message_bytes;
    struct inbox_stats stats;
    struct envelope envelope;
    struct run run; /* read and not yet recorded; sent by the recorder */
    bool is_wanted; /* we read it */
    struct log_limit malformed_log;
};

/* What the pointers name must outlive it. Starts nothing yet. */
void inbox_init(struct inbox *inbox, struct ev_loop *loop, const struct redis_address *address, const struct keys *keys,
                size_t max_message_bytes, struct link_stats *links, struct counters *counters);
void inbox_fini(struct inbox *inbox);

void inbox_start(struct inbox *inbox);

/* Whether it is ours to read: when we have the lease. */
void inbox_want(struct inbox *inbox, bool is_wanted);

/* True when `run` holds something to be recorded. */
bool inbox_has_run(const struct inbox *inbox);

/* The run was recorded (`count` entries of it by us), or is to be read again. */
void inbox_next(struct inbox *inbox, uint64_t count);

#endif
