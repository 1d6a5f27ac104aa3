/* SPDX-License-Identifier: BSD-2-Clause */
#include "tally.h"

#include <string.h>

void tally_init(struct tally *tally)
{
    memset(tally, 0, sizeof(*tally));
    histogram_init(&tally->latency);
}

/* Reads digits and moves `*cursor` behind them; false if there are none or more than fit. */
static bool read_number(const char **cursor, const char *end, uint64_t *number)
{
    const char *start = *cursor;
    uint64_t sum = 0;

    while (*cursor < end && **cursor >= '0' && **cursor <= '9') {
        if (sum > UINT64_MAX / 10 - 1)
            return false;
        sum = sum * 10 + (uint64_t)(**cursor - '0');
        (*cursor)++;
    }
    *number = sum;
    return *cursor > start;
}

static bool read_payload(const char *data, size_t kept, uint64_t *number, uint64_t *made_ns)
{
    const char *end = data + kept;

    if (!read_number(&data, end, number) || *number == 0)
        return false;
    if (data == end || *data++ != ' ')
        return false;
    if (!read_number(&data, end, made_ns))
        return false;
    return data == end || *data == ' ';
}

void tally_message(struct tally *tally, struct sequence *sequence, const char *data, size_t kept,
                   size_t length, uint64_t now_ns)
{
    uint64_t number;
    uint64_t made_ns;

    if (!read_payload(data, kept, &number, &made_ns)) {
        tally->malformed++;
        return;
    }
    if (made_ns < tally->since_ns) {
        tally->foreign++;
        return;
    }
    if (tally->size && length != tally->size) {
        tally->malformed++;
        return;
    }
    switch (sequence_accept(sequence, number, tally->from_any)) {
    case SEQUENCE_REPEATED:
        tally->repeated++;
        return;
    case SEQUENCE_BEFORE:
        tally->inverted++;
        return;
    case SEQUENCE_LATE:
        tally->inverted++;
        break;
    case SEQUENCE_NEXT:
    case SEQUENCE_SKIPPED:
        break;
    }
    tally->delivered++;
    tally->last_ns = now_ns;
    histogram_add(&tally->latency, now_ns > made_ns ? now_ns - made_ns : 0);
}
