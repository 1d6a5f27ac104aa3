/* SPDX-License-Identifier: BSD-2-Clause */
/* The settings of a running program, read anew: what of them concerns the parent is changed, or nothing is. */
#ifndef RELOAD_H
#define RELOAD_H

#include "configuration.h"
#include "process/socket.h"

/*
 * Reads the configuration again; when it names another address, *socket is opened there and the old one closed. Returns
 * what is to be used from now on, owned by the caller as the present one is, or NULL with one line in `error`.
 */
struct configuration *reload(const struct configuration *configuration, const struct invocation *invocation,
                             struct listen_socket *socket, struct buffer *error);

#endif
