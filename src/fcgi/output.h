/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The outgoing side of one connection: shared bytes, written without copying and without waiting. What the descriptor
 * does not take stays as references until it can be written on, from the very byte at which it stopped.
 */
#ifndef FCGI_OUTPUT_H
#define FCGI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"

struct piece;

/* What all outputs of one owner have in common; it costs each of them a pointer. */
struct output_owner {
    ssize_t (*write)(int fd, const void *data, size_t len); /* as write(2); it does not wait and raises no signal */
    uint64_t *sent_bytes;                                   /* counts what was written; not owned */
};

struct output {
    int fd;
    uint32_t waiting_pieces;
    struct piece *last; /* private: what waits, as a ring: the last one is followed by the first */
    const struct output_owner *owner;
};

enum output_state {
    OUTPUT_SENT,    /* nothing waits */
    OUTPUT_WAITING, /* call output_flush when the descriptor is writable */
    OUTPUT_FAILED,  /* the peer is gone */
};

/* The owner outlives the output. */
void output_init(struct output *output, int fd, const struct output_owner *owner);

/* Forgets what waits. Does not close the descriptor. */
void output_fini(struct output *output);

/* Sends the bytes behind all that were added before; takes a reference of its own to what has to wait. */
enum output_state output_add(struct output *output, struct bytes *bytes);

/* Writes on. */
enum output_state output_flush(struct output *output);

static inline bool output_is_waiting(const struct output *output)
{
    return output->last != NULL;
}

/* For owners of sockets: send(2), which costs less than write(2). */
ssize_t output_write_socket(int fd, const void *data, size_t len);

#endif
