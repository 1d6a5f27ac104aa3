/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

static const char replacement[] = "\xef\xbf\xbd";

/* How many bytes at the front are ASCII, counted in steps of eight. */
static size_t ascii_prefix(const unsigned char *at, size_t len)
{
    size_t done = 0;
    uint64_t word;
    while (len - done >= sizeof(word)) {
        memcpy(&word, at + done, sizeof(word));
        if ((word & HIGH_BITS) != 0)
            break;
        done += sizeof(word);
    }
    return done;
}

struct sequence {
    size_t len;
    bool is_valid;
};

/* The character at the front, or the longest invalid part that one U+FFFD stands for. `len` is at least 1. */
static struct sequence next_sequence(const unsigned char *at, size_t len)
{
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t following;

    if (at[0] < 0x80)
        return (struct sequence){1, true};
    if (at[0] >= 0xc2 && at[0] <= 0xdf) {
        following = 1;
    } else if (at[0] >= 0xe0 && at[0] <= 0xef) {
        following = 2;
        low = at[0] == 0xe0 ? 0xa0 : 0x80;  /* no overlong forms */
        high = at[0] == 0xed ? 0x9f : 0xbf; /* no surrogates */
    } else if (at[0] >= 0xf0 && at[0] <= 0xf4) {
        following = 3;
        low = at[0] == 0xf0 ? 0x90 : 0x80;
        high = at[0] == 0xf4 ? 0x8f : 0xbf; /* nothing above U+10FFFF */
    } else {
        return (struct sequence){1, false};
    }
    for (size_t i = 1; i <= following; i++) {
        if (i >= len || at[i] < low || at[i] > high)
            return (struct sequence){i, false};
        low = 0x80;
        high = 0xbf;
    }
    return (struct sequence){following + 1, true};
}

/* The length of the valid text at the front. */
static size_t valid_prefix(const unsigned char *at, size_t len)
{
    size_t done = 0;
    while (done < len) {
        done += ascii_prefix(at + done, len - done);
        if (done == len)
            break;
        struct sequence sequence = next_sequence(at + done, len - done);
        if (!sequence.is_valid)
            break;
        done += sequence.len;
    }
    return done;
}

bool utf8_is_valid(struct span text)
{
    return valid_prefix((const unsigned char *)text.data, text.len) == text.len;
}

void utf8_add_repaired(struct buffer *out, struct span text)
{
    const unsigned char *at = (const unsigned char *)text.data;
    size_t left = text.len;

    while (left > 0) {
        size_t valid = valid_prefix(at, left);
        buffer_add(out, at, valid);
        at += valid;
        left -= valid;
        if (left > 0) {
            struct sequence broken = next_sequence(at, left);
            buffer_add_string(out, replacement);
            at += broken.len;
            left -= broken.len;
        }
    }
}
