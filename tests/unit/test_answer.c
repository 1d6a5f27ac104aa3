/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/answer.h"

#include "fcgi_peer.h"
#include "push/sink.h"
#include "unit.h"

static void fill(struct buffer *text, size_t len, char first)
{
    for (size_t i = 0; i < len; i++)
        buffer_add_char(text, (char)(first + (char)(i % 23)));
}

static void check(size_t head_len, size_t body_len)
{
    struct buffer head = {0};
    struct buffer body = {0};
    struct peer_answer answer = {0};

    fill(&head, head_len, 'A');
    fill(&body, body_len, 'a');
    struct bytes *records = answer_frame(0x1234, span_of_buffer(&head), span_of_buffer(&body));
    struct span rest = {records->data, records->len};
    peer_take_answer(&rest, 0x1234, &answer);
    assert_int_equal(rest.len, 0);
    assert_int_equal(answer.ends, 1);
    assert_int_equal(answer.protocol_status, RECORD_REQUEST_COMPLETE);
    assert_int_equal(answer.others, 0);
    assert_true(answer.is_out_closed);
    buffer_add(&head, body.data, body.len);
    assert_span_equal(span_of_buffer(&answer.out), span_of_buffer(&head));
    bytes_unref(records);
    buffer_fini(&answer.out);
    buffer_fini(&head);
    buffer_fini(&body);
}

static void head_body_and_end_come_back_whole(void **state)
{
    (void)state;
    static const size_t lengths[] = {0,
                                     1,
                                     7,
                                     8,
                                     9,
                                     300,
                                     SINK_WRITE_LIMIT - 1,
                                     SINK_WRITE_LIMIT,
                                     SINK_WRITE_LIMIT + 1,
                                     65536,
                                     2 * SINK_WRITE_LIMIT,
                                     200001};
    for (size_t head = 0; head < COUNT_OF(lengths); head++)
        for (size_t body = 0; body < COUNT_OF(lengths); body++)
            check(lengths[head], lengths[body]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_body_and_end_come_back_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
