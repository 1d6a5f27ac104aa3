/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * readable: waits until something has come to each of many sockets, without receiving any of it. So a server is seen to
 * have written to all of them, while whoever waits leaves it the processors: mostly it sleeps on two sockets, and all
 * are looked at once.
 */
#ifndef BENCH_READABLE_H
#define BENCH_READABLE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Waits until each of the `count` sockets has something to read or is closed, or `end_ns` (clock_now_ns) has come:
 * whether all have. Best in the order in which they are written to, or in its reverse. The array is used up.
 */
bool readable_await_all(struct pollfd *sockets, unsigned count, uint64_t end_ns);

#endif
