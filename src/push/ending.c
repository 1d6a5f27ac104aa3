/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/ending.h"

#include "push/arrival.h"
#include "push/hub.h"

enum { US_PER_MS = 1000 };

bool ending_has_begun(const struct hub *hub)
{
    return hub->ending.has_begun;
}

bool ending_is_over(const struct hub *hub)
{
    return hub->ending.has_begun && hub->now_ms * US_PER_MS >= hub->ending.last_us;
}

static int64_t ms_after(int64_t us)
{
    return (us + US_PER_MS - 1) / US_PER_MS;
}

/* Those who have answers on their way, or wait for something to be loaded, have no turn: they end by themselves. */
static bool has_next(const struct hub *hub)
{
    return timeouts_due(&hub->gap_polls) != TIMEOUT_NEVER || timeouts_due(&hub->polls) != TIMEOUT_NEVER ||
           timeouts_due(&hub->heartbeats) != TIMEOUT_NEVER;
}

int64_t ending_due(const struct hub *hub)
{
    const struct ending *ending = &hub->ending;

    if (!ending->has_begun || hub_clients_open(hub) == 0)
        return TIMEOUT_NEVER;
    return ms_after(has_next(hub) ? ending->next_us : ending->last_us);
}

/* Takes the first one out of its list. */
static struct subscriber *take_next(struct hub *hub)
{
    struct timeout *first = timeouts_take_due(&hub->gap_polls, TIMEOUT_NEVER - 1);

    if (first == NULL)
        first = timeouts_take_due(&hub->polls, TIMEOUT_NEVER - 1);
    if (first == NULL)
        first = timeouts_take_due(&hub->heartbeats, TIMEOUT_NEVER - 1);
    return first != NULL ? LIST_ENTRY(first, struct subscriber, timeout) : NULL;
}

static void end_subscribers(struct timeouts *timeouts)
{
    LIST_FOR_EACH_SAFE(link, &timeouts->waiting)
        subscriber_end(LIST_ENTRY(link, struct subscriber, timeout.link));
}

/* What came in this very turn goes out before. */
static void end_all(struct hub *hub)
{
    hub_flush(hub);
    end_subscribers(&hub->heartbeats);
    end_subscribers(&hub->polls);
    end_subscribers(&hub->gap_polls);
    end_subscribers(&hub->held_polls);
    LIST_FOR_EACH_SAFE(link, &hub->limits.waiting)
        subscriber_end(LIST_ENTRY(link, struct arrival, limit.link)->subscriber);
    batch_clear(&hub->batch);
}

/* Each one's turn leaves the same distance between all that are left, however many have come or gone by themselves. */
static void end_due(struct hub *hub)
{
    struct ending *ending = &hub->ending;
    int64_t now_us = hub->now_ms * US_PER_MS;

    while (ending->next_us <= now_us && has_next(hub)) {
        int64_t distance_us = (ending->last_us - ending->next_us) / (int64_t)hub_clients_open(hub);
        ending->next_us += distance_us > 0 ? distance_us : 1;
        subscriber_hurry(take_next(hub));
    }
    if (ending->next_us < now_us)
        ending->next_us = now_us; /* turns that nobody took are not made up for */
}

void ending_go_on(struct hub *hub)
{
    if (ending_is_over(hub))
        end_all(hub);
    else if (hub->ending.has_begun)
        end_due(hub);
}

void hub_end_over(struct hub *hub, int64_t duration_ms)
{
    int64_t now_us = hub->now_ms * US_PER_MS;

    hub->ending = (struct ending){.has_begun = true, .next_us = now_us, .last_us = now_us + duration_ms * US_PER_MS};
    ending_go_on(hub);
}
