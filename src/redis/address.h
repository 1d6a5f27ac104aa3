/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where Redis is and how to log in:
 *
 *     redis://[user:password@]host[:port][/db]    host:port    host
 *     unix:///path/redis.sock[?db=n]              /path/redis.sock
 *
 * User and password may be percent-encoded; without a colon all before the @ is the password, as redis-cli has it. An
 * IPv6 address stands in brackets.
 */
#ifndef REDIS_ADDRESS_H
#define REDIS_ADDRESS_H

#include "base/buffer.h"

enum { REDIS_DEFAULT_PORT = 6379 };

struct redis_address {
    char *path; /* of a unix socket; NULL: TCP */
    char *host;
    int port;
    int db;
    char *user;     /* NULL: the default user */
    char *password; /* NULL: none */
};

/*
 * Reads an address. Returns 0, or -1 with what is wrong in `error` (never the password). Free with redis_address_fini
 * in both cases.
 */
int redis_address_parse(struct redis_address *address, const char *text, struct buffer *error);
void redis_address_fini(struct redis_address *address);

/* Replaces the password by the first line of a file. Returns 0, or -1 with what is wrong in `error`. */
int redis_address_read_password(struct redis_address *address, const char *path, struct buffer *error);

/* Appends the address for people, without the password. */
void redis_address_print(const struct redis_address *address, struct buffer *out);

#endif
