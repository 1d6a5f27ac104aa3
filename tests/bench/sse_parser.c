/* SPDX-License-Identifier: BSD-2-Clause */
#include "sse_parser.h"

#include <string.h>

#define RETRY_MAX_MS 86400000u

/* A line, of which only the first `kept` of `length` bytes may be at hand. */
struct line {
    const char *text;
    size_t kept;
    size_t length;
};

void sse_parser_init(struct sse_parser *parser)
{
    memset(parser, 0, sizeof(*parser));
}

static void clear_event(struct sse_parser *parser)
{
    parser->is_over = false;
    parser->has_data = false;
    parser->has_id = false;
    parser->data_length = 0;
    parser->name_length = 0;
}

void sse_parser_restart(struct sse_parser *parser)
{
    clear_event(parser);
    parser->is_begun = false;
    parser->skip_lf = false;
    parser->line_length = 0;
}

static uint32_t add_length(uint32_t sum, size_t more)
{
    return more > UINT32_MAX - sum ? UINT32_MAX : sum + (uint32_t)more;
}

/* Keeps the beginning of a line that the end of the input cut. */
static void keep_piece(struct sse_parser *parser, const char *piece, size_t length)
{
    if (parser->line_length < SSE_PARSER_LINE_SIZE) {
        size_t room = SSE_PARSER_LINE_SIZE - parser->line_length;

        memcpy(parser->line + parser->line_length, piece, length < room ? length : room);
    }
    parser->line_length = add_length(parser->line_length, length);
}

static void append_data(struct sse_parser *parser, const char *bytes, size_t kept, size_t length)
{
    if (parser->data_length < SSE_PARSER_DATA_SIZE) {
        size_t room = SSE_PARSER_DATA_SIZE - parser->data_length;

        memcpy(parser->data + parser->data_length, bytes, kept < room ? kept : room);
    }
    parser->data_length = add_length(parser->data_length, length);
}

static void take_data(struct sse_parser *parser, const struct line *value)
{
    if (parser->has_data)
        append_data(parser, "\n", 1, 1);
    append_data(parser, value->text, value->kept, value->length);
    parser->has_data = true;
}

static void take_name(struct sse_parser *parser, const struct line *value)
{
    size_t kept = value->kept < SSE_PARSER_NAME_SIZE ? value->kept : SSE_PARSER_NAME_SIZE;

    memcpy(parser->name, value->text, kept);
    parser->name_length = add_length(0, value->length);
}

static void take_id(struct sse_parser *parser, const struct line *value)
{
    char *id = parser->ids[parser->id_slot ^ 1];

    if (value->length >= SSE_PARSER_ID_SIZE || memchr(value->text, '\0', value->kept))
        return;
    memcpy(id, value->text, value->length);
    id[value->length] = '\0';
    parser->has_id = true;
}

static enum sse_what take_retry(struct sse_parser *parser, const struct line *value)
{
    uint32_t retry_ms = 0;

    if (value->length == 0 || value->kept < value->length)
        return SSE_MORE;
    for (size_t i = 0; i < value->length; i++) {
        if (value->text[i] < '0' || value->text[i] > '9')
            return SSE_MORE;
        if (retry_ms < RETRY_MAX_MS)
            retry_ms = retry_ms * 10 + (uint32_t)(value->text[i] - '0');
    }
    parser->retry_ms = retry_ms < RETRY_MAX_MS ? retry_ms : RETRY_MAX_MS;
    return SSE_RETRY;
}

static enum sse_what dispatch(struct sse_parser *parser)
{
    parser->is_over = true;
    if (parser->has_id)
        parser->id_slot ^= 1;
    if (parser->has_data)
        return SSE_EVENT;
    return parser->has_id ? SSE_CURSOR : SSE_MORE;
}

static bool is_field(const struct line *line, size_t name_length, const char *name)
{
    return memcmp(line->text, name, name_length) == 0;
}

/* Acts on one whole line; SSE_MORE when there is nothing to tell. */
static enum sse_what take_line(struct sse_parser *parser, struct line line)
{
    const char *colon;
    struct line value;
    size_t name_length;

    if (parser->is_over)
        clear_event(parser);
    if (!parser->is_begun) {
        parser->is_begun = true;
        if (line.kept >= 3 && memcmp(line.text, "\xEF\xBB\xBF", 3) == 0) {
            line.text += 3;
            line.kept -= 3;
            line.length -= 3;
        }
    }
    if (line.length == 0)
        return dispatch(parser);
    if (line.text[0] == ':')
        return SSE_COMMENT;

    colon = memchr(line.text, ':', line.kept);
    name_length = colon ? (size_t)(colon - line.text) : line.length;
    value = (struct line){.text = line.text + line.kept};
    if (colon) {
        size_t skipped = name_length + 1;

        if (skipped < line.kept && line.text[skipped] == ' ')
            skipped++;
        value = (struct line){line.text + skipped, line.kept - skipped, line.length - skipped};
    }
    switch (name_length) {
    case 2:
        if (is_field(&line, 2, "id"))
            take_id(parser, &value);
        break;
    case 4:
        if (is_field(&line, 4, "data"))
            take_data(parser, &value);
        break;
    case 5:
        if (is_field(&line, 5, "event"))
            take_name(parser, &value);
        else if (is_field(&line, 5, "retry"))
            return take_retry(parser, &value);
        break;
    default:
        break;
    }
    return SSE_MORE;
}

enum sse_what sse_parser_next(struct sse_parser *parser, const char **cursor, const char *end)
{
    while (*cursor < end) {
        const char *start = *cursor;
        const char *stop;
        const char *cr;
        struct line line;
        enum sse_what what;

        if (parser->skip_lf) {
            parser->skip_lf = false;
            if (*start == '\n') {
                (*cursor)++;
                continue;
            }
        }
        stop = memchr(start, '\n', (size_t)(end - start));
        cr = memchr(start, '\r', (size_t)((stop ? stop : end) - start));
        if (cr)
            stop = cr;
        if (!stop) {
            keep_piece(parser, start, (size_t)(end - start));
            *cursor = end;
            return SSE_MORE;
        }
        *cursor = stop + 1;
        parser->skip_lf = cr != NULL;
        line = (struct line){start, (size_t)(stop - start), (size_t)(stop - start)};
        if (parser->line_length > 0) {
            keep_piece(parser, start, line.length);
            line.text = parser->line;
            line.length = parser->line_length;
            line.kept = line.length < SSE_PARSER_LINE_SIZE ? line.length : SSE_PARSER_LINE_SIZE;
            parser->line_length = 0;
        }
        what = take_line(parser, line);
        if (what != SSE_MORE)
            return what;
    }
    return SSE_MORE;
}

bool sse_parser_is_named(const struct sse_parser *parser, const char *name)
{
    size_t length = strlen(name);

    if (parser->name_length == 0)
        return strcmp(name, "message") == 0;
    return parser->name_length == length && length <= SSE_PARSER_NAME_SIZE &&
           memcmp(parser->name, name, length) == 0;
}

const char *sse_parser_last_id(const struct sse_parser *parser)
{
    return parser->ids[parser->id_slot];
}
