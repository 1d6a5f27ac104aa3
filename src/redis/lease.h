/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our part in the lease of the recorder. Whoever has it records at once; that two believe to have it does no harm,
 * because recording is idempotent. The value in Redis is new for each acquisition, so that an old answer can never
 * renew somebody else's.
 */
#ifndef REDIS_LEASE_H
#define REDIS_LEASE_H

#include "redis/commands.h"
#include "redis/keys.h"

/*
 * A lease that was not renewed ends after LEASE_MS; its holder stops using it a little before. Who has not got it asks
 * for it, or looks who has, every LEASE_SEEK_MS.
 */
enum { LEASE_MS = 3000, LEASE_SEEK_MS = 240 };

struct lease_stats {
    struct counter held, acquired, lost;
};

struct lease {
    struct commands *commands;
    const struct keys *keys;
    struct lease_stats stats;
    char value[128];
    bool is_ours;          /* as far as we know */
    int64_t used_until_ms; /* by then it must be renewed */
    int64_t asked_ms;      /* when the last question was sent; 0: never */
    int64_t vacant_ms;     /* since when nobody was seen to have it; 0: somebody has, or unknown */
    unsigned unanswered;   /* questions */
    bool is_sought;        /* the last question was for the lease itself */
    bool is_releasing;
    struct request words[2]; /* private */
};

void lease_init(struct lease *lease, struct commands *commands, const struct keys *keys, struct counters *counters);
void lease_fini(struct lease *lease);

/* May we record at once? */
bool lease_is_held(const struct lease *lease, int64_t now_ms);

/* The connection is new: what was seen on the one before says nothing. */
void lease_on_commands_ready(struct lease *lease);

/* Nobody had it when it was last seen. */
bool lease_is_vacant(const struct lease *lease);

/* How long nobody has had it, as far as seen, in ms; 0 when somebody has. */
int64_t lease_vacancy(const struct lease *lease, int64_t now_ms);

/*
 * What we want now: takes it, when it is free, or only looks; renews it when that is time and `may_renew`. May be
 * called at any time: it asks at once when it may newly be taken, and else in intervals.
 */
void lease_seek(struct lease *lease, bool may_acquire, bool may_renew, int64_t now_ms);

/* When the last renewal or acquisition was asked for. */
int64_t lease_asked(const struct lease *lease);

/* Gives it up, in Redis too if that can be reached. */
void lease_release(struct lease *lease, int64_t now_ms);

/* Whether any answer is still to come. */
bool lease_is_asking(const struct lease *lease);

/* Whether an answer to lease_release is still to come. */
bool lease_is_releasing(const struct lease *lease);

#endif
