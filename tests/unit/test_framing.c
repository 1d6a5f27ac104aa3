/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/framing.h"

#include <stdlib.h>

#include "fcgi_peer.h"
#include "push/sink.h"
#include "unit.h"

static struct span span_of_bytes(const struct bytes *bytes)
{
    return (struct span){bytes->data, bytes->len};
}

static void let_go(struct bytes *bytes)
{
    assert_int_equal(bytes->refs, 1);
    bytes_unref(bytes);
}

static void a_payload_is_one_padded_record(void **state)
{
    struct framing framing = {0};
    struct bytes *payload = bytes_new("hello", 5);
    (void)state;
    struct bytes *records = framing_take(&framing, 0x0102, payload);
    assert_span_equal(span_of_bytes(records), span_of_literal("\1\6\1\2\0\5\3\0hello\0\0\0"));
    let_go(records);
    let_go(payload);
}

/* Frames so many bytes, and finds them in whole records that are as large as they may be. */
static void check_length(size_t len)
{
    struct framing framing = {0};
    struct bytes *payload = bytes_new_uninitialised(len);
    struct buffer out = {0};
    struct record_header header;
    struct span content;
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        payload->data[i] = (char)random();
    struct bytes *records = framing_take(&framing, 7, payload);
    for (struct span rest = span_of_bytes(records); rest.len > 0; count++) {
        assert_true(peer_take_record(&rest, &header, &content));
        assert_int_equal(header.type, RECORD_STDOUT);
        assert_int_equal(header.request_id, 7);
        assert_true(content.len > 0 && (header.content_len + header.padding_len) % 8 == 0);
        buffer_add(&out, content.data, content.len);
    }
    assert_int_equal(count, (len + SINK_WRITE_LIMIT - 1) / SINK_WRITE_LIMIT);
    assert_span_equal(span_of_buffer(&out), span_of_bytes(payload));
    buffer_fini(&out);
    let_go(records);
    let_go(payload);
}

static void any_length_is_as_many_records_as_it_needs(void **state)
{
    static const size_t lengths[] = {
        0, 1, 7, 8, 9, 3000, SINK_WRITE_LIMIT - 1, 65528, 65529, 65536, 2 * SINK_WRITE_LIMIT, 300001};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        check_length(lengths[i]);
}

static void who_is_given_the_same_payload_shares_its_records(void **state)
{
    struct framing framing = {0};
    struct bytes *payload = bytes_ref(bytes_new("hello", 5));
    (void)state;
    struct bytes *first = framing_take(&framing, 1, payload);
    struct bytes *second = framing_take(&framing, 1, payload);
    assert_ptr_equal(first, second);
    bytes_unref(second);
    framing_clear(&framing);
    let_go(first);
    bytes_unref(payload);
    let_go(payload);
}

static void another_payload_or_request_id_gets_its_own_records(void **state)
{
    static const struct {
        uint16_t request_id;
        const char *text;
    } cases[] = {{1, "one"}, {2, "one"}, {1, "two"}, {258, "two"}, {1, "one"}};
    struct framing framing = {0};
    struct bytes *one = bytes_ref(bytes_new("one", 3));
    struct bytes *two = bytes_ref(bytes_new("two", 3));
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct record_header header;
        struct span content;
        struct bytes *records =
            framing_take(&framing, cases[i].request_id, strcmp(cases[i].text, "one") == 0 ? one : two);
        struct span rest = span_of_bytes(records);
        assert_true(peer_take_record(&rest, &header, &content));
        assert_int_equal(header.request_id, cases[i].request_id);
        assert_span_equal(content, span_of(cases[i].text));
        bytes_unref(records);
    }
    framing_clear(&framing);
    bytes_unref(one);
    let_go(one);
    bytes_unref(two);
    let_go(two);
}

/* Freed memory is given out again: without a reference another payload could stand where the last one was. */
static void what_is_kept_stays_until_it_is_cleared(void **state)
{
    struct framing framing = {0};
    struct bytes *payload = bytes_ref(bytes_new("hello", 5));
    (void)state;
    bytes_unref(framing_take(&framing, 1, payload));
    assert_int_equal(payload->refs, 3);
    framing_clear(&framing);
    assert_int_equal(payload->refs, 2);
    framing_clear(&framing);
    bytes_unref(payload);
    let_go(payload);
}

static void what_nobody_else_has_does_not_take_the_place_of_what_is_shared(void **state)
{
    struct framing framing = {0};
    struct bytes *shared = bytes_ref(bytes_new("shared", 6));
    struct bytes *single = bytes_new("single", 6);
    (void)state;
    struct bytes *before = framing_take(&framing, 1, shared);
    let_go(framing_take(&framing, 1, single));
    let_go(single);
    struct bytes *after = framing_take(&framing, 1, shared);
    assert_ptr_equal(before, after);
    bytes_unref(before);
    framing_clear(&framing);
    let_go(after);
    bytes_unref(shared);
    let_go(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payload_is_one_padded_record),
        cmocka_unit_test(any_length_is_as_many_records_as_it_needs),
        cmocka_unit_test(who_is_given_the_same_payload_shares_its_records),
        cmocka_unit_test(another_payload_or_request_id_gets_its_own_records),
        cmocka_unit_test(what_is_kept_stays_until_it_is_cleared),
        cmocka_unit_test(what_nobody_else_has_does_not_take_the_place_of_what_is_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
