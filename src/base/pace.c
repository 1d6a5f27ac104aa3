/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/pace.h"

#include "base/timeouts.h"

/* What is shorter is not worth a wait, nor is there a timer for it. */
enum { US_PER_MS = 1000, GRAIN_US = US_PER_MS };

void pace_init(struct pace *pace, int64_t bound_ms)
{
    *pace = (struct pace){.bound_us = bound_ms * US_PER_MS};
}

/* When the piece that waits may be done. */
static int64_t allowed_us(const struct pace *pace)
{
    int64_t bound_us = pace->since_us + pace->bound_us;
    return pace->paid_us < bound_us ? pace->paid_us : bound_us;
}

bool pace_allows(struct pace *pace, int64_t now_us)
{
    if (!pace->is_waiting)
        pace->since_us = now_us;
    pace->is_waiting = allowed_us(pace) - now_us >= GRAIN_US;
    return !pace->is_waiting;
}

void pace_withdraw(struct pace *pace)
{
    pace->is_waiting = false;
}

int64_t pace_due(const struct pace *pace)
{
    return pace->is_waiting ? allowed_us(pace) / US_PER_MS : TIMEOUT_NEVER;
}

int64_t pace_waited_us(const struct pace *pace, int64_t now_us)
{
    return pace->is_waiting ? now_us - pace->since_us : 0;
}

void pace_spend(struct pace *pace, int64_t begin_us, int64_t spent_us)
{
    int64_t earliest_us = begin_us - PACE_SAVED_US;

    if (pace->paid_us < earliest_us)
        pace->paid_us = earliest_us;
    if (pace->paid_us > begin_us + pace->bound_us)
        pace->paid_us = begin_us + pace->bound_us; /* nothing waits longer: what is owed beyond that is forgotten */
    pace->paid_us += PACE_PARTS * spent_us;
}
