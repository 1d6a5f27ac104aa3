/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way by which a process that ends passes connections on to those that go on serving: a socket pair that all
 * processes of one parent share, through every reload and upgrade. A web server that keeps connections to use them
 * again never sees one closed that it is just about to use.
 */
#ifndef PROCESS_RELAY_H
#define PROCESS_RELAY_H

#include <stdbool.h>

enum relay_end { RELAY_TAKE, RELAY_GIVE };

struct relay {
    int fds[2]; /* by enum relay_end; -1: there is none, and nothing can be passed on */
};

/* A relay that passes nothing on. */
#define RELAY_NONE ((struct relay){.fds = {-1, -1}})

/* Opens both ends, non-blocking and closed on exec. Returns 0, or -1 with errno. */
int relay_open(struct relay *relay);
void relay_close(struct relay *relay);

/* Has both ends survive exec, or not. Returns 0, or -1 with errno when they are not the ends of a relay. */
int relay_keep(const struct relay *relay);
int relay_keep_not(const struct relay *relay);

/* Nobody takes anything any more, in whichever process: giving fails from now on. */
void relay_end(const struct relay *relay);

/* Passes a descriptor on; it stays open here, too. False when that cannot be done now. */
bool relay_give(const struct relay *relay, int fd);

/* The next descriptor, closed on exec and the caller's; -1 when none waits. */
int relay_take(const struct relay *relay);

#endif
