/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8 as the Encoding Standard reads it (WHATWG Encoding §8.1.1; the same byte ranges as Unicode 15, table 3-7). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/span.h"

bool utf8_is_valid(struct span text);

/*
 * Appends the text with every maximal part that is not UTF-8 replaced by U+FFFD, as a browser would show it. The
 * result is valid UTF-8 and at most three times as long.
 */
void utf8_add_repaired(struct buffer *out, struct span text);

#endif
