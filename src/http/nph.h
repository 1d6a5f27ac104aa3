/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Non-parsed headers (RFC 3875 §5): a CGI program whose name begins with "nph-" speaks HTTP to the client itself. So
 * that endpoints need not know by which way they answer, they begin every response alike (http/response.h), and where
 * it leaves the program its head is made one of HTTP.
 */
#ifndef HTTP_NPH_H
#define HTTP_NPH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "http/params.h"

/*
 * True when the program's file has such a name. That is how web servers see it (SCRIPT_FILENAME), whatever the address
 * is; where they do not say, the address decides (SCRIPT_NAME), and at last the name by which the program was started.
 */
bool nph_is_wanted(const struct params *params, const char *program);

/*
 * Appends an answer, or its first part, that was begun by response_begin: with a status line of HTTP/1.1 (RFC 9112 §4),
 * the date and the announcement that the connection ends with it (RFC 9112 §9.6). `wall_ms` is the time since 1970.
 */
void nph_add(struct buffer *out, struct span answer, int64_t wall_ms);

#endif
