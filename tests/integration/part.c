/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sse.fcgi in the part of recording that the environment's RECORDING_PART names: what workers and plain CGI programs
 * are among others, with everything that tests do to a responder. It logs when its source is ready, in ms of the
 * monotonic clock.
 *
 * Linked with --wrap=source_init, so that the program itself knows nothing of this.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "redis/source.h"

void __real_source_init(struct source *source, enum source_kind kind, struct ev_loop *loop,
                        const struct journal_config *config, const struct source_events *events,
                        struct counters *counters);
void __wrap_source_init(struct source *source, enum source_kind kind, struct ev_loop *loop,
                        const struct journal_config *config, const struct source_events *events,
                        struct counters *counters);

static enum part_kind part_of_environment(void)
{
    static const char *const names[] = {
        [PART_RECORDS] = "records", [PART_STANDS_BACK] = "stands back", [PART_READS] = "reads"};
    const char *wanted = getenv("RECORDING_PART");

    for (enum part_kind kind = PART_RECORDS; wanted != NULL && kind <= PART_READS; kind++)
        if (strcmp(names[kind], wanted) == 0)
            return kind;
    log_error("RECORDING_PART is '%s'; it must be 'records', 'stands back' or 'reads'", wanted != NULL ? wanted : "");
    exit(2);
}

static struct source_events given; /* what the program wants to be told */

static void on_ready(void *owner)
{
    log_info("ready at %" PRId64, clock_monotonic_ms());
    if (given.on_ready != NULL)
        given.on_ready(owner);
}

void __wrap_source_init(struct source *source, enum source_kind kind, struct ev_loop *loop,
                        const struct journal_config *config, const struct source_events *events,
                        struct counters *counters)
{
    struct journal_config changed = *config;

    if (events != NULL)
        given = *events;
    struct source_events own = given;
    own.on_ready = on_ready;
    changed.part = part_of_environment();
    __real_source_init(source, kind, loop, &changed, &own, counters);
}
