/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection from the web server, and the request on it. It is the sink of that request's answer.
 *
 * Life: open -> (request -> answer)* -> doomed -> freed by fastcgi_reap. A doomed connection does nothing any more.
 */
#ifndef FCGI_CONNECTION_H
#define FCGI_CONNECTION_H

#include "fcgi/fastcgi.h"

struct connection;

/* For fastcgi->outlets. */
extern const struct outlet_ops connection_outlet_ops;

/* Starts serving a non-blocking socket, which it owns; a first request must begin within `patience`, NULL for ever. */
void connection_open(struct fastcgi *fastcgi, int fd, struct timeouts *patience);

/* The connection whose deadline has passed: in the list of incoming, draining or lingering ones. */
void connection_on_timeout(struct timeout *deadline);

/*
 * At the end: passes the connection on if that can be done, else closes it after a moment, in which a request that the
 * web server is just sending is still answered. One with an answer on its way stays, and leaves when that is sent; one
 * that is being closed goes on with that.
 */
void connection_leave(struct list *link);

/* Frees a doomed connection; its subscriber learns that the client is gone. `link` is in fastcgi->doomed. */
void connection_reap(struct list *link);

/* Dooms a connection of fastcgi->connections: it is closed at the end of the turn. */
void connection_doom_link(struct list *link);

#endif
