/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/decimal.h"

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

void buffer_add_number(struct buffer *buffer, uint64_t number)
{
    char digits[DECIMAL_SIZE];
    char *end = digits + sizeof(digits);
    const char *begin = decimal_print(end, number);

    buffer_add(buffer, begin, (size_t)(end - begin));
}

/* Mostly there is room already, so that it is printed once. */
void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    char *end = buffer_reserve(buffer, 0);
    size_t room = buffer->size - buffer->len;
    va_list arguments;

    va_start(arguments, format);
    size_t len = (size_t)vsnprintf(end, room, format, arguments);
    va_end(arguments);
    if (len >= room) {
        end = buffer_reserve(buffer, len);
        va_start(arguments, format);
        vsnprintf(end, len + 1, format, arguments);
        va_end(arguments);
    }
    buffer->len += len;
}

struct bytes *buffer_to_bytes(const struct buffer *buffer)
{
    return bytes_new(buffer->data != NULL ? buffer->data : "", buffer->len);
}
