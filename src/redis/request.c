/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/request.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/decimal.h"

enum { NUMBER_SIZE = 24 };

static void add_decimal(struct buffer *out, size_t number)
{
    char digits[DECIMAL_SIZE];
    char *end = digits + sizeof(digits), *begin = decimal_print(end, number);
    buffer_add(out, begin, (size_t)(end - begin));
}

void request_fini(struct request *request)
{
    buffer_fini(&request->words);
    buffer_fini(&request->whole);
}

void request_clear(struct request *request)
{
    buffer_clear(&request->words);
    request->count = 0;
}

void request_add(struct request *request, struct span word)
{
    buffer_add_char(&request->words, '$');
    add_decimal(&request->words, word.len);
    buffer_add(&request->words, "\r\n", 2);
    buffer_add(&request->words, word.data, word.len);
    buffer_add(&request->words, "\r\n", 2);
    request->count++;
}

void request_add_text(struct request *request, const char *word)
{
    request_add(request, span_of(word));
}

void request_add_number(struct request *request, int64_t number)
{
    char text[NUMBER_SIZE];
    snprintf(text, sizeof(text), "%" PRId64, number);
    request_add_text(request, text);
}

void request_add_id(struct request *request, struct event_id id)
{
    char text[EVENT_ID_SIZE];
    bool is_none = event_id_compare(id, EVENT_ID_NONE) == 0;
    request_add(request, is_none ? (struct span){0} : event_id_text(id, text));
}

void request_join(struct request *request, const struct request *other)
{
    buffer_add(&request->words, other->words.data, other->words.len);
    request->count += other->count;
}

struct span request_whole(struct request *request)
{
    buffer_clear(&request->whole);
    buffer_add_char(&request->whole, '*');
    add_decimal(&request->whole, request->count);
    buffer_add(&request->whole, "\r\n", 2);
    buffer_add(&request->whole, request->words.data, request->words.len);
    return (struct span){request->whole.data, request->whole.len};
}
