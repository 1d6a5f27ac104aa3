/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fast hash of 64 bits that tells contents apart, alike in every process of a machine. Not for tables whose keys come
 * from strangers: who wants to can find two texts with the same hash.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* What a hash begins with. */
#define HASH_INIT UINT64_C(0xcbf29ce484222325)

/* The hash of what was hashed so far and, behind it, of these bytes. How a content is cut into calls counts. */
uint64_t hash_add(uint64_t hash, const void *data, size_t len);

#endif
