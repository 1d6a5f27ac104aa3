/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every unit test starts with: cmocka behind the headers that it needs in front of it, and the few helpers that
 * more than one test wants. A test program is one noun: tests/unit/test_<noun>.c with its own main.
 */
#ifndef UNIT_H
#define UNIT_H

/* cmocka.h includes nothing itself: the order matters. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/span.h"

/* How many elements an array has. */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The bytes of a string literal, NUL bytes inside it included; the second form is for tables of static storage. */
#define span_of_literal(literal) ((struct span)SPAN_LITERAL(literal))
/* clang-format off */
#define SPAN_LITERAL(literal) {.data = (literal), .len = sizeof(literal) - 1}
/* clang-format on */

static inline struct span span_of_buffer(const struct buffer *buffer)
{
    return (struct span){.data = buffer->data, .len = buffer->len};
}

/* Fails the test, showing both, unless the bytes are those of the expected span. */
#define assert_span_equal(actual, expected) assert_span_equal_at(actual, expected, __FILE__, __LINE__)

static inline void assert_span_equal_at(struct span actual, struct span expected, const char *file, int line)
{
    if (actual.len == expected.len && (actual.len == 0 || memcmp(actual.data, expected.data, actual.len) == 0))
        return;
    print_error("got      (%zu bytes) \"%.*s\"\nexpected (%zu bytes) \"%.*s\"\n", actual.len, (int)actual.len,
                actual.len > 0 ? actual.data : "", expected.len, (int)expected.len,
                expected.len > 0 ? expected.data : "");
    _fail(file, line);
}

/* Fails the test unless the buffer holds exactly the characters of the string. */
#define assert_buffer_equal(buffer, text) assert_span_equal(span_of_buffer(buffer), span_of(text))

/* Fails the test unless the text (not NULL) contains the part. */
#define assert_contains(text, part) assert_contains_at(text, part, __FILE__, __LINE__)

static inline void assert_contains_at(const char *text, const char *part, const char *file, int line)
{
    if (text != NULL && strstr(text, part) != NULL)
        return;
    print_error("\"%s\" does not contain \"%s\"\n", text != NULL ? text : "(null)", part);
    _fail(file, line);
}

/* Fails the test when the text contains the part. */
#define assert_lacks(text, part) assert_lacks_at(text, part, __FILE__, __LINE__)

static inline void assert_lacks_at(const char *text, const char *part, const char *file, int line)
{
    if (strstr(text, part) == NULL)
        return;
    print_error("\"%s\" contains \"%s\"\n", text, part);
    _fail(file, line);
}

/* Room for the path of a temporary directory, and for that of a file in it. */
enum { UNIT_DIRECTORY_SIZE = 80, UNIT_FILE_SIZE = 120 };

/*
 * Makes a directory for the test's files and writes its path (short enough for unix sockets). Returns 0, or -1. The
 * test removes the directory and what it put there.
 */
static inline int unit_make_directory(char path[UNIT_DIRECTORY_SIZE])
{
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] != '/' || strlen(base) > 60)
        base = "/tmp";
    snprintf(path, UNIT_DIRECTORY_SIZE, "%s/unit-XXXXXX", base);
    return mkdtemp(path) != NULL ? 0 : -1;
}

#endif
