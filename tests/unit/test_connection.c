/* SPDX-License-Identifier: BSD-2-Clause */
/* connection and fastcgi: a web server at the other end of a socket pair, a real loop, and a handler of this test. */
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/counters.h"
#include "fcgi/decoder.h"
#include "fcgi/fastcgi.h"
#include "fcgi_peer.h"
#include "push/stream.h"
#include "stage.h"
#include "unit.h"

enum { LIMIT = 4096, REQUEST_TIMEOUT_MS = 5000, DRAIN_TIMEOUT_MS = 30000 };

struct fixture {
    struct ev_loop *loop;
    struct counters counters;
    struct fastcgi fastcgi;
    struct stage stage;
    struct buffer got;
    int peer; /* -1: closed */
    unsigned handled;
    bool is_taking; /* another process takes connections over */
    int taken;
};

/*
 * /stream: attaches a subscriber; /large: answers more than a socket takes; /whole: answers head and body in one; else
 * answers the method and path.
 */
static void handle(void *context, const struct params *params, struct sink *sink)
{
    struct fixture *fixture = context;
    const char *path = params_text(params, "PATH_INFO");
    struct buffer answer = {0};

    fixture->handled++;
    if (strcmp(path, "/stream") == 0) {
        const struct subscription_request request = {.channels = &(struct span){"a", 1}, .count = 1};
        stream_open(&fixture->stage.hub, sink, &request, STREAM_SHOWS_NOTHING, &answer);
        buffer_fini(&answer);
        return;
    }
    buffer_printf(&answer, "%s %s", params_text(params, "REQUEST_METHOD"), path);
    while (strcmp(path, "/large") == 0 && answer.len < 3000000)
        buffer_add(&answer, "0123456789abcdef", 16);
    struct bytes *bytes = buffer_to_bytes(&answer);
    if (strcmp(path, "/whole") == 0) {
        sink->ops->finish(sink, &answer, bytes);
    } else {
        sink->ops->write(sink, bytes);
        sink->ops->end(sink);
    }
    bytes_unref(bytes);
    buffer_fini(&answer);
}

static void connect_peer_by(struct fixture *fixture, int type)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, pair), 0);
    fixture->peer = pair[1];
    fastcgi_adopt(&fixture->fastcgi, pair[0]);
}

static void connect_peer(struct fixture *fixture)
{
    connect_peer_by(fixture, SOCK_STREAM);
}

/* What another process would do: keeps a descriptor of its own, while it takes any. */
static bool take_over(void *context, int fd)
{
    struct fixture *fixture = context;
    if (!fixture->is_taking)
        return false;
    fixture->taken = dup(fd);
    return true;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    const struct fastcgi_config config = {.limits = {.params_bytes = LIMIT, .connections = 10},
                                          .request_timeout_ms = REQUEST_TIMEOUT_MS,
                                          .drain_timeout_ms = DRAIN_TIMEOUT_MS,
                                          .pass_on = take_over,
                                          .context = &fixture};
    const struct request_handler handler = {.handle = handle, .context = &fixture};

    fixture = (struct fixture){.loop = ev_loop_new(EVFLAG_AUTO)};
    stage_init(&fixture.stage, NULL);
    counters_init(&fixture.counters);
    fastcgi_init(&fixture.fastcgi, fixture.loop, &config, &handler, &fixture.counters);
    fastcgi_set_time(&fixture.fastcgi, 1000);
    connect_peer(&fixture);
    *state = &fixture;
    return 0;
}

static void close_peer(struct fixture *fixture)
{
    if (fixture->peer >= 0)
        close(fixture->peer);
    fixture->peer = -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    fastcgi_fini(&fixture->fastcgi);
    assert_true(fixture->fastcgi.stats.connections_open.value == 0);
    stage_fini(&fixture->stage);
    ev_loop_destroy(fixture->loop);
    close_peer(fixture);
    buffer_fini(&fixture->got);
    return 0;
}

static void turn(struct fixture *fixture)
{
    ev_run(fixture->loop, EVRUN_NOWAIT);
    fastcgi_expire(&fixture->fastcgi);
    hub_flush(&fixture->stage.hub);
    fastcgi_reap(&fixture->fastcgi);
}

/* Turns, and reads what comes, until nothing more does. Returns false when the connection was closed. */
static bool settle(struct fixture *fixture)
{
    bool is_open = true;
    for (int quiet = 0; quiet < 3 && is_open; quiet++) {
        size_t before = fixture->got.len;
        turn(fixture);
        is_open = peer_read(fixture->peer, &fixture->got, SIZE_MAX);
        if (fixture->got.len > before)
            quiet = 0;
    }
    return is_open;
}

static void wait_ms(struct fixture *fixture, int64_t ms)
{
    fastcgi_set_time(&fixture->fastcgi, fixture->fastcgi.now_ms + ms);
    turn(fixture);
}

static void send_bytes(struct fixture *fixture, struct buffer *bytes)
{
    peer_write(fixture->peer, bytes);
    buffer_fini(bytes);
}

static void add_request(struct buffer *out, uint16_t id, uint8_t flags, const char *path)
{
    char path_info[64];
    snprintf(path_info, sizeof(path_info), "PATH_INFO=%s", path);
    peer_add_request(out, id, flags, (const char *const[]){"REQUEST_METHOD=GET", path_info, NULL});
}

static void send_request(struct fixture *fixture, uint16_t id, uint8_t flags, const char *path)
{
    struct buffer bytes = {0};
    add_request(&bytes, id, flags, path);
    send_bytes(fixture, &bytes);
}

/* Takes the next answer off *rest and compares it. */
static void check_answer(struct span *rest, uint16_t id, const char *text)
{
    struct peer_answer answer = {0};
    peer_take_answer(rest, id, &answer);
    assert_int_equal(answer.ends, 1);
    assert_int_equal(answer.protocol_status, RECORD_REQUEST_COMPLETE);
    assert_int_equal(answer.others, 0);
    assert_true(answer.is_out_closed);
    if (text != NULL)
        assert_buffer_equal(&answer.out, text);
    buffer_fini(&answer.out);
}

static void a_connection_that_is_kept_serves_one_request_after_the_other(void **state)
{
    struct fixture *fixture = *state;
    for (uint16_t id = 1; id <= 3; id++) {
        send_request(fixture, id, RECORD_FLAG_KEEP_CONN, "/x");
        assert_true(settle(fixture));
        struct span rest = span_of_buffer(&fixture->got);
        check_answer(&rest, id, "GET /x");
        assert_int_equal(rest.len, 0);
        buffer_clear(&fixture->got);
    }
    wait_ms(fixture, 100 * REQUEST_TIMEOUT_MS);
    assert_true(settle(fixture));
    assert_int_equal(fixture->fastcgi.stats.requests.value, 3);
    assert_int_equal(fixture->fastcgi.stats.timed_out.value, 0);
    assert_true(fastcgi_due(&fixture->fastcgi) == TIMEOUT_NEVER);
}

/* A socket that keeps writes apart shows how many there were. */
static void an_answer_that_is_whole_leaves_in_one_write(void **state)
{
    struct fixture *fixture = *state;
    char got[1024];
    close_peer(fixture);
    turn(fixture);
    connect_peer_by(fixture, SOCK_SEQPACKET);
    send_request(fixture, 7, RECORD_FLAG_KEEP_CONN, "/whole");
    turn(fixture);
    ssize_t len = recv(fixture->peer, got, sizeof(got), 0);
    assert_true(len > 0);
    struct span rest = {got, (size_t)len};
    check_answer(&rest, 7, "GET /wholeGET /whole");
    assert_int_equal(rest.len, 0);
    assert_int_equal(recv(fixture->peer, got, sizeof(got), 0), -1);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct buffer bytes = {0};
    char path[16];
    for (uint16_t id = 1; id <= 50; id++) {
        snprintf(path, sizeof(path), "/%d", id);
        add_request(&bytes, (uint16_t)(1 + id % 2), RECORD_FLAG_KEEP_CONN, path);
    }
    send_bytes(fixture, &bytes);
    assert_true(settle(fixture));
    struct span rest = span_of_buffer(&fixture->got);
    for (uint16_t id = 1; id <= 50; id++) {
        snprintf(path, sizeof(path), "GET /%d", id);
        check_answer(&rest, (uint16_t)(1 + id % 2), path);
    }
    assert_int_equal(rest.len, 0);
}

static void pipelined_requests_wait_for_a_large_answer(void **state)
{
    struct fixture *fixture = *state;
    struct buffer bytes = {0};
    add_request(&bytes, 1, RECORD_FLAG_KEEP_CONN, "/large");
    add_request(&bytes, 2, RECORD_FLAG_KEEP_CONN, "/after");
    add_request(&bytes, 3, RECORD_FLAG_KEEP_CONN, "/large");
    send_bytes(fixture, &bytes);
    for (int i = 0; i < 5; i++)
        turn(fixture);
    assert_true(settle(fixture));
    struct span rest = span_of_buffer(&fixture->got);
    check_answer(&rest, 1, NULL);
    check_answer(&rest, 2, "GET /after");
    check_answer(&rest, 3, NULL);
    assert_int_equal(rest.len, 0);
    wait_ms(fixture, 100 * DRAIN_TIMEOUT_MS);
    assert_true(settle(fixture));
}

static void a_connection_that_is_not_kept_is_closed_after_the_answer(void **state)
{
    struct fixture *fixture = *state;
    send_request(fixture, 1, 0, "/x");
    assert_false(settle(fixture));
    struct span rest = span_of_buffer(&fixture->got);
    check_answer(&rest, 1, "GET /x");
    assert_int_equal(rest.len, 0);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 0);
}

static void a_request_may_come_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;
    struct buffer bytes = {0};
    add_request(&bytes, 1, RECORD_FLAG_KEEP_CONN, "/x");
    for (size_t i = 0; i < bytes.len; i++) {
        assert_int_equal(write(fixture->peer, bytes.data + i, 1), 1);
        turn(fixture);
        assert_int_equal(fixture->handled, i + 1 == bytes.len);
    }
    assert_true(settle(fixture));
    struct span rest = span_of_buffer(&fixture->got);
    check_answer(&rest, 1, "GET /x");
    buffer_fini(&bytes);
}

/* Gives the fixture's peer a stream, and forgets how it begins. */
static void open_stream(struct fixture *fixture, uint16_t id)
{
    send_request(fixture, id, RECORD_FLAG_KEEP_CONN, "/stream");
    assert_true(settle(fixture));
    assert_true(fixture->got.len > 0);
    buffer_clear(&fixture->got);
}

static void what_streams_share_goes_to_each_by_its_own_request_id_and_is_let_go_after_the_turn(void **state)
{
    static const uint16_t ids[] = {1, 1, 2, 1};
    struct fixture *fixture = *state;
    int peers[COUNT_OF(ids)];

    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        if (i > 0)
            connect_peer(fixture);
        open_stream(fixture, ids[i]);
        peers[i] = fixture->peer;
    }
    stage_publish(&fixture->stage, "a", "hello");
    hub_flush(&fixture->stage.hub);
    struct bytes *records = bytes_ref(fixture->fastcgi.framing.records);
    fastcgi_reap(&fixture->fastcgi);
    assert_int_equal(records->refs, 1);
    bytes_unref(records);
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        struct record_header header;
        struct span content;
        buffer_clear(&fixture->got);
        assert_true(peer_read(peers[i], &fixture->got, SIZE_MAX));
        struct span rest = span_of_buffer(&fixture->got);
        assert_true(peer_take_record(&rest, &header, &content));
        assert_int_equal(header.request_id, ids[i]);
        assert_non_null(memmem(content.data, content.len, "data: hello\n\n", strlen("data: hello\n\n")));
        assert_int_equal(rest.len, 0);
        if (peers[i] != fixture->peer)
            close(peers[i]);
    }
}

static void a_stream_goes_on_until_it_is_aborted(void **state)
{
    struct fixture *fixture = *state;
    struct buffer bytes = {0};
    struct peer_answer answer = {0};

    send_request(fixture, 1, RECORD_FLAG_KEEP_CONN, "/stream");
    settle(fixture);
    wait_ms(fixture, 100 * REQUEST_TIMEOUT_MS);
    stage_publish(&fixture->stage, "a", "hello");
    settle(fixture);
    struct span rest = span_of_buffer(&fixture->got);
    peer_take_answer(&rest, 1, &answer);
    assert_contains(answer.out.data, "data: hello\n\n");
    assert_int_equal(answer.ends, 0);
    record_add(&bytes, RECORD_ABORT_REQUEST, 1, NULL, 0);
    send_bytes(fixture, &bytes);
    buffer_clear(&fixture->got);
    assert_true(settle(fixture));
    rest = span_of_buffer(&fixture->got);
    check_answer(&rest, 1, "");
    assert_int_equal(fixture->stage.hub.stats.streams_open.value, 0);
    assert_int_equal(fixture->stage.hub.stats.streams_left.value, 1);
    assert_int_equal(fixture->fastcgi.stats.aborted.value, 1);
    buffer_clear(&fixture->got);
    send_request(fixture, 2, RECORD_FLAG_KEEP_CONN, "/x");
    settle(fixture);
    rest = span_of_buffer(&fixture->got);
    check_answer(&rest, 2, "GET /x");
    buffer_fini(&answer.out);
}

static void at_the_end_of_the_connection_the_subscriber_is_gone(void **state)
{
    struct fixture *fixture = *state;
    send_request(fixture, 1, RECORD_FLAG_KEEP_CONN, "/stream");
    settle(fixture);
    assert_int_equal(fixture->stage.hub.stats.streams_open.value, 1);
    close_peer(fixture);
    turn(fixture);
    assert_int_equal(fixture->stage.hub.stats.streams_open.value, 0);
    assert_int_equal(fixture->stage.hub.stats.streams_left.value, 1);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 0);
}

static void a_peer_that_is_gone_is_noticed_when_written_to(void **state)
{
    struct fixture *fixture = *state;
    send_request(fixture, 1, RECORD_FLAG_KEEP_CONN, "/stream");
    settle(fixture);
    close_peer(fixture);
    stage_publish(&fixture->stage, "a", "x");
    hub_flush(&fixture->stage.hub);
    stage_publish(&fixture->stage, "a", "y");
    hub_flush(&fixture->stage.hub);
    turn(fixture);
    assert_int_equal(fixture->stage.hub.stats.streams_open.value, 0);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 0);
}

static void a_stream_ended_by_us_ends_the_request(void **state)
{
    struct fixture *fixture = *state;
    struct peer_answer answer = {0};
    send_request(fixture, 1, RECORD_FLAG_KEEP_CONN, "/stream");
    settle(fixture);
    hub_end_over(&fixture->stage.hub, 0);
    assert_true(settle(fixture));
    struct span rest = span_of_buffer(&fixture->got);
    peer_take_answer(&rest, 1, &answer);
    assert_int_equal(answer.ends, 1);
    assert_string_equal(answer.out.data + answer.out.len - strlen(STAGE_ID("0")) - 2, STAGE_ID("0") "\n\n");
    buffer_fini(&answer.out);
}

static void a_slow_peer_gets_all_of_a_stream_in_the_end(void **state)
{
    struct fixture *fixture = *state;
    struct peer_answer answer = {0};
    send_request(fixture, 1, RECORD_FLAG_KEEP_CONN, "/stream");
    turn(fixture);
    for (int i = 0; i < 5; i++)
        stage_publish_long(&fixture->stage, "a", (char)('a' + i), 150000);
    for (int i = 0; i < 10; i++)
        turn(fixture);
    hub_flush(&fixture->stage.hub);
    settle(fixture);
    struct span rest = span_of_buffer(&fixture->got);
    peer_take_answer(&rest, 1, &answer);
    for (int i = 0; i < 5; i++)
        assert_non_null(memchr(answer.out.data, 'a' + i, answer.out.len));
    assert_true(answer.out.len > 750000);
    assert_int_equal(rest.len, 0);
    assert_int_equal(fixture->stage.hub.stats.streams_open.value, 1);
    buffer_fini(&answer.out);
}

static void a_body_announced_as_too_large_is_not_waited_for(void **state)
{
    struct fixture *fixture = *state;
    for (uint8_t flags = 0; flags < 2; flags++) {
        struct buffer bytes = {0};
        unsigned handled = fixture->handled;
        record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, flags);
        peer_add_params(&bytes, 1, (const char *const[]){"REQUEST_METHOD=POST", "CONTENT_LENGTH=4097", NULL});
        record_add(&bytes, RECORD_PARAMS, 1, NULL, 0);
        send_bytes(fixture, &bytes);
        buffer_clear(&fixture->got);
        settle(fixture);
        assert_int_equal(fixture->handled, handled + 1);
        struct span rest = span_of_buffer(&fixture->got);
        check_answer(&rest, 1, "POST ");
        /* The body still comes, and does no harm. */
        char body[1000] = {0};
        for (int i = 0; i < 4; i++)
            record_add(&bytes, RECORD_STDIN, 1, body, sizeof(body));
        record_add(&bytes, RECORD_STDIN, 1, NULL, 0);
        send_bytes(fixture, &bytes);
        settle(fixture);
        if (flags == 0) {
            close_peer(fixture);
            turn(fixture);
            assert_int_equal(fixture->fastcgi.stats.connections_open.value, 0);
            connect_peer(fixture);
        }
    }
    buffer_clear(&fixture->got);
    send_request(fixture, 1, 1, "/x");
    settle(fixture);
    struct span rest = span_of_buffer(&fixture->got);
    check_answer(&rest, 1, "GET /x");
}

static void a_body_within_the_limit_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    struct buffer bytes = {0};
    record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, 1);
    peer_add_params(&bytes, 1, (const char *const[]){"REQUEST_METHOD=POST", "CONTENT_LENGTH=4096", NULL});
    record_add(&bytes, RECORD_PARAMS, 1, NULL, 0);
    record_add(&bytes, RECORD_STDIN, 1, "x", 1);
    send_bytes(fixture, &bytes);
    settle(fixture);
    assert_int_equal(fixture->handled, 0);
    record_add(&bytes, RECORD_STDIN, 1, NULL, 0);
    send_bytes(fixture, &bytes);
    settle(fixture);
    assert_int_equal(fixture->handled, 1);
}

static void a_request_that_does_not_arrive_in_time_is_closed(void **state)
{
    struct fixture *fixture = *state;
    for (size_t part = 0; part < 3; part++) {
        struct buffer bytes = {0};
        add_request(&bytes, 1, 1, "/x");
        bytes.len = part == 0 ? 5 : part == 1 ? 30 : bytes.len - 8;
        send_bytes(fixture, &bytes);
        turn(fixture);
        assert_true(fastcgi_due(&fixture->fastcgi) <= fixture->fastcgi.now_ms + REQUEST_TIMEOUT_MS);
        wait_ms(fixture, REQUEST_TIMEOUT_MS - 1);
        assert_true(settle(fixture));
        wait_ms(fixture, 1);
        assert_false(settle(fixture));
        assert_int_equal(fixture->fastcgi.stats.timed_out.value, part + 1);
        assert_int_equal(fixture->fastcgi.stats.connections_open.value, 0);
        close_peer(fixture);
        connect_peer(fixture);
    }
    assert_int_equal(fixture->handled, 0);
}

static void a_peer_that_does_not_take_the_end_of_an_answer_is_closed(void **state)
{
    struct fixture *fixture = *state;
    send_request(fixture, 1, 1, "/large");
    turn(fixture);
    wait_ms(fixture, DRAIN_TIMEOUT_MS - 1);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 1);
    wait_ms(fixture, 1);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 0);
    assert_int_equal(fixture->fastcgi.stats.timed_out.value, 1);
}

static void bytes_that_are_no_fastcgi_close_the_connection(void **state)
{
    struct fixture *fixture = *state;
    struct buffer bytes = {0};
    buffer_add_string(&bytes, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    send_bytes(fixture, &bytes);
    assert_false(settle(fixture));
    assert_int_equal(fixture->fastcgi.stats.protocol_errors.value, 1);
    close_peer(fixture);
    connect_peer(fixture);
    record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, 1);
    record_add(&bytes, RECORD_PARAMS, 1,
               "\x05\x05"
               "name",
               6);
    record_add(&bytes, RECORD_PARAMS, 1, NULL, 0);
    send_bytes(fixture, &bytes);
    assert_false(settle(fixture));
    assert_int_equal(fixture->fastcgi.stats.protocol_errors.value, 2);
}

static void management_questions_are_answered_during_a_stream(void **state)
{
    struct fixture *fixture = *state;
    struct buffer bytes = {0};
    struct record_header header;
    struct span content;
    send_request(fixture, 1, 1, "/stream");
    settle(fixture);
    buffer_clear(&fixture->got);
    record_add(&bytes, RECORD_GET_VALUES, 0, "\x0f\0FCGI_MPXS_CONNS", 17);
    record_add_begin(&bytes, 2, RECORD_ROLE_RESPONDER, 1);
    send_bytes(fixture, &bytes);
    assert_true(settle(fixture));
    struct span rest = span_of_buffer(&fixture->got);
    assert_true(peer_take_record(&rest, &header, &content));
    assert_int_equal(header.type, RECORD_GET_VALUES_RESULT);
    assert_span_equal(content, span_of_literal("\x0f\x01"
                                               "FCGI_MPXS_CONNS0"));
    assert_true(peer_take_record(&rest, &header, &content));
    assert_int_equal(header.request_id, 2);
    assert_int_equal(content.data[4], RECORD_CANT_MPX_CONN);
    assert_int_equal(fixture->stage.hub.stats.streams_open.value, 1);
}

static void who_asks_without_reading_is_closed(void **state)
{
    struct fixture *fixture = *state;
    struct buffer bytes = {0};
    send_request(fixture, 1, 1, "/stream");
    settle(fixture);
    for (int i = 0; i < 2000; i++)
        record_add(&bytes, (enum record_type)99, 0, NULL, 0);
    for (int i = 0; i < 500 && fixture->fastcgi.stats.connections_open.value > 0; i++) {
        ssize_t ignored = write(fixture->peer, bytes.data, bytes.len - bytes.len % 8);
        (void)ignored;
        turn(fixture);
    }
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 0);
    assert_int_equal(fixture->stage.hub.stats.streams_open.value, 0);
    buffer_fini(&bytes);
}

/* The write of END_REQUEST fails, and the connection must leave nothing behind when it is freed. */
static void an_abort_by_a_peer_that_is_gone_leaves_nothing_behind(void **state)
{
    struct fixture *fixture = *state;
    for (int part = 0; part < 3; part++) {
        struct buffer bytes = {0};
        record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, part == 2 ? 1 : 0);
        if (part == 1)
            record_add(&bytes, RECORD_PARAMS, 1, NULL, 0);
        record_add(&bytes, RECORD_ABORT_REQUEST, 1, NULL, 0);
        send_bytes(fixture, &bytes);
        close_peer(fixture);
        turn(fixture);
        turn(fixture);
        assert_int_equal(fixture->fastcgi.stats.connections_open.value, 0);
        assert_true(fastcgi_due(&fixture->fastcgi) == TIMEOUT_NEVER);
        connect_peer(fixture);
    }
}

static void at_the_end_idle_connections_are_closed_soon_and_answers_completed(void **state)
{
    struct fixture *fixture = *state;
    send_request(fixture, 1, 1, "/x");
    settle(fixture);
    int idle = fixture->peer;
    connect_peer(fixture);
    send_request(fixture, 1, 1, "/large");
    turn(fixture);
    fastcgi_end(&fixture->fastcgi);
    turn(fixture);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 2);
    buffer_clear(&fixture->got);
    assert_true(settle(fixture));
    struct span rest = span_of_buffer(&fixture->got);
    check_answer(&rest, 1, NULL);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 2);
    wait_ms(fixture, fastcgi_due(&fixture->fastcgi) - fixture->fastcgi.now_ms);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 0);
    close(idle);
}

static void at_the_end_a_request_that_was_on_its_way_is_still_answered(void **state)
{
    struct fixture *fixture = *state;
    send_request(fixture, 1, 1, "/x");
    settle(fixture);
    buffer_clear(&fixture->got);
    fastcgi_end(&fixture->fastcgi);
    turn(fixture);
    send_request(fixture, 2, 1, "/late");
    assert_true(settle(fixture));
    struct span rest = span_of_buffer(&fixture->got);
    check_answer(&rest, 2, "GET /late");
    wait_ms(fixture, fastcgi_due(&fixture->fastcgi) - fixture->fastcgi.now_ms);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 0);
}

static void at_the_end_half_a_request_is_not_waited_for(void **state)
{
    struct fixture *fixture = *state;
    fastcgi_end(&fixture->fastcgi);
    struct buffer half = {0};
    record_add_begin(&half, 1, RECORD_ROLE_RESPONDER, 1);
    send_bytes(fixture, &half);
    turn(fixture);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 1);
    assert_true(fastcgi_due(&fixture->fastcgi) - fixture->fastcgi.now_ms < 1000);
    wait_ms(fixture, 1000);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 0);
}

static void at_the_end_a_kept_connection_is_passed_on(void **state)
{
    struct fixture *fixture = *state;
    send_request(fixture, 1, RECORD_FLAG_KEEP_CONN, "/x");
    settle(fixture);
    buffer_clear(&fixture->got);
    fixture->is_taking = true;
    fastcgi_end(&fixture->fastcgi);
    send_request(fixture, 2, RECORD_FLAG_KEEP_CONN, "/next");
    fastcgi_reap(&fixture->fastcgi);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 0);
    fastcgi_adopt_kept(&fixture->fastcgi, fixture->taken); /* as the next process does */
    fixture->is_taking = false;
    assert_true(fastcgi_due(&fixture->fastcgi) == TIMEOUT_NEVER);
    assert_true(settle(fixture));
    struct span rest = span_of_buffer(&fixture->got);
    check_answer(&rest, 2, "GET /next");
}

static void at_the_end_a_connection_is_passed_on_when_its_answer_is_out(void **state)
{
    struct fixture *fixture = *state;
    send_request(fixture, 1, RECORD_FLAG_KEEP_CONN, "/large");
    turn(fixture);
    fixture->is_taking = true;
    fastcgi_end(&fixture->fastcgi);
    turn(fixture);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 1);
    assert_true(settle(fixture));
    struct span rest = span_of_buffer(&fixture->got);
    check_answer(&rest, 1, NULL);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 0);
    assert_int_equal(fixture->fastcgi.stats.passed_on.value, 1);
    close(fixture->taken);
}

static void at_the_end_half_a_request_is_not_passed_on(void **state)
{
    struct fixture *fixture = *state;
    struct buffer whole = {0};
    add_request(&whole, 1, RECORD_FLAG_KEEP_CONN, "/x");
    fixture->is_taking = true;
    for (size_t len = 1; len < whole.len; len++) {
        struct buffer half = {0};
        struct buffer rest_of_it = {0};
        buffer_add(&half, whole.data, len);
        buffer_add(&rest_of_it, whole.data + len, whole.len - len);
        send_bytes(fixture, &half);
        turn(fixture);
        fastcgi_end(&fixture->fastcgi);
        turn(fixture);
        assert_int_equal(fixture->fastcgi.stats.passed_on.value, len - 1);
        send_bytes(fixture, &rest_of_it);
        buffer_clear(&fixture->got);
        assert_true(settle(fixture));
        struct span rest = span_of_buffer(&fixture->got);
        check_answer(&rest, 1, "GET /x");
        assert_int_equal(fixture->fastcgi.stats.passed_on.value, len);
        fixture->fastcgi.is_ending = false;
        close(fixture->peer);
        close(fixture->taken);
        connect_peer(fixture);
    }
    buffer_fini(&whole);
}

/* Its answer is out, and the web server is still sending a body that nobody reads. */
static void at_the_end_a_connection_that_is_being_closed_is_not_passed_on(void **state)
{
    struct fixture *fixture = *state;
    struct buffer bytes = {0};
    record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, 0);
    peer_add_params(&bytes, 1, (const char *const[]){"REQUEST_METHOD=POST", "CONTENT_LENGTH=4097", NULL});
    record_add(&bytes, RECORD_PARAMS, 1, NULL, 0);
    send_bytes(fixture, &bytes);
    settle(fixture);
    fixture->is_taking = true;
    fastcgi_end(&fixture->fastcgi);
    turn(fixture);
    assert_int_equal(fixture->fastcgi.stats.passed_on.value, 0);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 1);
    close_peer(fixture);
    turn(fixture);
    assert_int_equal(fixture->fastcgi.stats.connections_open.value, 0);
}

static int set_up_all(void **state)
{
    (void)state;
    int result = decoder_init();
    signal(SIGPIPE, SIG_IGN);
    return result;
}

static int tear_down_all(void **state)
{
    (void)state;
    decoder_fini();
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_that_is_kept_serves_one_request_after_the_other),
        TEST(an_answer_that_is_whole_leaves_in_one_write),
        TEST(pipelined_requests_are_answered_in_order),
        TEST(pipelined_requests_wait_for_a_large_answer),
        TEST(a_connection_that_is_not_kept_is_closed_after_the_answer),
        TEST(a_request_may_come_byte_by_byte),
        TEST(what_streams_share_goes_to_each_by_its_own_request_id_and_is_let_go_after_the_turn),
        TEST(a_stream_goes_on_until_it_is_aborted),
        TEST(at_the_end_of_the_connection_the_subscriber_is_gone),
        TEST(a_peer_that_is_gone_is_noticed_when_written_to),
        TEST(a_stream_ended_by_us_ends_the_request),
        TEST(a_slow_peer_gets_all_of_a_stream_in_the_end),
        TEST(a_body_announced_as_too_large_is_not_waited_for),
        TEST(a_body_within_the_limit_is_waited_for),
        TEST(a_request_that_does_not_arrive_in_time_is_closed),
        TEST(a_peer_that_does_not_take_the_end_of_an_answer_is_closed),
        TEST(bytes_that_are_no_fastcgi_close_the_connection),
        TEST(management_questions_are_answered_during_a_stream),
        TEST(who_asks_without_reading_is_closed),
        TEST(an_abort_by_a_peer_that_is_gone_leaves_nothing_behind),
        TEST(at_the_end_idle_connections_are_closed_soon_and_answers_completed),
        TEST(at_the_end_a_request_that_was_on_its_way_is_still_answered),
        TEST(at_the_end_half_a_request_is_not_waited_for),
        TEST(at_the_end_a_kept_connection_is_passed_on),
        TEST(at_the_end_a_connection_is_passed_on_when_its_answer_is_out),
        TEST(at_the_end_half_a_request_is_not_passed_on),
        TEST(at_the_end_a_connection_that_is_being_closed_is_not_passed_on),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
