/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/record.h"

#include <assert.h>
#include <string.h>

static void put_u16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

static uint16_t get_u16(const uint8_t *in)
{
    return (uint16_t)(in[0] << 8 | in[1]);
}

void record_header_encode(const struct record_header *header, uint8_t out[RECORD_HEADER_LEN])
{
    out[0] = header->version;
    out[1] = header->type;
    put_u16(out + 2, header->request_id);
    put_u16(out + 4, header->content_len);
    out[6] = header->padding_len;
    out[7] = 0;
}

void record_header_decode(const uint8_t in[RECORD_HEADER_LEN], struct record_header *header)
{
    header->version = in[0];
    header->type = in[1];
    header->request_id = get_u16(in + 2);
    header->content_len = get_u16(in + 4);
    header->padding_len = in[6];
}

uint8_t record_padding(size_t content_len)
{
    return (uint8_t)(-content_len & 7);
}

size_t record_size(size_t content_len)
{
    return RECORD_HEADER_LEN + content_len + record_padding(content_len);
}

char *record_put(char *out, enum record_type type, uint16_t request_id, const void *content, size_t len)
{
    assert(len <= RECORD_CONTENT_LIMIT);
    struct record_header header = {.version = RECORD_VERSION,
                                   .type = (uint8_t)type,
                                   .request_id = request_id,
                                   .content_len = (uint16_t)len,
                                   .padding_len = record_padding(len)};
    record_header_encode(&header, (uint8_t *)out);
    if (len > 0)
        memcpy(out + RECORD_HEADER_LEN, content, len);
    memset(out + RECORD_HEADER_LEN + len, 0, header.padding_len);
    return out + record_size(len);
}

/* The most that needs no padding. */
enum { STREAM_PART_LIMIT = RECORD_CONTENT_LIMIT & ~7 };

size_t record_stream_size(size_t len)
{
    size_t rest = len % STREAM_PART_LIMIT;
    return len / STREAM_PART_LIMIT * record_size(STREAM_PART_LIMIT) + (rest > 0 ? record_size(rest) : 0);
}

char *record_put_stream(char *out, enum record_type type, uint16_t request_id, struct span content)
{
    for (size_t from = 0; from < content.len; from += STREAM_PART_LIMIT) {
        size_t left = content.len - from;
        out =
            record_put(out, type, request_id, content.data + from, left < STREAM_PART_LIMIT ? left : STREAM_PART_LIMIT);
    }
    return out;
}

void record_add(struct buffer *out, enum record_type type, uint16_t request_id, const void *content, size_t len)
{
    char *record = buffer_reserve(out, record_size(len));
    record_put(record, type, request_id, content, len);
    out->len += record_size(len);
    record[record_size(len)] = '\0';
}

void record_add_begin(struct buffer *out, uint16_t request_id, enum record_role role, uint8_t flags)
{
    uint8_t body[RECORD_BEGIN_LEN] = {0};
    put_u16(body, (uint16_t)role);
    body[2] = flags;
    record_add(out, RECORD_BEGIN_REQUEST, request_id, body, sizeof(body));
}

void record_add_end(struct buffer *out, uint16_t request_id, enum record_protocol_status status)
{
    const uint8_t body[8] = {[4] = (uint8_t)status};
    record_add(out, RECORD_END_REQUEST, request_id, body, sizeof(body));
}

void record_add_unknown_type(struct buffer *out, uint8_t type)
{
    const uint8_t body[8] = {[0] = type};
    record_add(out, RECORD_UNKNOWN_TYPE, 0, body, sizeof(body));
}

/* One byte below 128, else four with the highest bit set. */
static void add_length(struct buffer *out, size_t len)
{
    assert(len <= INT32_MAX);
    if (len < 128) {
        buffer_add_char(out, (char)len);
        return;
    }
    uint8_t bytes[4];
    put_u16(bytes, (uint16_t)(len >> 16 | 0x8000));
    put_u16(bytes + 2, (uint16_t)len);
    buffer_add(out, bytes, sizeof(bytes));
}

static bool take_length(struct span *content, size_t *len)
{
    const uint8_t *in = (const uint8_t *)content->data;
    size_t size = content->len > 0 && in[0] >= 0x80 ? 4 : 1;
    if (content->len < size)
        return false;
    *len = size == 1 ? in[0] : (size_t)(get_u16(in) & 0x7fff) << 16 | get_u16(in + 2);
    *content = (struct span){content->data + size, content->len - size};
    return true;
}

static struct span take_bytes(struct span *content, size_t len)
{
    struct span taken = {content->data, len};
    *content = (struct span){content->data + len, content->len - len};
    return taken;
}

void record_add_pair(struct buffer *out, struct span name, struct span value)
{
    add_length(out, name.len);
    add_length(out, value.len);
    buffer_add(out, name.data, name.len);
    buffer_add(out, value.data, value.len);
}

bool record_take_pair(struct span *content, struct span *name, struct span *value)
{
    struct span rest = *content;
    size_t name_len;
    size_t value_len;

    if (!take_length(&rest, &name_len) || !take_length(&rest, &value_len) || rest.len < name_len ||
        rest.len - name_len < value_len)
        return false;
    *name = take_bytes(&rest, name_len);
    *value = take_bytes(&rest, value_len);
    *content = rest;
    return true;
}
