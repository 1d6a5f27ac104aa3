/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Growing byte buffer. Invariant: data[0..len) is valid and, once anything was added, data[len] is NUL, so the content
 * can be printed as a string. Zero-initialised ({0}) is empty and valid. buffer_fini frees.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct buffer {
    char *data;
    size_t len;
    size_t size; /* private: allocated */
};

/* Frees the memory; the buffer is empty and valid again. */
void buffer_fini(struct buffer *buffer);

/* Empties without freeing. */
void buffer_clear(struct buffer *buffer);

/* Room for `more` bytes and a NUL behind the content; the caller writes both there and then adds to `len`. */
char *buffer_reserve(struct buffer *buffer, size_t more);

void buffer_add(struct buffer *buffer, const void *data, size_t len);
void buffer_add_string(struct buffer *buffer, const char *text);
void buffer_add_char(struct buffer *buffer, char c);
void buffer_add_number(struct buffer *buffer, uint64_t number); /* in decimal */
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The content as shared bytes, one reference for the caller. The buffer keeps its content. */
struct bytes *buffer_to_bytes(const struct buffer *buffer);

#endif
