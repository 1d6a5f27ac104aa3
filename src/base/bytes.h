/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reference-counted bytes that never change: what many clients are sent is made once and shared. Whoever holds a
 * reference may read `data`; the last one to let go frees. Single-threaded.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct bytes {
    uint32_t refs;
    uint32_t len;
    char data[];
};

/* A copy of `len` bytes (below 4 GiB) with one reference, the caller's. */
struct bytes *bytes_new(const void *data, size_t len);

/* As bytes_new with `data` left uninitialised, for the caller to fill before anyone else sees it. */
struct bytes *bytes_new_uninitialised(size_t len);

/* Takes a further reference; returns the same bytes. */
static inline struct bytes *bytes_ref(struct bytes *bytes)
{
    assert(bytes->refs > 0 && bytes->refs < UINT32_MAX);
    bytes->refs++;
    return bytes;
}

/* Lets go of a reference; NULL is allowed. */
static inline void bytes_unref(struct bytes *bytes)
{
    if (bytes == NULL)
        return;
    assert(bytes->refs > 0);
    if (--bytes->refs == 0)
        free(bytes);
}

#endif
