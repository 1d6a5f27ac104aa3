/* SPDX-License-Identifier: BSD-2-Clause */
/* Percent-encoding (RFC 3986 §2.1). */
#ifndef HTTP_PERCENT_H
#define HTTP_PERCENT_H

#include "base/buffer.h"
#include "base/span.h"

/* Appends the text with each %XX as the byte it stands for. A '%' that begins no such pair stands for itself. */
void percent_add_decoded(struct buffer *out, struct span text);

#endif
