/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/percent.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that the first three characters stand for, or -1. */
static int encoded_byte(struct span text)
{
    if (text.len < 3 || text.data[0] != '%' || hex_digit(text.data[1]) < 0 || hex_digit(text.data[2]) < 0)
        return -1;
    return hex_digit(text.data[1]) * 16 + hex_digit(text.data[2]);
}

void percent_add_decoded(struct buffer *out, struct span text)
{
    while (text.len > 0) {
        int byte = encoded_byte(text);
        size_t len = byte >= 0 ? 3 : 1;
        buffer_add_char(out, byte >= 0 ? (char)byte : text.data[0]);
        text = (struct span){text.data + len, text.len - len};
    }
}
