/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi_peer.h"

#include <errno.h>
#include <unistd.h>

#include "unit.h"

void peer_add_params(struct buffer *out, uint16_t id, const char *const *strings)
{
    struct buffer pairs = {0};
    for (; *strings != NULL; strings++) {
        const char *equals = strchr(*strings, '=');
        record_add_pair(&pairs, span_between(*strings, equals), span_of(equals + 1));
    }
    for (size_t done = 0; done < pairs.len; done += 65535)
        record_add(out, RECORD_PARAMS, id, pairs.data + done, pairs.len - done < 65535 ? pairs.len - done : 65535);
    buffer_fini(&pairs);
}

void peer_add_request(struct buffer *out, uint16_t id, uint8_t flags, const char *const *strings)
{
    record_add_begin(out, id, RECORD_ROLE_RESPONDER, flags);
    peer_add_params(out, id, strings);
    record_add(out, RECORD_PARAMS, id, NULL, 0);
    record_add(out, RECORD_STDIN, id, NULL, 0);
}

bool peer_take_record(struct span *bytes, struct record_header *header, struct span *content)
{
    if (bytes->len < RECORD_HEADER_LEN)
        return false;
    record_header_decode((const uint8_t *)bytes->data, header);
    size_t len = RECORD_HEADER_LEN + (size_t)header->content_len + header->padding_len;
    assert_int_equal(header->version, RECORD_VERSION);
    assert_int_equal(len % 8, 0);
    if (bytes->len < len)
        return false;
    *content = (struct span){bytes->data + RECORD_HEADER_LEN, header->content_len};
    for (size_t i = 0; i < header->padding_len; i++)
        assert_int_equal(content->data[content->len + i], 0);
    *bytes = (struct span){bytes->data + len, bytes->len - len};
    return true;
}

void peer_take_answer(struct span *bytes, uint16_t id, struct peer_answer *answer)
{
    struct record_header header;
    struct span content;

    while (answer->ends == 0 && peer_take_record(bytes, &header, &content)) {
        if (header.request_id == id && header.type == RECORD_STDOUT) {
            assert_false(answer->is_out_closed);
            answer->is_out_closed = content.len == 0;
            buffer_add(&answer->out, content.data, content.len);
        } else if (header.request_id == id && header.type == RECORD_END_REQUEST) {
            assert_int_equal(content.len, 8);
            answer->ends++;
            answer->protocol_status = content.data[4];
        } else {
            answer->others++;
        }
    }
}

bool peer_read(int fd, struct buffer *out, size_t limit)
{
    while (limit > 0) {
        size_t len = limit < 65536 ? limit : 65536;
        ssize_t got = read(fd, buffer_reserve(out, len), len);
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got <= 0)
            return false;
        out->len += (size_t)got;
        out->data[out->len] = '\0';
        limit -= (size_t)got;
    }
    return true;
}

void peer_write(int fd, const struct buffer *bytes)
{
    assert_int_equal(write(fd, bytes->data, bytes->len), bytes->len);
}
