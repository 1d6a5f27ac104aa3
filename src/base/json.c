/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json.h"

#include <assert.h>
#include <json-c/json.h>
#include <limits.h>
#include <string.h>

#include "base/utf8.h"

/* Reads forward; `at` becomes NULL at the first byte that breaks the grammar. */
struct scanner {
    const char *at;
    const char *end;
};

static bool fail(struct scanner *scanner)
{
    scanner->at = NULL;
    return false;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct scanner *scanner)
{
    while (scanner->at < scanner->end && is_space(*scanner->at))
        scanner->at++;
}

static bool next_is(const struct scanner *scanner, char c)
{
    return scanner->at < scanner->end && *scanner->at == c;
}

static bool skip_char(struct scanner *scanner, char c)
{
    if (!next_is(scanner, c))
        return false;
    scanner->at++;
    return true;
}

static bool skip_word(struct scanner *scanner, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(scanner->end - scanner->at) < len || memcmp(scanner->at, word, len) != 0)
        return fail(scanner);
    scanner->at += len;
    return true;
}

static bool is_digit(const struct scanner *scanner)
{
    return scanner->at < scanner->end && *scanner->at >= '0' && *scanner->at <= '9';
}

static bool skip_digits(struct scanner *scanner)
{
    if (!is_digit(scanner))
        return fail(scanner);
    while (is_digit(scanner))
        scanner->at++;
    return true;
}

static bool skip_number(struct scanner *scanner)
{
    skip_char(scanner, '-');
    if (!skip_char(scanner, '0') && !skip_digits(scanner))
        return false;
    if (skip_char(scanner, '.') && !skip_digits(scanner))
        return false;
    if (skip_char(scanner, 'e') || skip_char(scanner, 'E')) {
        if (!skip_char(scanner, '+'))
            skip_char(scanner, '-');
        return skip_digits(scanner);
    }
    return true;
}

static bool skip_escape(struct scanner *scanner)
{
    if (scanner->at == scanner->end)
        return fail(scanner);
    char kind = *scanner->at++;
    if (kind != 'u')
        return strchr("\"\\/bfnrt", kind) != NULL && kind != '\0' ? true : fail(scanner);
    for (int i = 0; i < 4; i++) {
        if (scanner->at == scanner->end || strchr("0123456789abcdefABCDEF", *scanner->at) == NULL ||
            *scanner->at == '\0')
            return fail(scanner);
        scanner->at++;
    }
    return true;
}

static bool skip_string(struct scanner *scanner)
{
    if (!skip_char(scanner, '"'))
        return fail(scanner);
    while (scanner->at < scanner->end) {
        char c = *scanner->at++;
        if (c == '"')
            return true;
        if ((unsigned char)c < 0x20)
            return fail(scanner);
        if (c == '\\' && !skip_escape(scanner))
            return false;
    }
    return fail(scanner);
}

static bool skip_value(struct scanner *scanner, int depth);

/* "name" : value; the spans go to *member when it is not NULL. */
static bool skip_member(struct scanner *scanner, int depth, struct json_member *member)
{
    skip_space(scanner);
    const char *name = scanner->at;
    if (!skip_string(scanner))
        return false;
    const char *name_end = scanner->at;
    skip_space(scanner);
    if (!skip_char(scanner, ':'))
        return fail(scanner);
    skip_space(scanner);
    const char *value = scanner->at;
    if (!skip_value(scanner, depth))
        return false;
    if (member != NULL) {
        member->name = span_between(name, name_end);
        member->value = span_between(value, scanner->at);
    }
    skip_space(scanner);
    return true;
}

static bool skip_object(struct scanner *scanner, int depth)
{
    scanner->at++;
    skip_space(scanner);
    if (skip_char(scanner, '}'))
        return true;
    do {
        if (!skip_member(scanner, depth, NULL))
            return false;
    } while (skip_char(scanner, ','));
    return skip_char(scanner, '}') ? true : fail(scanner);
}

static bool skip_array(struct scanner *scanner, int depth)
{
    scanner->at++;
    skip_space(scanner);
    if (skip_char(scanner, ']'))
        return true;
    do {
        skip_space(scanner);
        if (!skip_value(scanner, depth))
            return false;
        skip_space(scanner);
    } while (skip_char(scanner, ','));
    return skip_char(scanner, ']') ? true : fail(scanner);
}

static bool skip_value(struct scanner *scanner, int depth)
{
    if (scanner->at == scanner->end || depth >= JSON_DEPTH_LIMIT)
        return fail(scanner);
    switch (*scanner->at) {
    case '{':
        return skip_object(scanner, depth + 1);
    case '[':
        return skip_array(scanner, depth + 1);
    case '"':
        return skip_string(scanner);
    case 't':
        return skip_word(scanner, "true");
    case 'f':
        return skip_word(scanner, "false");
    case 'n':
        return skip_word(scanner, "null");
    default:
        return skip_number(scanner);
    }
}

static int scan_members(struct scanner *scanner, struct json_member *members, size_t limit)
{
    size_t count = 0;

    skip_space(scanner);
    if (!skip_char(scanner, '{'))
        return -1;
    skip_space(scanner);
    if (!next_is(scanner, '}')) {
        do {
            if (count == limit || !skip_member(scanner, 1, &members[count]))
                return -1;
            count++;
        } while (skip_char(scanner, ','));
    }
    if (!skip_char(scanner, '}'))
        return -1;
    skip_space(scanner);
    return scanner->at == scanner->end ? (int)count : -1;
}

int json_object_members(struct span text, struct json_member *members, size_t limit)
{
    assert(limit <= INT_MAX);
    if (text.len == 0)
        return -1;
    struct scanner scanner = {.at = text.data, .end = text.data + text.len};
    int count = scan_members(&scanner, members, limit);
    return count >= 0 && utf8_is_valid(text) ? count : -1;
}

void json_add_decoded(struct buffer *out, struct span source)
{
    assert(source.len >= 2 && source.len <= INT_MAX);
    if (!span_has(source, '\\')) {
        buffer_add(out, source.data + 1, source.len - 2);
        return;
    }
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *string = json_tokener_parse_ex(tokener, source.data, (int)source.len);
    /* NULL only when json-c refuses what RFC 8259 allows; the value is then empty rather than the process gone. */
    if (string != NULL)
        buffer_add(out, json_object_get_string(string), (size_t)json_object_get_string_len(string));
    json_object_put(string);
    json_tokener_free(tokener);
}

void json_add_compact(struct buffer *out, struct span source)
{
    bool is_in_string = false;

    buffer_reserve(out, source.len);
    for (size_t i = 0; i < source.len; i++) {
        char c = source.data[i];
        if (is_in_string && c == '\\') {
            buffer_add(out, source.data + i, 2);
            i++;
            continue;
        }
        if (c == '"')
            is_in_string = !is_in_string;
        if (is_in_string || !is_space(c))
            buffer_add_char(out, c);
    }
}

void json_add_string(struct buffer *out, struct span text)
{
    buffer_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"' || c == '\\')
            buffer_printf(out, "\\%c", c);
        else if (c < 0x20)
            buffer_printf(out, "\\u%04x", c);
        else
            buffer_add_char(out, (char)c);
    }
    buffer_add_char(out, '"');
}
