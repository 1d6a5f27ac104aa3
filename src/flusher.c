/* SPDX-License-Identifier: BSD-2-Clause */
#include "flusher.h"

#include "base/clock.h"
#include "push/hub.h"

void flusher_init(struct flusher *flusher, struct hub *hub, int64_t coalesce_ms, struct counters *counters)
{
    *flusher = (struct flusher){.hub = hub};
    pace_init(&flusher->pace, coalesce_ms);
    counters_register(counters, &flusher->stats.flushes, "flushes.done");
    counters_register(counters, &flusher->stats.waited, "flushes.waited");
    counters_register(counters, &flusher->stats.waited_us, "flushes.waited_us");
}

static bool may_flush_all(struct flusher *flusher, int64_t now_us)
{
    int64_t waited_us = pace_waited_us(&flusher->pace, now_us);

    if (!pace_allows(&flusher->pace, now_us))
        return false;
    flusher->stats.waited.value += waited_us > 0;
    flusher->stats.waited_us.value += (uint64_t)waited_us;
    return true;
}

static void flush(struct flusher *flusher)
{
    struct hub *hub = flusher->hub;
    int64_t begin_us = clock_monotonic_us();
    int64_t cpu_us = clock_cpu_us();

    if (hub_has_deferrable(hub) && !may_flush_all(flusher, begin_us)) {
        flusher->stats.flushes.value += hub_has_prompt(hub);
        hub_flush_prompt(hub);
    } else {
        flusher->stats.flushes.value++;
        hub_flush(hub);
    }
    pace_spend(&flusher->pace, begin_us, clock_cpu_us() - cpu_us);
}

void flusher_turn(struct flusher *flusher)
{
    /* What waited may have gone out by itself, to make room in a ring. */
    if (!hub_has_deferrable(flusher->hub))
        pace_withdraw(&flusher->pace);
    if (hub_has_deferrable(flusher->hub) || hub_has_prompt(flusher->hub))
        flush(flusher);
    else
        hub_flush(flusher->hub);
}

int64_t flusher_due(const struct flusher *flusher)
{
    return pace_due(&flusher->pace);
}
