/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/event_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"

struct event_id event_id_next(struct event_id last, uint64_t now_ms)
{
    if (now_ms > last.ms)
        return (struct event_id){.ms = now_ms, .seq = 0};
    return (struct event_id){.ms = last.ms, .seq = last.seq + 1};
}

struct span event_id_text(struct event_id id, char text[EVENT_ID_SIZE])
{
    char *end = text + EVENT_ID_SIZE, *begin = decimal_print(end, id.seq);

    *--begin = '-';
    return span_between(decimal_print(begin, id.ms), end);
}

void event_id_print(struct event_id id, const char *tag, struct buffer *out)
{
    char bytes[EVENT_ID_SIZE];
    struct span text = event_id_text(id, bytes);

    buffer_add(out, text.data, text.len);
    if (tag[0] == '\0')
        return;
    buffer_add_char(out, '.');
    buffer_add_string(out, tag);
}

/* Reads digits at the front of *text and takes them off. */
static bool take_number(struct span *text, uint64_t *number)
{
    size_t len = 0;
    *number = 0;
    while (len < text->len && text->data[len] >= '0' && text->data[len] <= '9') {
        uint64_t digit = (uint64_t)(text->data[len++] - '0');
        if (__builtin_mul_overflow(*number, 10, number) || __builtin_add_overflow(*number, digit, number))
            return false;
    }
    *text = span_between(text->data + len, text->data + text->len);
    return len > 0;
}

static bool take_char(struct span *text, char c)
{
    if (text->len == 0 || text->data[0] != c)
        return false;
    *text = span_between(text->data + 1, text->data + text->len);
    return true;
}

static bool take_string(struct span *text, const char *string)
{
    size_t len = strlen(string);
    if (text->len < len || (len > 0 && memcmp(text->data, string, len) != 0))
        return false;
    *text = span_between(text->data + len, text->data + text->len);
    return true;
}

bool event_id_parse(struct span text, const char *tag, struct event_id *id)
{
    if (text.len == 0)
        return false;
    if (!take_number(&text, &id->ms) || !take_char(&text, '-') || !take_number(&text, &id->seq))
        return false;
    if (tag[0] != '\0' && !(take_char(&text, '.') && take_string(&text, tag)))
        return false;
    return text.len == 0 || text.data[0] == '~';
}

void event_tag_make(char tag[EVENT_TAG_LEN + 1])
{
    uint32_t random;
    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        log_error("the kernel gives no random numbers");
        abort();
    }
    snprintf(tag, EVENT_TAG_LEN + 1, "%08" PRIx32, random);
}
