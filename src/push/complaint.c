/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/complaint.h"

#include <inttypes.h>

void complaint_of_size(struct complaint *complaint, struct span channel, size_t len, size_t limit_bytes, int64_t now_ms)
{
    uint64_t suppressed;

    complaint->count.value++;
    if (log_limit_allows(&complaint->limit, now_ms, &suppressed))
        log_warning("refused a message of %zu bytes on channel %.*s, allowed are %zu (--max-message); %" PRIu64
                    " more since the last such line",
                    len, (int)channel.len, channel.data, limit_bytes, suppressed);
}

void complaint_of_members(struct complaint *complaint, struct span channel, unsigned dropped, int64_t now_ms)
{
    uint64_t suppressed;

    complaint->count.value += dropped;
    if (dropped > 0 && log_limit_allows(&complaint->limit, now_ms, &suppressed))
        log_warning("an envelope on channel %.*s had an invalid id, event or retry, which was left out; %" PRIu64
                    " more since the last such line",
                    (int)channel.len, channel.data, suppressed);
}
