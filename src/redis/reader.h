/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Follows the log: hands each entry to the hub, in order, and what it acknowledges to the recorder. It reads from an
 * explicit id on, also after a reconnection, so nothing is passed over. Each entry names the one before it
 * (redis/place.h): where that is not the one read before, part of the log is lost, and the hub loads its rings anew.
 */
#ifndef REDIS_READER_H
#define REDIS_READER_H

#include "base/log.h"
#include "push/hub.h"
#include "redis/keys.h"
#include "redis/tail.h"

struct reader_events {
    /* The log has everything behind a marker up to the position. */
    void (*on_acknowledged)(void *owner, struct span marker, uint64_t position);
    void (*on_break)(void *owner, struct event_id id); /* an entry before which anything may be missing */
    void *owner;
};

struct reader {
    struct tail tail;
    const struct keys *keys;
    struct hub *hub;
    struct reader_events events;
    struct counter entries, broken, malformed;
    struct event_id position; /* of the last entry read */
    struct event_id log_end;  /* the log's last id, as far as known */
    struct event_id owed;     /* the same when the XREAD under way was sent: it must bring what is up to here */
    struct envelope envelope;
    size_t largest_bytes; /* message seen or announced lately */
    bool is_placed;       /* the position is known */
    struct log_limit unkept_log;
};

/* What the pointers name must outlive it. Starts nothing yet. */
void reader_init(struct reader *reader, struct ev_loop *loop, const struct redis_address *address,
                 const struct keys *keys, const struct reader_events *events, struct link_stats *links,
                 struct counters *counters);
void reader_set_hub(struct reader *reader, struct hub *hub);
void reader_fini(struct reader *reader);

/* Connects; reads once the place is known. */
void reader_start(struct reader *reader);

/* Where reading begins: behind this id. The hub starts there. */
void reader_place(struct reader *reader, struct event_id position);

/* The log's last id: what is up to there, and cannot be read, is lost. */
void reader_expect_end(struct reader *reader, struct event_id end);

/* Whether everything was read that the log is known to have. */
bool reader_is_current(const struct reader *reader);

/* A message of this size is going to come: replies are kept small enough. */
void reader_expect(struct reader *reader, size_t bytes);

#endif
