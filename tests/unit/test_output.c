/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/output.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fcgi_peer.h"
#include "unit.h"

/* An output on one end of a socket pair that takes little, and what the other end has read. */
struct fixture {
    struct output_owner owner;
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

    fixture = (struct fixture){.owner = {.write = output_write_socket, .sent_bytes = &fixture.sent_bytes}};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0 ||
        setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) < 0)
        return -1;
    fixture.peer = pair[1];
    output_init(&fixture.output, pair[0], &fixture.owner);
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

static struct bytes *make_bytes(size_t len)
{
    struct bytes *bytes = bytes_new_uninitialised(len);
    for (size_t i = 0; i < len; i++)
        bytes->data[i] = (char)random();
    return bytes;
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

/* Adds bytes of these lengths, reads in steps, and finds the same. */
static void check_lengths(struct fixture *fixture, const size_t *lengths, size_t count, size_t step)
{
    struct buffer expected = {0};

    fixture->sent_bytes = 0;
    buffer_clear(&fixture->got);
    for (size_t i = 0; i < count; i++) {
        struct bytes *bytes = make_bytes(lengths[i]);
        buffer_add(&expected, bytes->data, bytes->len);
        assert_int_not_equal(output_add(&fixture->output, bytes), OUTPUT_FAILED);
        bytes_unref(bytes);
    }
    drain(fixture, step);
    assert_span_equal(span_of_buffer(&fixture->got), span_of_buffer(&expected));
    buffer_fini(&expected);
}

static void what_is_taken_at_once_is_not_kept(void **state)
{
    struct fixture *fixture = *state;
    struct bytes *bytes = bytes_new("hello", 5);
    assert_int_equal(output_add(&fixture->output, bytes), OUTPUT_SENT);
    assert_false(output_is_waiting(&fixture->output));
    assert_int_equal(bytes->refs, 1);
    assert_int_equal(fixture->sent_bytes, 5);
    peer_read(fixture->peer, &fixture->got, 1000);
    assert_buffer_equal(&fixture->got, "hello");
    bytes_unref(bytes);
}

static void bytes_arrive_exactly_however_slowly_they_are_read(void **state)
{
    struct fixture *fixture = *state;
    static const size_t lengths[] = {1, 7, 8, 9, 3000, 0, 1, 8191, 8192, 5, 65535, 65536, 300001, 0, 1};
    static const size_t steps[] = {13, 100, 4096, 65536, 1 << 20};
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        check_lengths(fixture, lengths, COUNT_OF(lengths), steps[i]);
}

static void random_lengths_and_steps_arrive(void **state)
{
    struct fixture *fixture = *state;
    srandom(5);
    for (int round = 0; round < 60; round++) {
        size_t lengths[20];
        for (size_t i = 0; i < COUNT_OF(lengths); i++)
            lengths[i] = (size_t)random() % (random() % 8 == 0 ? 100000 : 200);
        check_lengths(fixture, lengths, COUNT_OF(lengths), 1 + (size_t)random() % 20000);
    }
}

static void what_comes_later_does_not_overtake_what_waits(void **state)
{
    struct fixture *fixture = *state;
    struct bytes *large = make_bytes(60000);
    struct bytes *small = bytes_new("small", 5);

    assert_int_equal(output_add(&fixture->output, large), OUTPUT_WAITING);
    peer_read(fixture->peer, &fixture->got, SIZE_MAX); /* there is room again, and nobody has noticed */
    assert_int_equal(output_add(&fixture->output, small), OUTPUT_WAITING);
    drain(fixture, SIZE_MAX);
    assert_int_equal(fixture->got.len, 60005);
    assert_memory_equal(fixture->got.data, large->data, 60000);
    assert_string_equal(fixture->got.data + 60000, "small");
    bytes_unref(large);
    bytes_unref(small);
}

static void what_waits_is_kept_by_reference_and_let_go(void **state)
{
    struct fixture *fixture = *state;
    struct bytes *bytes = make_bytes(60000);
    assert_int_equal(output_add(&fixture->output, bytes), OUTPUT_WAITING);
    assert_int_equal(bytes->refs, 2);
    assert_int_equal(output_add(&fixture->output, bytes), OUTPUT_WAITING);
    assert_int_equal(bytes->refs, 3);
    assert_int_equal(fixture->output.waiting_pieces, 2);
    output_fini(&fixture->output);
    assert_int_equal(bytes->refs, 1);
    assert_false(output_is_waiting(&fixture->output));
    assert_int_equal(fixture->output.waiting_pieces, 0);
    bytes_unref(bytes);
}

static void a_peer_that_is_gone_fails_the_output_without_a_signal(void **state)
{
    struct fixture *fixture = *state;
    struct bytes *bytes = make_bytes(60000);
    signal(SIGPIPE, SIG_DFL);
    assert_int_equal(output_add(&fixture->output, bytes), OUTPUT_WAITING);
    close(fixture->peer);
    assert_int_equal(output_flush(&fixture->output), OUTPUT_FAILED);
    output_fini(&fixture->output);
    assert_int_equal(output_add(&fixture->output, bytes), OUTPUT_FAILED);
    assert_int_equal(bytes->refs, 1);
    bytes_unref(bytes);
    fixture->peer = dup(fixture->output.fd);
}

/* Each write is interrupted before it is done. */
static ssize_t write_at_second_attempt(int fd, const void *data, size_t len)
{
    static unsigned attempts;
    if (attempts++ % 2 == 0) {
        errno = EINTR;
        return -1;
    }
    return output_write_socket(fd, data, len);
}

static void a_write_that_a_signal_interrupts_is_done_again(void **state)
{
    struct fixture *fixture = *state;
    static const size_t lengths[] = {5, 60000, 1};
    fixture->owner.write = write_at_second_attempt;
    check_lengths(fixture, lengths, COUNT_OF(lengths), 5000);
}

static void the_owner_says_how_a_descriptor_is_written_to(void **state)
{
    struct fixture *fixture = *state;
    struct bytes *bytes = bytes_new("hello", 5);
    struct output output;
    int pipes[2];

    fixture->owner.write = write;
    assert_int_equal(pipe(pipes), 0);
    output_init(&output, pipes[1], &fixture->owner);
    assert_int_equal(output_add(&output, bytes), OUTPUT_SENT);
    peer_read(pipes[0], &fixture->got, 5);
    assert_buffer_equal(&fixture->got, "hello");
    output_fini(&output);
    close(pipes[0]);
    close(pipes[1]);
    bytes_unref(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_taken_at_once_is_not_kept),
        TEST(bytes_arrive_exactly_however_slowly_they_are_read),
        TEST(random_lengths_and_steps_arrive),
        TEST(what_comes_later_does_not_overtake_what_waits),
        TEST(what_waits_is_kept_by_reference_and_let_go),
        TEST(a_peer_that_is_gone_fails_the_output_without_a_signal),
        TEST(a_write_that_a_signal_interrupts_is_done_again),
        TEST(the_owner_says_how_a_descriptor_is_written_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
