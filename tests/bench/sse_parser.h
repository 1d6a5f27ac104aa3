/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sse_parser: reads an event stream (WHATWG HTML §9.2.6) piece by piece. Lines end with CRLF, LF or
 * CR, also when the two bytes of a CRLF come apart. Nothing is allocated: of an event's data and of
 * a line that was cut only a beginning is kept, which is enough to account for numbered messages;
 * lengths are always counted in full. It only reads bytes: no descriptor, no clock, no counters.
 *
 * An id takes effect at the empty line after it, so `sse_parser_last_id` never names an event that
 * was not received whole. It stays through sse_parser_restart.
 */
#ifndef BENCH_SSE_PARSER_H
#define BENCH_SSE_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SSE_PARSER_DATA_SIZE 64u
#define SSE_PARSER_NAME_SIZE 16u
#define SSE_PARSER_ID_SIZE 192u
#define SSE_PARSER_LINE_SIZE 256u

enum sse_what {
    SSE_MORE,    /* all bytes are used up; more are needed */
    SSE_EVENT,   /* an event: data, data_length, name, name_length are valid until the next call */
    SSE_CURSOR,  /* a block with an id and no data: only the last id moved */
    SSE_COMMENT, /* a comment line */
    SSE_RETRY    /* retry_ms was set */
};

struct sse_parser {
    uint32_t data_length; /* full length; data holds the beginning */
    uint32_t name_length; /* full length of the event's name; 0 means "message" */
    uint32_t retry_ms;    /* last one told; 0 before */
    char name[SSE_PARSER_NAME_SIZE];
    char data[SSE_PARSER_DATA_SIZE];

    /* private */
    bool has_data;
    bool has_id;     /* an id line stands in this block */
    bool is_over;    /* the block was dispatched; the next line clears it */
    bool is_begun;   /* the first line, which may have a byte order mark, is behind */
    bool skip_lf;    /* a CR ended the last line */
    uint8_t id_slot; /* ids[id_slot] is in effect; the other takes the block's */
    uint32_t line_length; /* full length of the cut line so far; line holds the beginning */
    char ids[2][SSE_PARSER_ID_SIZE];
    char line[SSE_PARSER_LINE_SIZE];
};

/* Makes ready for a first connection. */
void sse_parser_init(struct sse_parser *parser);

/* Drops an unfinished line and event, as the end of a connection does; keeps last id and retry. */
void sse_parser_restart(struct sse_parser *parser);

/*
 * Reads on from `*cursor`, not beyond `end`, moves `*cursor` behind what it used, and says what it
 * met. To be called until it returns SSE_MORE.
 */
enum sse_what sse_parser_next(struct sse_parser *parser, const char **cursor, const char *end);

/* Whether the event just returned is of type `name`; `message` is also the type of a nameless one. */
bool sse_parser_is_named(const struct sse_parser *parser, const char *name);

/*
 * The last event id, ended by NUL; empty when there is none. An id that contains NUL is ignored, as
 * the specification wants, and so is one of SSE_PARSER_ID_SIZE bytes or more.
 */
const char *sse_parser_last_id(const struct sse_parser *parser);

#endif
