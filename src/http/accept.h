/* SPDX-License-Identifier: BSD-2-Clause */
/* What a client says that it takes (RFC 9110 §12.5.1). */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

#include <stdbool.h>

/*
 * Whether an Accept header names this media type itself, not by a wildcard. Parameters, weights among them, are not
 * looked at. `media_type` in lower case.
 */
bool accept_names(const char *accept, const char *media_type);

#endif
