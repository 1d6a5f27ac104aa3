/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wiring: one loop, and on it the hub, its source (Redis), its clients (FastCGI) and the signals. Each turn of the
 * loop ends with what the turn owes: heartbeats and deadlines, one flush of all that is new, and the freeing of what
 * ended.
 */
#ifndef SERVER_H
#define SERVER_H

#include "process/socket.h"
#include "program.h"
#include "push/hub.h"
#include "redis/address.h"
#include "settings.h"

/* Serves until SIGTERM or SIGINT. Returns the exit status. All arguments stay the caller's. */
int server_run(const struct program *program, const struct settings *settings, const struct redis_address *address,
               struct listen_socket *socket);

/* The hub as the settings want it, with a tag of its own. Everything must outlive it. */
void server_init_hub(struct hub *hub, const struct program *program, const struct settings *settings,
                     struct counters *counters);

#endif
