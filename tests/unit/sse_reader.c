/* SPDX-License-Identifier: BSD-2-Clause */
#include "sse_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/span.h"

static void set(struct buffer *buffer, struct span value)
{
    buffer_clear(buffer);
    buffer_add(buffer, value.data, value.len);
}

static struct span content(const struct buffer *buffer)
{
    return (struct span){.data = buffer->data, .len = buffer->len};
}

static void dispatch(struct sse_reader *reader)
{
    reader->blank_lines++;
    set(&reader->last_id, content(&reader->id));
    if (reader->data.len == 0) {
        buffer_clear(&reader->type);
        return;
    }
    reader->events = alloc_resize(reader->events, reader->count + 1, sizeof(*reader->events));
    struct sse_event *event = &reader->events[reader->count++];
    *event = (struct sse_event){0};
    set(&event->type, reader->type.len > 0 ? content(&reader->type) : span_of("message"));
    set(&event->data, (struct span){reader->data.data, reader->data.len - 1});
    set(&event->last_id, content(&reader->id));
    buffer_clear(&reader->type);
    buffer_clear(&reader->data);
}

static bool take_retry(struct sse_reader *reader, struct span value)
{
    int64_t retry_ms = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return false;
        retry_ms = retry_ms * 10 + (value.data[i] - '0');
    }
    reader->retry_ms = retry_ms;
    return value.len > 0;
}

static void take_field(struct sse_reader *reader, struct span name, struct span value)
{
    bool is_known = true;

    if (span_equals(name, "event")) {
        set(&reader->type, value);
    } else if (span_equals(name, "data")) {
        buffer_add(&reader->data, value.data, value.len);
        buffer_add_char(&reader->data, '\n');
    } else if (span_equals(name, "id")) {
        is_known = !span_has(value, '\0');
        if (is_known)
            set(&reader->id, value);
    } else {
        is_known = span_equals(name, "retry") && take_retry(reader, value);
    }
    reader->strange_lines += is_known ? 0 : 1;
}

static void end_line(struct sse_reader *reader)
{
    struct span line = content(&reader->line);

    if (reader->lines++ == 0 && line.len >= 3 && memcmp(line.data, "\xef\xbb\xbf", 3) == 0)
        line = (struct span){line.data + 3, line.len - 3};
    if (line.len == 0) {
        dispatch(reader);
    } else if (line.data[0] == ':') {
        reader->comments++;
    } else {
        const char *end = line.data + line.len;
        const char *colon = memchr(line.data, ':', line.len);
        struct span name = span_between(line.data, colon != NULL ? colon : end);
        struct span value = span_between(colon != NULL ? colon + 1 : end, end);
        if (value.len > 0 && value.data[0] == ' ')
            value = (struct span){value.data + 1, value.len - 1};
        take_field(reader, name, value);
    }
    buffer_clear(&reader->line);
}

void sse_reader_feed(struct sse_reader *reader, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool is_second_of_crlf = bytes[i] == '\n' && reader->is_after_cr;
        reader->is_after_cr = bytes[i] == '\r';
        if (is_second_of_crlf)
            continue;
        if (bytes[i] == '\n' || bytes[i] == '\r')
            end_line(reader);
        else
            buffer_add_char(&reader->line, bytes[i]);
    }
}

bool sse_reader_has_id_of_event(const struct sse_reader *reader)
{
    const struct buffer *id = reader->count > 0 ? &reader->events[reader->count - 1].last_id : NULL;
    return id != NULL && id->len == reader->last_id.len && memcmp(id->data, reader->last_id.data, id->len) == 0;
}

bool sse_reader_is_between_events(const struct sse_reader *reader)
{
    return reader->line.len == 0 && reader->data.len == 0 && reader->type.len == 0;
}

void sse_reader_fini(struct sse_reader *reader)
{
    for (size_t i = 0; i < reader->count; i++) {
        buffer_fini(&reader->events[i].type);
        buffer_fini(&reader->events[i].data);
        buffer_fini(&reader->events[i].last_id);
    }
    free(reader->events);
    buffer_fini(&reader->last_id);
    buffer_fini(&reader->line);
    buffer_fini(&reader->id);
    buffer_fini(&reader->type);
    buffer_fini(&reader->data);
    *reader = (struct sse_reader){0};
}
