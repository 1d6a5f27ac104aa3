/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/format_json.h"

#include <inttypes.h>

#include "base/json.h"
#include "base/utf8.h"

/* An event stream knows one line end: CRLF and CR reach its reader as LF. */
static void add_with_newlines(struct buffer *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '\r')
            buffer_add_char(out, text.data[i]);
        else if (i + 1 == text.len || text.data[i + 1] != '\n')
            buffer_add_char(out, '\n');
    }
}

static void add_text(struct span text, struct buffer *out)
{
    struct buffer repaired = {0};
    struct buffer lines = {0};
    utf8_add_repaired(&repaired, text);
    add_with_newlines(&lines, (struct span){repaired.data, repaired.len});
    json_add_string(out, (struct span){lines.data, lines.len});
    buffer_fini(&lines);
    buffer_fini(&repaired);
}

static void encode(const struct message *message, struct buffer *out)
{
    buffer_add_string(out, ",{\"id\":\"");
    message_add_id(message, out);
    buffer_printf(out, "\",\"timestamp\":%" PRIu64 ",\"channel\":", message->id.ms);
    json_add_string(out, message->channel);
    buffer_add_string(out, ",\"event\":");
    add_text(message->event.len > 0 ? message->event : span_of("message"), out);
    buffer_add_string(out, ",\"data\":");
    add_text(message->data, out);
    if (message->retry_ms > 0)
        buffer_printf(out, ",\"retry\":%" PRId64, message->retry_ms);
    buffer_add_char(out, '}');
}

const struct format format_json = {
    .content_type = "application/json", .encode = encode, .array_begin = '[', .array_end = ']'};
