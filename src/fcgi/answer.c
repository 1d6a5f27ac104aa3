/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/answer.h"

#include <assert.h>

#include "fcgi/record.h"
#include "push/sink.h"

enum { END_LEN = 8 }; /* of the content of END_REQUEST (§8) */

static size_t part_len(struct span content)
{
    return content.len < SINK_WRITE_LIMIT ? content.len : SINK_WRITE_LIMIT;
}

static size_t stdout_size(struct span content)
{
    size_t whole = content.len / SINK_WRITE_LIMIT * record_size(SINK_WRITE_LIMIT);
    size_t rest = content.len % SINK_WRITE_LIMIT;
    return rest > 0 ? whole + record_size(rest) : whole;
}

static char *put_stdout(char *out, uint16_t request_id, struct span content)
{
    while (content.len > 0) {
        size_t len = part_len(content);
        record_put(out, RECORD_STDOUT, request_id, content.data, len);
        out += record_size(len);
        content = (struct span){content.data + len, content.len - len};
    }
    return out;
}

struct bytes *answer_frame(uint16_t request_id, struct span head, struct span body)
{
    const uint8_t complete[END_LEN] = {[4] = RECORD_REQUEST_COMPLETE};
    size_t size = stdout_size(head) + stdout_size(body) + record_size(0) + record_size(sizeof(complete));
    struct bytes *records = bytes_new_uninitialised(size);
    char *out = put_stdout(put_stdout(records->data, request_id, head), request_id, body);

    record_put(out, RECORD_STDOUT, request_id, NULL, 0);
    out += record_size(0);
    record_put(out, RECORD_END_REQUEST, request_id, complete, sizeof(complete));
    assert(out + record_size(sizeof(complete)) == records->data + size);
    return records;
}
