/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Payloads as the records that carry them. The last one is kept for the next connection that is given the same: in a
 * fan-out nearly all are, and web servers number their requests alike, so header, payload and padding are put together
 * once and then only referenced. One slot is enough, because a fan-out hands out one payload at a time.
 */
#ifndef FCGI_FRAMING_H
#define FCGI_FRAMING_H

#include <stdint.h>

#include "base/bytes.h"

struct framing {
    struct bytes *payload; /* a reference, so that nothing else can stand at its address; NULL: the slot is empty */
    struct bytes *records;
    uint16_t request_id;
};

/*
 * The payload in as many STDOUT records as it needs (FastCGI 1.0 §3.3); an empty one needs none. The caller owns a
 * reference. A payload that has one reference is not kept: mostly it is given to one connection.
 */
struct bytes *framing_take(struct framing *framing, uint16_t request_id, struct bytes *payload);

/* Empties the slot: at the end of each turn, so that it keeps nothing alive. */
void framing_clear(struct framing *framing);

#endif
