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
#include "redis/source.h"
#include "settings.h"

/* Serves until SIGTERM or SIGINT. Returns the exit status. All arguments stay the caller's. */
int server_run(const struct program *program, const struct settings *settings, const struct redis_address *address,
               struct listen_socket *socket);

/* Source and hub as the settings want them. Everything must outlive them; the source ends before its hub. */
void server_init_source(struct source *source, struct ev_loop *loop, const struct settings *settings,
                        const struct redis_address *address, enum part_kind part, const struct source_events *events,
                        struct counters *counters);
void server_init_hub(struct hub *hub, struct source *source, const struct program *program,
                     const struct settings *settings, struct counters *counters);

#endif
