/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One kind of thing that is wrong with messages which publishers send: counted, and said in the log once a minute at
 * most, on behalf of whoever takes messages in. Zero-initialise it; its counter must outlive the counters that it is
 * registered with.
 */
#ifndef PUSH_COMPLAINT_H
#define PUSH_COMPLAINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/counters.h"
#include "base/log.h"
#include "base/span.h"

struct complaint {
    struct counter count;
    struct log_limit limit; /* private */
};

/* A message of `len` bytes was refused: `limit_bytes` are allowed. */
void complaint_of_size(struct complaint *complaint, struct span channel, size_t len, size_t limit_bytes,
                       int64_t now_ms);

/* So many members of an envelope were left out; of none there is nothing to say. */
void complaint_of_members(struct complaint *complaint, struct span channel, unsigned dropped, int64_t now_ms);

#endif
