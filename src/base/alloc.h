/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocate-or-die, for sizes that the program chooses itself: a process that cannot get a few hundred bytes has
 * nothing left to tell its clients. Sizes that a client chooses are bounded by an option before they get here.
 * Everything returned is freed with free(3).
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>

/* Uninitialised memory of `size` bytes (1 and above). */
void *alloc_bytes(size_t size);

/* `count` elements of `size` bytes, zeroed. Dies when the product overflows. */
void *alloc_zeroed(size_t count, size_t size);

/* Resizes `old` (NULL: none) to `count` elements of `size` bytes. The new part is uninitialised. */
void *alloc_resize(void *old, size_t count, size_t size);

/* Copies of a string. alloc_string_n copies `len` bytes and adds the NUL. */
char *alloc_string(const char *text);
char *alloc_string_n(const char *text, size_t len);

#endif
