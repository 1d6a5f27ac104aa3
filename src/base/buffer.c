/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void buffer_fini(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->len = 0;
    if (buffer->data != NULL)
        buffer->data[0] = '\0';
}

char *buffer_reserve(struct buffer *buffer, size_t more)
{
    size_t needed = buffer->len + more + 1;
    if (needed > buffer->size) {
        size_t size = buffer->size != 0 ? buffer->size : 64;
        while (size < needed)
            size *= 2;
        buffer->data = alloc_resize(buffer->data, size, 1);
        buffer->size = size;
    }
    return buffer->data + buffer->len;
}

void buffer_add(struct buffer *buffer, const void *data, size_t len)
{
    char *end = buffer_reserve(buffer, len);
    if (len > 0)
        memcpy(end, data, len);
    buffer->len += len;
    buffer->data[buffer->len] = '\0';
}

void buffer_add_string(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_add_char(struct buffer *buffer, char c)
{
    buffer_add(buffer, &c, 1);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_list again;

    va_start(arguments, format);
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *end = buffer_reserve(buffer, (size_t)len);
    vsnprintf(end, (size_t)len + 1, format, again);
    va_end(again);
    buffer->len += (size_t)len;
}

struct bytes *buffer_to_bytes(const struct buffer *buffer)
{
    return bytes_new(buffer->data != NULL ? buffer->data : "", buffer->len);
}
