/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pattern: a text in which "%d" stands for a channel's number ("push:bench%d"). It is never handed
 * to printf: any other '%' stays as it is, so percent-encoded paths are safe.
 */
#ifndef BENCH_PATTERN_H
#define BENCH_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* Whether `pattern` has at least one "%d". */
bool pattern_has_number(const char *pattern);

/*
 * Writes `pattern` with each "%d" replaced by `number` into `out`, ended by NUL. Returns the
 * length, or -1 when it does not fit in `size`.
 */
int pattern_expand(char *out, size_t size, const char *pattern, unsigned number);

#endif
