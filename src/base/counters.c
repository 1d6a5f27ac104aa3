/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/counters.h"

#include <inttypes.h>

void counters_init(struct counters *counters)
{
    list_init(&counters->all);
}

void counters_register(struct counters *counters, struct counter *counter, const char *name)
{
    counter->name = name;
    list_append(&counters->all, &counter->link);
}

void counters_report(const struct counters *counters, struct buffer *out)
{
    const char *separator = "";
    LIST_FOR_EACH(link, &counters->all) {
        const struct counter *counter = LIST_ENTRY(link, const struct counter, link);
        buffer_printf(out, "%s%s=%" PRIu64, separator, counter->name, counter->value);
        separator = " ";
    }
}
