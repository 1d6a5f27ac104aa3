/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers in decimal without printf, which is too slow for the way of a message. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stdint.h>

/* Room for any number. */
enum { DECIMAL_SIZE = 20 };

/* Writes the digits so that they end in front of `end`, where DECIMAL_SIZE bytes are free; returns the first of them.
 * No NUL is written. */
static inline char *decimal_print(char *end, uint64_t number)
{
    do {
        *--end = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return end;
}

#endif
