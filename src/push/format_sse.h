/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Server-Sent Events, WHATWG HTML §9.2. Whatever the data contains, it can only ever become data: it is split at every
 * line end that the specification knows (CRLF, LF, CR) and repaired to UTF-8.
 */
#ifndef PUSH_FORMAT_SSE_H
#define PUSH_FORMAT_SSE_H

#include "push/format.h"

extern const struct format format_sse;

#endif
