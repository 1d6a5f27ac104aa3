/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Named numbers for operators and tests. Every room embeds its own `struct counter`s and registers them under a dotted
 * name ("streams.open"); counting is then a plain addition to `value`. The registry owns nothing: a counter must be
 * zeroed before it is registered and outlive the registry.
 */
#ifndef BASE_COUNTERS_H
#define BASE_COUNTERS_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/list.h"

struct counter {
    uint64_t value;
    const char *name;
    struct list link; /* private */
};

struct counters {
    struct list all; /* private: in order of registration */
};

void counters_init(struct counters *counters);

/* Adds the counter under a name that must stay valid. */
void counters_register(struct counters *counters, struct counter *counter, const char *name);

/* Appends "name=value" of every counter, separated by spaces. */
void counters_report(const struct counters *counters, struct buffer *out);

#endif
