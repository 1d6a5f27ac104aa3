/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/format_sse.h"

#include <inttypes.h>

#include "base/utf8.h"

/* The length of the text before the first CR or LF. */
static size_t line_length(struct span text)
{
    size_t len = 0;
    while (len < text.len && text.data[len] != '\n' && text.data[len] != '\r')
        len++;
    return len;
}

static void encode_data(struct span data, struct buffer *out)
{
    for (;;) {
        size_t len = line_length(data);
        buffer_add_string(out, "data: ");
        utf8_add_repaired(out, (struct span){data.data, len});
        buffer_add_char(out, '\n');
        if (len == data.len)
            return;
        bool is_crlf = data.data[len] == '\r' && len + 1 < data.len && data.data[len + 1] == '\n';
        size_t skip = len + (is_crlf ? 2 : 1);
        data = (struct span){data.data + skip, data.len - skip};
    }
}

static void encode_retry(int64_t retry_ms, struct buffer *out)
{
    buffer_add_string(out, "retry: ");
    buffer_add_number(out, (uint64_t)retry_ms);
    buffer_add_char(out, '\n');
}

static void encode(const struct message *message, struct buffer *out)
{
    buffer_add_string(out, "id: ");
    message_add_id(message, out);
    buffer_add_char(out, '\n');
    if (message->event.len > 0 && !span_equals(message->event, "message")) {
        buffer_add_string(out, "event: ");
        utf8_add_repaired(out, message->event);
        buffer_add_char(out, '\n');
    }
    if (message->retry_ms > 0)
        encode_retry(message->retry_ms, out);
    encode_data(message->data, out);
    buffer_add_char(out, '\n');
}

static void encode_id(struct event_id id, const char *tag, struct buffer *out)
{
    buffer_add_string(out, "id: ");
    event_id_print(id, tag, out);
    buffer_add_char(out, '\n');
}

const struct format format_sse = {
    .content_type = "text/event-stream; charset=utf-8",
    .encode = encode,
    .encode_id = encode_id,
    .encode_retry = encode_retry,
    .opening = ":\n",
    .position = "\n",
    .position_event = "event: push-position\ndata:\n\n",
    /* One line end, not two: some clients dispatch an empty message at every blank line. */
    .heartbeat = ":\n",
    .heartbeat_event = "event: heartbeat\ndata: {}\n\n",
};
