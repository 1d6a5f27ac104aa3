/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sink that writes nowhere: it records what it is given and what it is asked for, can be told to block, and fails the
 * test when it is used against the contract of push/sink.h (written to while blocked, or after its end).
 */
#ifndef UNIT_FAKE_SINK_H
#define UNIT_FAKE_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "push/sink.h"

struct fake_sink {
    struct sink sink;
    struct buffer written;
    size_t writes;
    size_t largest_write;
    struct bytes *last_payload; /* a reference */
    bool blocks;                /* answers SINK_BLOCKED from now on */
    bool is_waiting;            /* it did, and was not drained since */
    bool keeps_more;            /* may be written to while it waits: for answers of known size */
    bool wants_call_back;
    unsigned ends, aborts;
};

void fake_sink_init(struct fake_sink *sink);
void fake_sink_fini(struct fake_sink *sink);

/* What waited is gone: the subscriber may write on. `blocks` is off again. */
void fake_sink_drain(struct fake_sink *sink);

/* A turn of the loop as the sink sees it: the call that was asked for. True when there was one. */
bool fake_sink_call_back(struct fake_sink *sink);

/* The client goes away. */
void fake_sink_leave(struct fake_sink *sink);

static inline bool fake_sink_is_over(const struct fake_sink *sink)
{
    return sink->ends + sink->aborts > 0;
}

#endif
