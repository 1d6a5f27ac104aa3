/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The outgoing side of one connection: records made of a header, shared payload bytes and padding, written without
 * copying and without waiting. What the descriptor does not take stays as references until it can be written on, from
 * the very byte at which it stopped.
 */
#ifndef FCGI_OUTPUT_H
#define FCGI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "fcgi/record.h"

struct piece;

struct output {
    int fd;
    uint32_t waiting_pieces; /* payloads, or parts of one that are records of their own */
    struct piece *last;      /* private: what waits, as a ring: the last one is followed by the first */
    uint64_t *sent_bytes;    /* counts what was written; not owned */
};

enum output_state {
    OUTPUT_SENT,    /* nothing waits */
    OUTPUT_WAITING, /* call output_flush when the descriptor is writable */
    OUTPUT_FAILED,  /* the peer is gone */
};

void output_init(struct output *output, int fd, uint64_t *sent_bytes);

/* Forgets what waits. Does not close the descriptor. */
void output_fini(struct output *output);

/* Sends a payload in as many records as it needs (FastCGI 1.0 §3.3); takes references of its own. */
enum output_state output_add_records(struct output *output, enum record_type type, uint16_t request_id,
                                     struct bytes *payload);

/* Sends bytes that are records already. */
enum output_state output_add_raw(struct output *output, struct bytes *records);

/* Writes on. */
enum output_state output_flush(struct output *output);

static inline bool output_is_waiting(const struct output *output)
{
    return output->last != NULL;
}

#endif
