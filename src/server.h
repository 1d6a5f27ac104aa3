/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that serves what a listening socket brings: the service with FastCGI in front of it. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>

#include "configuration.h"
#include "process/relay.h"
#include "process/socket.h"
#include "program.h"

/* What a serving process is told. */
struct worker {
    unsigned index;                  /* among its like, from 0; a process without a parent is the only one */
    bool has_others;                 /* who serve until it is ready, so it need not accept before */
    void (*on_ready)(void *context); /* called once, when it serves */
    void *context;
    const struct relay *relay; /* by which it takes connections over, and passes them on at its end */
};

/*
 * Serves until SIGTERM, or SIGINT unless that is ignored. Returns the exit status. All arguments stay the caller's; the
 * socket is closed at the latest when this returns.
 */
int server_run(const struct program *program, const struct configuration *configuration, struct listen_socket *socket,
               const struct worker *worker);

#endif
