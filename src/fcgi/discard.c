/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/discard.h"

#include <errno.h>
#include <unistd.h>

enum { READ_SIZE = 16384 };

/* One read of a descriptor that is readable does not block. */
static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
    struct discard *discard = io->data;
    char ignored[READ_SIZE];
    ssize_t len = read(io->fd, ignored, sizeof(ignored));

    (void)loop;
    (void)events;
    if (len > 0 || (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)))
        return;
    discard_stop(discard);
    discard->on_end(discard);
}

void discard_init(struct discard *discard, struct ev_loop *loop, int fd, void (*on_end)(struct discard *discard))
{
    *discard = (struct discard){.loop = loop, .on_end = on_end};
    ev_io_init(&discard->io, on_readable, fd, EV_READ);
    discard->io.data = discard;
}

void discard_start(struct discard *discard)
{
    ev_io_start(discard->loop, &discard->io);
}

void discard_stop(struct discard *discard)
{
    ev_io_stop(discard->loop, &discard->io);
}

bool discard_is_active(const struct discard *discard)
{
    return ev_is_active(&discard->io);
}
