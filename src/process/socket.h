/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The listening socket: made from --listen (unix:PATH, HOST:PORT, [V6]:PORT), or inherited from systemd (LISTEN_FDS) or
 * as descriptor 0 from the web server, spawn-fcgi or a like program.
 */
#ifndef PROCESS_SOCKET_H
#define PROCESS_SOCKET_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/buffer.h"

struct listen_socket {
    int fd;
    char *address;       /* that was asked for; NULL: inherited */
    char *path;          /* of a unix socket that we made; NULL: nothing to remove */
    struct stat file;    /* which file that was */
    struct buffer place; /* for people: "unix:/run/push.sock" */
    bool is_public;      /* reachable from other machines */
    bool is_from_fcgid;  /* inherited from Apache's mod_fcgid */
};

/* NULL when the text is an address to listen on, else what is wrong with it. */
const char *socket_check_address(const char *text);

/* Whether the descriptor is open and a socket that accepts connections. */
bool socket_is_listening(int fd);

/*
 * Opens the address (one that socket_check_address accepts), or when it is NULL looks for an inherited socket. The
 * descriptor is non-blocking and closed on exec. A socket file that nobody listens on is replaced, a live one is not.
 * Returns 0, or -1 with one line in `error`.
 */
int socket_open(struct listen_socket *socket, const char *address, mode_t mode, struct buffer *error);

/* Whether this is what socket_open was asked for with the address, NULL for an inherited one. */
bool socket_is_for(const struct listen_socket *socket, const char *address);

/* Takes over a listening descriptor that a predecessor opened for the address, NULL when it had inherited it. */
void socket_adopt(struct listen_socket *socket, int fd, const char *address);

/* For a child: the socket file is not its to remove. */
void socket_disown(struct listen_socket *socket);

/* Says in `out` what socket_open would do, without doing it; -1 when there is nothing to listen on. */
int socket_describe(const char *address, mode_t mode, struct buffer *out);

/* Closes, and removes the socket file unless somebody has replaced it meanwhile. */
void socket_close(struct listen_socket *socket);

#endif
