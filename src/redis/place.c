/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/place.h"

static uint64_t number_of(struct span text)
{
    uint64_t number = 0;

    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9' || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(text.data[i] - '0'), &number))
            return 0;
    return number;
}

struct place place_read(struct span text)
{
    struct place place = {0};
    struct span last, position;

    place.is_given = span_take_item(&text, " ", &last);
    if (place.is_given && !event_id_parse(last, "", &place.last))
        place.last = EVENT_ID_NONE;
    if (span_take_item(&text, " ", &place.marker) && span_take_item(&text, " ", &position))
        place.position = number_of(position);
    return place;
}
