/* SPDX-License-Identifier: BSD-2-Clause */
/* Borrowed bytes: a pointer and a length, valid as long as whoever lent them says. Not NUL-terminated. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
    const char *data;
    size_t len;
};

/* The characters of a string without its NUL; an empty span for NULL. */
static inline struct span span_of(const char *text)
{
    return (struct span){.data = text, .len = text != NULL ? strlen(text) : 0};
}

static inline struct span span_between(const char *begin, const char *end)
{
    return (struct span){.data = begin, .len = (size_t)(end - begin)};
}

static inline bool span_equals(struct span span, const char *text)
{
    size_t len = strlen(text);
    return span.len == len && (len == 0 || memcmp(span.data, text, len) == 0);
}

static inline bool span_has(struct span span, char c)
{
    return span.len > 0 && memchr(span.data, c, span.len) != NULL;
}

/* Takes the next item off a list; any of the separators, any number of them, stand between two. False at its end. */
static inline bool span_take_item(struct span *list, const char *separators, struct span *item)
{
    struct span set = span_of(separators);
    size_t begin = 0;

    if (list->len == 0)
        return false; /* its data may be NULL */
    while (begin < list->len && span_has(set, list->data[begin]))
        begin++;
    size_t end = begin;
    while (end < list->len && !span_has(set, list->data[end]))
        end++;
    *item = (struct span){list->data + begin, end - begin};
    *list = (struct span){list->data + end, list->len - end};
    return item->len > 0;
}

#endif
