/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hash.h"

#include <string.h>

/*
 * FNV-1a (Fowler, Noll, Vo) on words of eight bytes. Multiplying carries differences upwards only, so each step brings
 * the upper half down again.
 */
static uint64_t add_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

uint64_t hash_add(uint64_t hash, const void *data, size_t len)
{
    const char *at = data;
    uint64_t word;
    size_t left = len;

    for (; left >= sizeof(word); left -= sizeof(word), at += sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        hash = add_word(hash, word);
    }
    word = 0;
    if (left > 0)
        memcpy(&word, at, left);
    return add_word(add_word(hash, word), len);
}
