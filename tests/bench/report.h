/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: what a run found, as lines of text for a person and as one JSON object for a script. It
 * computes nothing but ratios: all counts come from the run.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "once.h"
#include "options.h"
#include "pool.h"
#include "publisher.h"
#include "tally.h"

#include <stdio.h>

struct report_process {
    struct procstat_memory before; /* before any stream was opened */
    struct procstat_memory open;   /* with all streams open and nothing published */
    struct procstat_memory end;
    int64_t cpu_ns; /* used while measuring; -1 unknown */
    bool is_alive;  /* at the end */
};

struct report {
    const struct options *options;
    const struct pool *pool;
    const struct tally *tally;
    const struct publisher_result *publishing; /* NULL when nothing was to be published */

    bool is_interrupted;
    double open_seconds;          /* until all streams were open */
    double last_seconds;          /* from the first connect to the last delivery */
    double measured_seconds;      /* publishing and draining, or listening, or idling */
    double delivery_seconds;      /* from the beginning of measuring to the last delivery in it */
    uint64_t measured_deliveries; /* that came while measuring */
    uint64_t expected;            /* deliveries */
    uint64_t lost;                /* of these never came */
    uint64_t lost_at_ended;       /* of these on streams that had ended */
    struct once once;             /* OPTIONS_ONCE: the messages that reached all */
    int64_t own_cpu_ns;           /* of this program, while measuring */
    struct report_process processes[PROCSTAT_MAX];
};

/*
 * Whether all streams opened, nothing is lost, repeated or inverted, publishing went well, all named
 * processes live, and, where it is not known what was published, no stream ended.
 */
bool report_is_good(const struct report *report);

/* Writes the lines for a person. */
void report_text(const struct report *report, FILE *out);

/* Writes one JSON object and a newline. What is unknown is null. */
void report_json(const struct report *report, FILE *out);

#endif
