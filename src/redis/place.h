/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The field `after` of the log's entries: "<last>" or "<last> <marker> <position>", where an entry stands in the log
 * and in what was received. It is one field because each costs Redis and every reader some of the time of a message.
 */
#ifndef REDIS_PLACE_H
#define REDIS_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "push/event_id.h"

struct place {
    bool is_given;        /* entries of others have none */
    struct event_id last; /* of the entry before it in the log; 0-0 when there was none, or it is no id */
    struct span marker;   /* what follows it is recorded up to the position; empty: none */
    uint64_t position;    /* 0 when it is no number */
};

/* The marker is valid as long as the text. */
struct place place_read(struct span text);

#endif
