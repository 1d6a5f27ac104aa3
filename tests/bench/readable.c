/* SPDX-License-Identifier: BSD-2-Clause */
#include "readable.h"

#include "clock.h"

/* Returns false when `end_ns` has come. */
static bool await_one(struct pollfd socket, uint64_t end_ns)
{
    socket.events = POLLIN;
    for (;;) {
        uint64_t now_ns = clock_now_ns();
        uint64_t left_ns = end_ns > now_ns ? end_ns - now_ns : 0;
        struct timespec left = {
            .tv_sec = (time_t)(left_ns / CLOCK_NS_PER_S),
            .tv_nsec = (long)(left_ns % CLOCK_NS_PER_S),
        };

        if (ppoll(&socket, 1, &left, NULL) == 1)
            return true;
        if (left_ns == 0)
            return false;
    }
}

/* Keeps those that are not yet readable, in their order; returns how many. */
static unsigned keep_waiting(struct pollfd *sockets, unsigned count)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < count; i++)
        sockets[i].events = POLLIN;
    if (poll(sockets, count, 0) < 0)
        return count;
    for (unsigned i = 0; i < count; i++) {
        if (!sockets[i].revents)
            sockets[kept++].fd = sockets[i].fd;
    }
    return kept;
}

bool readable_await_all(struct pollfd *sockets, unsigned count, uint64_t end_ns)
{
    while (count > 0) {
        if (!await_one(sockets[0], end_ns) || !await_one(sockets[count - 1], end_ns))
            return false;
        count = keep_waiting(sockets, count);
    }
    return true;
}
