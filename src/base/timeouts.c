/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/timeouts.h"

void timeouts_init(struct timeouts *timeouts, int64_t length_ms)
{
    list_init(&timeouts->waiting);
    timeouts->length_ms = length_ms;
}

void timeout_init(struct timeout *timeout)
{
    list_init(&timeout->link);
    timeout->due_ms = TIMEOUT_NEVER;
}

void timeout_start(struct timeouts *timeouts, struct timeout *timeout, int64_t now_ms)
{
    timeout->due_ms = now_ms + timeouts->length_ms;
    list_move_to_end(&timeouts->waiting, &timeout->link);
}

void timeout_stop(struct timeout *timeout)
{
    list_remove(&timeout->link);
    timeout->due_ms = TIMEOUT_NEVER;
}

static struct timeout *first(const struct timeouts *timeouts)
{
    return LIST_ENTRY(timeouts->waiting.next, struct timeout, link);
}

int64_t timeouts_due(const struct timeouts *timeouts)
{
    return list_is_empty(&timeouts->waiting) ? TIMEOUT_NEVER : first(timeouts)->due_ms;
}

int64_t timeout_earliest(const int64_t *dues_ms, size_t count)
{
    int64_t earliest = TIMEOUT_NEVER;
    for (size_t i = 0; i < count; i++)
        if (dues_ms[i] < earliest)
            earliest = dues_ms[i];
    return earliest;
}

struct timeout *timeouts_take_due(struct timeouts *timeouts, int64_t now_ms)
{
    if (timeouts_due(timeouts) > now_ms)
        return NULL;
    struct timeout *timeout = first(timeouts);
    timeout_stop(timeout);
    return timeout;
}
