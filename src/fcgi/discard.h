/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads what comes on a descriptor of the loop to its end, and forgets it. A web server may write all of a request's
 * body before it looks at the answer, and lose the answer when the body is left unread.
 */
#ifndef FCGI_DISCARD_H
#define FCGI_DISCARD_H

#include <ev.h>
#include <stdbool.h>

struct discard {
    struct ev_loop *loop; /* private, as is all that follows */
    ev_io io;
    void (*on_end)(struct discard *discard);
};

/* Nothing is read yet. The descriptor stays the caller's, and may be a blocking one. */
void discard_init(struct discard *discard, struct ev_loop *loop, int fd, void (*on_end)(struct discard *discard));

/* Reads until its end, or until it fails: then `on_end` is called. */
void discard_start(struct discard *discard);

/* Harmless when it has ended, or was not started. */
void discard_stop(struct discard *discard);

/* True from the start to the end. */
bool discard_is_active(const struct discard *discard);

#endif
