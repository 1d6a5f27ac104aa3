/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CGI meta-variables of one request (RFC 3875 §4.1), as a view of "NAME=value" strings. A name that stands there twice
 * counts with its last value, which is what people mean who set it twice. Only names that cannot come from a client
 * (none beginning with HTTP_) may be trusted.
 */
#ifndef HTTP_PARAMS_H
#define HTTP_PARAMS_H

#include <stdint.h>

struct params {
    char *const *strings; /* NULL-terminated, borrowed */
};

/* The value, or NULL when the variable is not set. */
const char *params_get(const struct params *params, const char *name);

/* The value, or "" when the variable is not set. */
const char *params_text(const struct params *params, const char *name);

/* The announced length of the request's body in bytes (RFC 3875 §4.1.2); 0 when there is none. */
uint64_t params_content_length(const struct params *params);

#endif
