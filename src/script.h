/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that a web server started as plain CGI (RFC 3875): the service with one request in front of it. */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdbool.h>

#include "configuration.h"
#include "program.h"

/*
 * True when this process is to answer the one request that its environment describes: that says so, and there is no
 * listening socket from whoever started it.
 */
bool script_is_requested(char *const *environment);

/*
 * What to read the configuration from instead. A web server passes words of the client's query as arguments (RFC 3875
 * §4.4), so there are none; PUSH_CHANNELS and PUSH_MOUNT are parameters of the request. Free `environment`.
 */
struct invocation script_invocation(const struct invocation *invocation);

/* Answers the request on standard output. Returns the exit status. The arguments stay the caller's. */
int script_run(const struct program *program, const struct configuration *configuration,
               const struct invocation *invocation);

#endif
