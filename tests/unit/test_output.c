/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/output.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fcgi_peer.h"
#include "push/sink.h"
#include "unit.h"

/* An output on one end of a socket pair that takes little, and what the other end has read. */
struct fixture {
    struct output output;
    int peer;
    struct buffer got;
    uint64_t sent_bytes;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    int size = 1;
    int pair[2];

    fixture = (struct fixture){0};
    signal(SIGPIPE, SIG_IGN);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0 ||
        setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) < 0)
        return -1;
    fixture.peer = pair[1];
    output_init(&fixture.output, pair[0], &fixture.sent_bytes);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    output_fini(&fixture->output);
    close(fixture->output.fd);
    close(fixture->peer);
    buffer_fini(&fixture->got);
    return 0;
}

static struct bytes *make_payload(size_t len)
{
    struct bytes *payload = bytes_new_uninitialised(len);
    for (size_t i = 0; i < len; i++)
        payload->data[i] = (char)random();
    return payload;
}

/* Lets the peer read up to `step` bytes at a time until nothing waits and nothing is left to read. */
static void drain(struct fixture *fixture, size_t step)
{
    enum output_state state = OUTPUT_WAITING;
    for (size_t before = SIZE_MAX; state != OUTPUT_SENT || before != fixture->got.len;) {
        before = fixture->got.len;
        assert_true(peer_read(fixture->peer, &fixture->got, step));
        state = output_flush(&fixture->output);
        assert_int_not_equal(state, OUTPUT_FAILED);
        assert_int_equal(output_is_waiting(&fixture->output), state == OUTPUT_WAITING);
        assert_int_equal(fixture->output.waiting_pieces > 0, state == OUTPUT_WAITING);
    }
    assert_true(fixture->sent_bytes == fixture->got.len);
}

/* Adds payloads of these lengths, reads in steps, and finds exact records with the same bytes. */
static void check_payloads(struct fixture *fixture, const size_t *lengths, size_t count, size_t step)
{
    struct buffer expected = {0};
    struct buffer out = {0};
    struct record_header header;
    struct span content;

    fixture->sent_bytes = 0;
    buffer_clear(&fixture->got);
    for (size_t i = 0; i < count; i++) {
        struct bytes *payload = make_payload(lengths[i]);
        buffer_add(&expected, payload->data, payload->len);
        assert_int_not_equal(output_add_records(&fixture->output, RECORD_STDOUT, 0x0102, payload), OUTPUT_FAILED);
        bytes_unref(payload);
    }
    drain(fixture, step);
    struct span rest = span_of_buffer(&fixture->got);
    while (peer_take_record(&rest, &header, &content)) {
        assert_int_equal(header.type, RECORD_STDOUT);
        assert_int_equal(header.request_id, 0x0102);
        assert_true(content.len > 0 && content.len <= SINK_WRITE_LIMIT);
        assert_true(header.padding_len < 8);
        buffer_add(&out, content.data, content.len);
    }
    assert_int_equal(rest.len, 0);
    assert_span_equal(span_of_buffer(&out), span_of_buffer(&expected));
    buffer_fini(&out);
    buffer_fini(&expected);
}

static void a_small_payload_is_one_padded_record_sent_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct bytes *payload = bytes_new("hello", 5);
    assert_int_equal(output_add_records(&fixture->output, RECORD_STDOUT, 258, payload), OUTPUT_SENT);
    assert_false(output_is_waiting(&fixture->output));
    assert_int_equal(payload->refs, 1);
    peer_read(fixture->peer, &fixture->got, 1000);
    assert_span_equal(span_of_buffer(&fixture->got), span_of_literal("\1\6\1\2\0\5\3\0hello\0\0\0"));
    bytes_unref(payload);
}

static void records_arrive_exactly_however_slowly_they_are_read(void **state)
{
    struct fixture *fixture = *state;
    static const size_t lengths[] = {1, 7, 8, 9, 3000, 0, 1, 8191, 8192, 5};
    static const size_t steps[] = {1, 2, 3, 7, 8, 13, 100, 4096, 100000};
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        check_payloads(fixture, lengths, COUNT_OF(lengths), steps[i]);
}

static void a_payload_larger_than_a_record_is_split(void **state)
{
    struct fixture *fixture = *state;
    static const size_t lengths[] = {
        SINK_WRITE_LIMIT - 1, SINK_WRITE_LIMIT, SINK_WRITE_LIMIT + 1, 65535, 65536, 300001};
    static const size_t steps[] = {1000, 65536, 1 << 20};
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        check_payloads(fixture, lengths, COUNT_OF(lengths), steps[i]);
}

static void random_payloads_and_steps_arrive(void **state)
{
    struct fixture *fixture = *state;
    srandom(5);
    for (int round = 0; round < 60; round++) {
        size_t lengths[20];
        for (size_t i = 0; i < COUNT_OF(lengths); i++)
            lengths[i] = (size_t)random() % (random() % 8 == 0 ? 100000 : 200);
        check_payloads(fixture, lengths, COUNT_OF(lengths), 1 + (size_t)random() % 20000);
    }
}

static void raw_bytes_keep_their_place_between_records(void **state)
{
    struct fixture *fixture = *state;
    struct buffer end = {0};
    struct span rest;

    record_add_end(&end, 1, RECORD_REQUEST_COMPLETE);
    for (int i = 0; i < 20; i++) {
        struct bytes *payload = make_payload(3000);
        struct bytes *raw = buffer_to_bytes(&end);
        output_add_records(&fixture->output, RECORD_STDOUT, 1, payload);
        output_add_raw(&fixture->output, raw);
        bytes_unref(payload);
        bytes_unref(raw);
    }
    assert_true(output_is_waiting(&fixture->output));
    drain(fixture, 777);
    rest = span_of_buffer(&fixture->got);
    for (int i = 0; i < 20; i++) {
        struct peer_answer answer = {0};
        peer_take_answer(&rest, 1, &answer);
        assert_int_equal(answer.out.len, 3000);
        assert_int_equal(answer.ends, 1);
        buffer_fini(&answer.out);
    }
    assert_int_equal(rest.len, 0);
    buffer_fini(&end);
}

static void what_comes_later_does_not_overtake_what_waits(void **state)
{
    struct fixture *fixture = *state;
    struct bytes *large = make_payload(60000);
    struct bytes *small = bytes_new("small", 5);
    struct record_header header;
    struct span content;

    assert_int_equal(output_add_records(&fixture->output, RECORD_STDOUT, 1, large), OUTPUT_WAITING);
    peer_read(fixture->peer, &fixture->got, SIZE_MAX); /* there is room again, and nobody has noticed */
    assert_int_equal(output_add_records(&fixture->output, RECORD_STDOUT, 1, small), OUTPUT_WAITING);
    drain(fixture, SIZE_MAX);
    struct span rest = span_of_buffer(&fixture->got);
    assert_true(peer_take_record(&rest, &header, &content));
    assert_span_equal(content, ((struct span){large->data, large->len}));
    assert_true(peer_take_record(&rest, &header, &content));
    assert_span_equal(content, span_of("small"));
    assert_int_equal(rest.len, 0);
    bytes_unref(large);
    bytes_unref(small);
}

static void what_waits_is_kept_by_reference_and_let_go(void **state)
{
    struct fixture *fixture = *state;
    struct bytes *payload = make_payload(60000);
    assert_int_equal(output_add_records(&fixture->output, RECORD_STDOUT, 1, payload), OUTPUT_WAITING);
    assert_int_equal(payload->refs, 2);
    assert_int_equal(output_add_records(&fixture->output, RECORD_STDOUT, 1, payload), OUTPUT_WAITING);
    assert_int_equal(payload->refs, 3);
    assert_int_equal(fixture->output.waiting_pieces, 2);
    output_fini(&fixture->output);
    assert_int_equal(payload->refs, 1);
    assert_false(output_is_waiting(&fixture->output));
    assert_int_equal(fixture->output.waiting_pieces, 0);
    bytes_unref(payload);
}

static void a_peer_that_is_gone_fails_the_output(void **state)
{
    struct fixture *fixture = *state;
    struct bytes *payload = make_payload(60000);
    assert_int_equal(output_add_records(&fixture->output, RECORD_STDOUT, 1, payload), OUTPUT_WAITING);
    close(fixture->peer);
    assert_int_equal(output_flush(&fixture->output), OUTPUT_FAILED);
    output_fini(&fixture->output);
    assert_int_equal(output_add_records(&fixture->output, RECORD_STDOUT, 1, payload), OUTPUT_FAILED);
    assert_int_equal(output_add_raw(&fixture->output, payload), OUTPUT_FAILED);
    assert_int_equal(payload->refs, 1);
    bytes_unref(payload);
    fixture->peer = dup(fixture->output.fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_small_payload_is_one_padded_record_sent_at_once),
        TEST(records_arrive_exactly_however_slowly_they_are_read),
        TEST(a_payload_larger_than_a_record_is_split),
        TEST(random_payloads_and_steps_arrive),
        TEST(raw_bytes_keep_their_place_between_records),
        TEST(what_comes_later_does_not_overtake_what_waits),
        TEST(what_waits_is_kept_by_reference_and_let_go),
        TEST(a_peer_that_is_gone_fails_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
