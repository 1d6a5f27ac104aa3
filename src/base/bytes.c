/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/bytes.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

struct bytes *bytes_new_uninitialised(size_t len)
{
    assert(len <= UINT32_MAX);
    struct bytes *bytes = alloc_bytes(sizeof(*bytes) + len);
    bytes->refs = 1;
    bytes->len = (uint32_t)len;
    return bytes;
}

struct bytes *bytes_new(const void *data, size_t len)
{
    struct bytes *bytes = bytes_new_uninitialised(len);
    memcpy(bytes->data, data, len);
    return bytes;
}
