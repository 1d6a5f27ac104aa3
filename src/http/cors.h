/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cross-origin resource sharing (WHATWG Fetch §3.2). A listed origin is echoed and may send credentials; "*" in the
 * list lets any other origin read without credentials; an origin that is not listed gets no headers at all.
 */
#ifndef HTTP_CORS_H
#define HTTP_CORS_H

#include "base/buffer.h"
#include "base/options.h"

/* Appends the header lines for an answer to `origin` (NULL or "": the request named none). */
void cors_add_headers(const struct option_list *allowed, const char *origin, struct buffer *out);

/* Appends what a preflight needs besides (Fetch §3.2.2). */
void cors_add_preflight_headers(const struct option_list *allowed, const char *origin, struct buffer *out);

/* NULL when the text is "*" or an origin as browsers write it (scheme://host[:port]), else what is wrong with it. */
const char *cors_check_origin(const char *origin);

#endif
