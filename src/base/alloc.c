/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void *or_die(void *memory, size_t size)
{
    if (memory == NULL) {
        log_error("out of memory: %zu bytes could not be had", size);
        abort();
    }
    return memory;
}

void *alloc_bytes(size_t size)
{
    return or_die(malloc(size), size);
}

void *alloc_zeroed(size_t count, size_t size)
{
    return or_die(calloc(count, size), size);
}

void *alloc_resize(void *old, size_t count, size_t size)
{
    return or_die(reallocarray(old, count, size), size);
}

char *alloc_string(const char *text)
{
    return alloc_string_n(text, strlen(text));
}

char *alloc_string_n(const char *text, size_t len)
{
    char *copy = alloc_bytes(len + 1);
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}
