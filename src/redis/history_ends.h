/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where histories end, as this process knows from what it recorded itself, so that record.lua need not look at the
 * history of each message. It is true while the log ends where our last call left it; the script sees to that.
 *
 * A history that the script looks at is trimmed, and lives on; so from time to time nothing is said of it.
 */
#ifndef REDIS_HISTORY_ENDS_H
#define REDIS_HISTORY_ENDS_H

#include "push/event_id.h"
#include "redis/run.h"

struct history_ends {
    struct event_id log_end;   /* where the log must end; 0-0: not known */
    struct lh_table *channels; /* private, as is what follows: name -> struct history_end */
    size_t length;             /* entries that are added before a history is trimmed */
    int64_t life_ms;           /* time until it is kept alive again */
};

/* Histories of so many entries, which live so long; they are trimmed an eighth, and kept alive a 16th later. */
void history_ends_init(struct history_ends *ends, size_t history_length, int64_t history_ttl_ms);
void history_ends_fini(struct history_ends *ends);

/* The id of the channel's last entry, to be sent now; 0-0 when the script has to look. */
struct event_id history_ends_take(struct history_ends *ends, struct span channel, int64_t now_ms);

/* The newest entries of the log, which ends with this id, are the items of the run; NULL, or an empty one: none. */
void history_ends_learn(struct history_ends *ends, const struct run *run, struct event_id log_end, int64_t now_ms);

/* Nothing is known any more of histories; of the log that it ends here (0-0: nothing). */
void history_ends_forget(struct history_ends *ends, struct event_id log_end);

#endif
