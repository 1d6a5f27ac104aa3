/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/framing.h"

#include <stddef.h>

#include "fcgi/record.h"
#include "push/sink.h"

static size_t part_len(const struct bytes *payload, size_t from)
{
    size_t left = payload->len - from;
    return left < SINK_WRITE_LIMIT ? left : SINK_WRITE_LIMIT;
}

static size_t framed_size(const struct bytes *payload)
{
    size_t size = 0;
    for (size_t from = 0; from < payload->len; from += SINK_WRITE_LIMIT)
        size += record_size(part_len(payload, from));
    return size;
}

static struct bytes *frame(uint16_t request_id, const struct bytes *payload)
{
    struct bytes *records = bytes_new_uninitialised(framed_size(payload));
    char *out = records->data;

    for (size_t from = 0; from < payload->len; from += SINK_WRITE_LIMIT) {
        size_t len = part_len(payload, from);
        record_put(out, RECORD_STDOUT, request_id, payload->data + from, len);
        out += record_size(len);
    }
    return records;
}

struct bytes *framing_take(struct framing *framing, uint16_t request_id, struct bytes *payload)
{
    if (framing->payload == payload && framing->request_id == request_id)
        return bytes_ref(framing->records);
    struct bytes *records = frame(request_id, payload);
    if (payload->refs == 1)
        return records;
    framing_clear(framing);
    *framing = (struct framing){.payload = bytes_ref(payload), .records = bytes_ref(records), .request_id = request_id};
    return records;
}

void framing_clear(struct framing *framing)
{
    bytes_unref(framing->payload);
    bytes_unref(framing->records);
    *framing = (struct framing){0};
}
