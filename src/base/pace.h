/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How often work may be done that takes time and is worth more the less often it is done: when it takes a large share
 * of the time, the next piece waits; when it does not, nothing waits. After some rest a few pieces may follow one
 * another at once. Nothing waits for longer than a bound, whatever the share is.
 *
 * Who does the work asks before it and says afterwards how long it took. Times are the caller's, monotonic
 * microseconds; the bound is held to the millisecond, as timers of event loops are.
 */
#ifndef BASE_PACE_H
#define BASE_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Work that need not wait takes at most one part in so many. */
enum { PACE_PARTS = 4 };

/* How much of its share work may have saved up, and use at once. */
enum { PACE_SAVED_US = 20000 };

struct pace {
    int64_t bound_us;
    int64_t paid_us;  /* private, as is all that follows: up to here the work that was done has used its share */
    int64_t since_us; /* when the piece that waits was first asked for */
    bool is_waiting;
};

void pace_init(struct pace *pace, int64_t bound_ms);

/* True when the work may be done now, and then nothing waits any more; else it waits, from the first such answer on. */
bool pace_allows(struct pace *pace, int64_t now_us);

/* What was asked for is not to be done any more. Harmless when nothing waits. */
void pace_withdraw(struct pace *pace);

/* When to ask again: monotonic milliseconds, or TIMEOUT_NEVER when nothing waits. */
int64_t pace_due(const struct pace *pace);

/* How long has been waited by now; 0 when nothing waits. */
int64_t pace_waited_us(const struct pace *pace, int64_t now_us);

/* Work that took so long was done, whether it was asked for or could not wait. */
void pace_spend(struct pace *pace, int64_t begin_us, int64_t spent_us);

#endif
