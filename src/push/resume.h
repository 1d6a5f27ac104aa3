/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a client wants to go on. */
#ifndef PUSH_RESUME_H
#define PUSH_RESUME_H

#include <stdint.h>

#include "base/span.h"

enum resume_kind {
    RESUME_NOW,        /* only what is new */
    RESUME_ALL,        /* everything retained */
    RESUME_AFTER_ID,   /* exactly behind an event id; announces what may have been missed */
    RESUME_AFTER_TIME, /* behind a moment; best effort */
};

struct resume {
    enum resume_kind kind;
    struct span id; /* RESUME_AFTER_ID: as the client sent it, any bytes */
    uint64_t ms;    /* RESUME_AFTER_TIME: since 1970 */
};

#endif
