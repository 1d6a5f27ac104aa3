/* SPDX-License-Identifier: BSD-2-Clause */
#include "pattern.h"

#include <stdio.h>
#include <string.h>

bool pattern_has_number(const char *pattern)
{
    return strstr(pattern, "%d") != NULL;
}

int pattern_expand(char *out, size_t size, const char *pattern, unsigned number)
{
    char digits[16];
    size_t digits_length = (size_t)snprintf(digits, sizeof(digits), "%u", number);
    size_t used = 0;

    while (*pattern) {
        const char *piece = pattern;
        size_t length = 1;

        if (pattern[0] == '%' && pattern[1] == 'd') {
            piece = digits;
            length = digits_length;
            pattern++;
        }
        pattern++;
        if (length >= size - used)
            return -1;
        memcpy(out + used, piece, length);
        used += length;
    }
    out[used] = '\0';
    return (int)used;
}
