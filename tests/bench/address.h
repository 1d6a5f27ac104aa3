/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address: where a server listens, parsed from text and resolved once at start.
 * Understood: "HOST:PORT", "[V6]:PORT", "/path/sock" and "unix:/path/sock".
 * The struct owns nothing; it can be copied.
 */
#ifndef BENCH_ADDRESS_H
#define BENCH_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct address {
    bool is_unix;
    char host[256];           /* without brackets; empty for a unix socket */
    int port;                 /* 0 for a unix socket */
    char path[108];           /* of the unix socket; empty otherwise */
    char text[280];           /* fit for a Host header: "host:port", or "localhost" */
    struct sockaddr_storage socket;
    socklen_t socket_length;
};

/*
 * Parses `text` and resolves the host name (this blocks). Returns 0, or -1 with the reason in
 * `error`.
 */
int address_parse(struct address *address, const char *text, char *error, size_t error_size);

#endif
