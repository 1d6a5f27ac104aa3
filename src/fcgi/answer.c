/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/answer.h"

#include <assert.h>

#include "fcgi/record.h"

enum { END_LEN = 8 }; /* of the content of END_REQUEST (§8) */

struct bytes *answer_frame(uint16_t request_id, struct span head, struct span body)
{
    const uint8_t complete[END_LEN] = {[4] = RECORD_REQUEST_COMPLETE};
    size_t size = record_stream_size(head.len) + record_stream_size(body.len) + record_size(0) + record_size(END_LEN);
    struct bytes *records = bytes_new_uninitialised(size);
    char *out = records->data;

    out = record_put_stream(out, RECORD_STDOUT, request_id, head);
    out = record_put_stream(out, RECORD_STDOUT, request_id, body);
    out = record_put(out, RECORD_STDOUT, request_id, NULL, 0);
    out = record_put(out, RECORD_END_REQUEST, request_id, complete, END_LEN);
    assert(out == records->data + size);
    return records;
}
