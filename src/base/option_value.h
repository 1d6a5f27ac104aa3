/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers with units, as options write them, and back. */
#ifndef BASE_OPTION_VALUE_H
#define BASE_OPTION_VALUE_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/options.h"

/* Reads text of a numeric type into *value. Returns 0, or -1 when it is no such number, lacks a unit or overflows. */
int option_value_parse(enum option_type type, const char *text, int64_t *value);

/* Appends the value in the largest unit that divides it. */
void option_value_print(enum option_type type, int64_t value, struct buffer *out);

/* What a user may write for a numeric type, for error messages: "a duration with its unit (ms, s, m, h, d)". */
const char *option_value_form(enum option_type type);

#endif
