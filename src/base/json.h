/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the JSON library cannot tell: whether a text is strictly RFC 8259, and where in it a member's value stands, so
 * that a number or an object goes out as the very bytes that came in. Decoding of strings is left to json-c.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/span.h"

/* A value on a deeper level than this is refused; the outermost object stands on level 0, its members on level 1. */
enum { JSON_DEPTH_LIMIT = 128 };

struct json_member {
    struct span name;  /* the string's source, quotes included */
    struct span value; /* the value's source, without white space around it */
};

/*
 * Finds the members of a text that is one strict JSON object (RFC 8259, in UTF-8). Returns their number, or -1 when
 * the text is anything else, nests too deep or has more than `limit` members. Members point into the text.
 */
int json_object_members(struct span text, struct json_member *members, size_t limit);

/* Appends the characters of a valid JSON string source, escapes resolved; a lone surrogate becomes U+FFFD. */
void json_add_decoded(struct buffer *out, struct span source);

/* Appends a valid JSON source without the white space outside strings. */
void json_add_compact(struct buffer *out, struct span source);

/* Appends text (valid UTF-8) as a JSON string, quotes included (RFC 8259 §7). */
void json_add_string(struct buffer *out, struct span text);

#endif
