/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/framing.h"

#include "fcgi/record.h"

static struct bytes *frame(uint16_t request_id, const struct bytes *payload)
{
    struct bytes *records = bytes_new_uninitialised(record_stream_size(payload->len));
    record_put_stream(records->data, RECORD_STDOUT, request_id, (struct span){payload->data, payload->len});
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
