/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parent of --workers: it holds the listening socket, keeps so many workers alive, and replaces them without a
 * moment in which nobody listens. SIGHUP reads the settings anew and starts new workers with them; SIGUSR2 executes the
 * program anew in place, for another version of it. Either way the earlier workers serve until the new ones do, and
 * then end their streams over --grace.
 */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include "configuration.h"
#include "process/socket.h"
#include "process/upgrade.h"
#include "program.h"

/*
 * Serves until SIGTERM or SIGINT. Returns the exit status, with one line in `error` when it could not start; in the
 * workers, which are forked inside, it does not return. Takes over the configuration; the rest stays the caller's, the
 * socket being closed. `predecessor` is what upgrade_take found, or NULL.
 */
int supervisor_run(const struct program *program, const struct invocation *invocation,
                   struct configuration *configuration, struct listen_socket *socket, const struct upgrade *predecessor,
                   struct buffer *error);

#endif
