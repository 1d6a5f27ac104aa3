/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A query string as names and values, decoded once (WHATWG URL §5.1, application/x-www-form-urlencoded): '+' is a
 * space, %XX a byte, and a '%' that begins no such pair stands for itself.
 */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/span.h"

struct query_pair {
    struct span name;
    struct span value;
};

struct query {
    struct query_pair *pairs; /* in the order of the query */
    size_t count;
    struct buffer decoded; /* private: what the spans point into */
};

/* Zero-initialise before; the spans are valid until query_fini. */
void query_parse(struct query *query, struct span text);
void query_fini(struct query *query);

/* The value of the first pair with that name, or NULL. */
const struct span *query_get(const struct query *query, const char *name);

#endif
