/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/position.h"

#include <stdbool.h>

static const char *const id_parameters[] = {"lastEventId", "last-event-id", "last_event_id", "since"};

/* An empty id is what a client sends that has none yet. */
static struct span find_id(const struct params *params, const struct query *query)
{
    struct span id = span_of(params_get(params, "HTTP_LAST_EVENT_ID"));
    for (size_t i = 0; id.len == 0 && i < sizeof(id_parameters) / sizeof(id_parameters[0]); i++) {
        const struct span *value = query_get(query, id_parameters[i]);
        if (value != NULL)
            id = *value;
    }
    return id;
}

static bool read_number(struct span text, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(text.data[i] - '0');
        if (__builtin_mul_overflow(*number, 10, number) || __builtin_add_overflow(*number, digit, number))
            return false;
    }
    return text.len > 0;
}

int position_read(const struct params *params, const struct query *query, struct resume *resume)
{
    struct span id = find_id(params, query);
    const struct span *timestamp = query_get(query, "timestamp");

    *resume = (struct resume){.kind = RESUME_NOW};
    if (id.len > 0) {
        resume->kind = span_equals(id, "0") ? RESUME_ALL : RESUME_AFTER_ID;
        resume->id = id;
    } else if (timestamp != NULL) {
        resume->kind = RESUME_AFTER_TIME;
        if (!read_number(*timestamp, &resume->ms))
            return -1;
    }
    return 0;
}
