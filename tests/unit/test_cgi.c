/* SPDX-License-Identifier: BSD-2-Clause */
/* cgi: a pipe, a socket, a file or a terminal as the answer's way, a real loop, and a handler of this test. */
#include "fcgi/cgi.h"

#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fcgi_peer.h"
#include "push/stream.h"
#include "stage.h"
#include "unit.h"

enum { DRAIN_TIMEOUT_MS = 30000, LARGE = 3000000 };

struct fixture {
    struct ev_loop *loop;
    struct counters counters;
    struct stage stage;
    struct cgi cgi;
    char *environment[4];
    struct buffer got;
    int output; /* further reference to what the answer goes to */
    int peer;   /* the reader's end; -1: closed, or none */
    int input;  /* where a body comes from; -1: nowhere */
    bool is_made;
};

/*
 * /stream: attaches a subscriber; /large: answers more than a pipe takes; /whole: answers head and body in one; else
 * answers the path, in two writes.
 */
static void handle(void *context, const struct params *params, struct sink *sink)
{
    struct fixture *fixture = context;
    const char *path = params_text(params, "PATH_INFO");
    struct buffer answer = {0};

    buffer_add_string(&answer, "Status: 200 OK\r\n\r\n");
    if (strcmp(path, "/stream") == 0) {
        const struct subscription_request request = {.channels = &(struct span){"a", 1}, .count = 1};
        stream_open(&fixture->stage.hub, sink, &request, STREAM_SHOWS_NOTHING, &answer);
        buffer_fini(&answer);
        return;
    }
    if (strcmp(path, "/whole") == 0) {
        struct bytes *body = bytes_new("body", 4);
        sink->ops->finish(sink, &answer, body);
        bytes_unref(body);
        buffer_fini(&answer);
        return;
    }
    while (strcmp(path, "/large") == 0 && answer.len < LARGE)
        buffer_printf(&answer, "%zu,", answer.len);
    sink_write_buffer(sink, &answer);
    buffer_clear(&answer);
    buffer_add_string(&answer, path);
    sink_write_buffer(sink, &answer);
    sink->ops->end(sink);
    buffer_fini(&answer);
}

/* Makes the process of one request, whose answer goes to `output`. */
static void make(struct fixture *fixture, int output, int peer, char *path_info)
{
    const struct request_handler handler = {.handle = handle, .context = fixture};
    struct cgi_config config = {.environment = fixture->environment,
                                .program = "sse.fcgi",
                                .input_fd = fixture->input,
                                .output_fd = output,
                                .drain_timeout_ms = DRAIN_TIMEOUT_MS};

    assert_true(output >= 0);
    fixture->environment[0] = path_info;
    fixture->output = fcntl(output, F_DUPFD_CLOEXEC, 0);
    fixture->peer = peer;
    if (peer >= 0)
        fcntl(peer, F_SETFL, O_NONBLOCK);
    cgi_init(&fixture->cgi, fixture->loop, &config, &handler, &fixture->counters);
    cgi_set_time(&fixture->cgi, 1000);
    fixture->is_made = true;
}

static char path_stream[] = "PATH_INFO=/stream", path_large[] = "PATH_INFO=/large", path_x[] = "PATH_INFO=/x";

/* The same, with a pipe as a web server gives one: the reader has the only other end. */
static void make_pipe(struct fixture *fixture, char *path_info)
{
    int pair[2];
    assert_int_equal(pipe(pair), 0);
    make(fixture, pair[1], pair[0], path_info);
    close(fixture->output);
    fixture->output = -1;
}

static void start_pipe(struct fixture *fixture, char *path_info)
{
    make_pipe(fixture, path_info);
    cgi_start(&fixture->cgi);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.loop = ev_loop_new(EVFLAG_AUTO), .output = -1, .peer = -1, .input = -1};
    stage_init(&fixture.stage, NULL);
    counters_init(&fixture.counters);
    signal(SIGPIPE, SIG_IGN);
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
    if (fixture->is_made)
        cgi_fini(&fixture->cgi);
    stage_fini(&fixture->stage);
    ev_loop_destroy(fixture->loop);
    close_peer(fixture);
    if (fixture->output >= 0)
        close(fixture->output);
    if (fixture->input >= 0)
        close(fixture->input);
    buffer_fini(&fixture->got);
    return 0;
}

static void turn(struct fixture *fixture)
{
    ev_run(fixture->loop, EVRUN_NOWAIT);
    cgi_expire(&fixture->cgi);
    hub_flush(&fixture->stage.hub);
    cgi_reap(&fixture->cgi);
}

/* Turns, and reads what comes, until nothing more does. Returns false when the reader saw the end. */
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

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    *(bool *)timer->data = true;
}

/* Nothing makes the loop turn: it waits for as long as it is asked to. */
static void check_quiet(struct fixture *fixture)
{
    bool has_waited = false;
    ev_timer timer;
    turn(fixture);
    ev_timer_init(&timer, on_timer, 0.03, 0);
    timer.data = &has_waited;
    ev_timer_start(fixture->loop, &timer);
    ev_run(fixture->loop, EVRUN_ONCE);
    ev_timer_stop(fixture->loop, &timer);
    assert_true(has_waited);
}

static void check_gone(struct fixture *fixture)
{
    assert_true(cgi_has_ended(&fixture->cgi));
    assert_int_equal(fixture->stage.hub.stats.streams_open.value, 0);
    assert_int_equal(fixture->stage.hub.stats.streams_left.value, 1);
    assert_true(cgi_due(&fixture->cgi) == TIMEOUT_NEVER);
}

/* --- answers -------------------------------------------------------------------------------------------------- */

static void an_answer_is_written_as_it_is_and_then_ends(void **state)
{
    struct fixture *fixture = *state;
    start_pipe(fixture, path_x);
    assert_false(cgi_has_ended(&fixture->cgi)); /* nothing is freed before the end of the turn */
    assert_false(settle(fixture));
    assert_true(cgi_has_ended(&fixture->cgi));
    assert_buffer_equal(&fixture->got, "Status: 200 OK\r\n\r\n/x");
    assert_int_equal(fixture->cgi.stats.bytes_sent.value, fixture->got.len);
    assert_int_equal(fixture->cgi.stats.requests.value, 1);
    assert_true(cgi_due(&fixture->cgi) == TIMEOUT_NEVER);
}

static void an_answer_that_is_whole_is_written_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    static char path[] = "PATH_INFO=/whole";
    start_pipe(fixture, path);
    assert_false(settle(fixture));
    assert_true(cgi_has_ended(&fixture->cgi));
    assert_buffer_equal(&fixture->got, "Status: 200 OK\r\n\r\nbody");
}

static void a_large_answer_waits_for_its_reader_and_arrives_exactly(void **state)
{
    struct fixture *fixture = *state;
    struct buffer expected = {0};
    start_pipe(fixture, path_large);
    turn(fixture);
    assert_false(cgi_has_ended(&fixture->cgi));
    check_quiet(fixture);
    assert_false(settle(fixture));
    buffer_add_string(&expected, "Status: 200 OK\r\n\r\n");
    while (expected.len < LARGE)
        buffer_printf(&expected, "%zu,", expected.len);
    buffer_add_string(&expected, "/large");
    assert_true(fixture->got.len == expected.len && memcmp(fixture->got.data, expected.data, expected.len) == 0);
    assert_true(cgi_has_ended(&fixture->cgi));
    buffer_fini(&expected);
}

static void a_stream_goes_on_and_is_quiet_meanwhile(void **state)
{
    struct fixture *fixture = *state;
    start_pipe(fixture, path_stream);
    assert_true(settle(fixture));
    check_quiet(fixture);
    stage_publish(&fixture->stage, "a", "hello");
    assert_true(settle(fixture));
    assert_contains(fixture->got.data, "data: hello\n\n");
    check_quiet(fixture);
}

static void a_slow_reader_gets_all_of_a_stream_in_the_end(void **state)
{
    struct fixture *fixture = *state;
    start_pipe(fixture, path_stream);
    for (int i = 0; i < 5; i++)
        stage_publish_long(&fixture->stage, "a", (char)('a' + i), 150000);
    for (int i = 0; i < 10; i++)
        turn(fixture);
    check_quiet(fixture);
    assert_true(settle(fixture));
    assert_true(fixture->got.len > 750000);
    for (int i = 0; i < 5; i++)
        assert_non_null(memchr(fixture->got.data, 'a' + i, fixture->got.len));
    assert_int_equal(fixture->stage.hub.stats.streams_open.value, 1);
}

static void a_stream_ended_by_us_is_written_to_its_end(void **state)
{
    struct fixture *fixture = *state;
    start_pipe(fixture, path_stream);
    settle(fixture);
    buffer_clear(&fixture->got);
    hub_end_over(&fixture->stage.hub, 0);
    cgi_end(&fixture->cgi);
    assert_false(settle(fixture));
    assert_contains(fixture->got.data, "retry: ");
    assert_string_equal(fixture->got.data + fixture->got.len - strlen(STAGE_ID("0")) - 2, STAGE_ID("0") "\n\n");
    assert_true(cgi_has_ended(&fixture->cgi));
    assert_int_equal(fixture->stage.hub.stats.streams_left.value, 0);
}

static void an_end_waits_for_an_answer_on_its_way_and_for_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    start_pipe(fixture, path_large);
    cgi_end(&fixture->cgi);
    turn(fixture);
    assert_false(cgi_has_ended(&fixture->cgi));
    assert_false(settle(fixture));
    assert_true(fixture->got.len > LARGE);
    close_peer(fixture);
    make_pipe(fixture, path_x);
    cgi_end(&fixture->cgi);
    cgi_reap(&fixture->cgi);
    assert_true(cgi_has_ended(&fixture->cgi));
}

static void a_stream_that_lags_behind_is_cut_off(void **state)
{
    struct fixture *fixture = *state;
    start_pipe(fixture, path_stream);
    turn(fixture);
    for (int i = 0; i < 40; i++) {
        stage_publish_long(&fixture->stage, "a", 'x', 100000);
        turn(fixture);
    }
    assert_int_equal(fixture->stage.hub.stats.streams_lagged.value, 1);
    assert_true(cgi_has_ended(&fixture->cgi));
    peer_read(fixture->peer, &fixture->got, SIZE_MAX);
    assert_int_equal(fixture->cgi.stats.bytes_sent.value, fixture->got.len);
}

static void who_does_not_take_the_end_of_an_answer_is_not_waited_for(void **state)
{
    struct fixture *fixture = *state;
    start_pipe(fixture, path_large);
    turn(fixture);
    assert_true(cgi_due(&fixture->cgi) == 1000 + DRAIN_TIMEOUT_MS);
    cgi_set_time(&fixture->cgi, 1000 + DRAIN_TIMEOUT_MS - 1);
    turn(fixture);
    assert_false(cgi_has_ended(&fixture->cgi));
    cgi_set_time(&fixture->cgi, 1000 + DRAIN_TIMEOUT_MS);
    turn(fixture);
    assert_true(cgi_has_ended(&fixture->cgi));
    assert_int_equal(fixture->cgi.stats.timed_out.value, 1);
}

/* --- clients that go away ------------------------------------------------------------------------------------- */

static void a_reader_that_closes_its_pipe_is_noticed_without_a_write(void **state)
{
    struct fixture *fixture = *state;
    start_pipe(fixture, path_stream);
    settle(fixture);
    close_peer(fixture);
    turn(fixture);
    check_gone(fixture);
    check_quiet(fixture);
}

static void a_reader_that_was_gone_before_ends_it(void **state)
{
    struct fixture *fixture = *state;
    make_pipe(fixture, path_stream);
    close_peer(fixture);
    cgi_start(&fixture->cgi);
    turn(fixture);
    check_gone(fixture);
}

static void a_reader_that_goes_while_output_waits_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    start_pipe(fixture, path_stream);
    turn(fixture);
    stage_publish_long(&fixture->stage, "a", 'x', 150000);
    turn(fixture);
    turn(fixture);
    assert_false(cgi_has_ended(&fixture->cgi));
    close_peer(fixture);
    turn(fixture);
    check_gone(fixture);
}

/* As under a web server that gives its program one socket for both ways, and closes its half behind the body. */
static void a_half_closed_socket_says_nothing_and_a_write_shows_that_it_is_closed(void **state)
{
    struct fixture *fixture = *state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    make(fixture, pair[1], pair[0], path_stream);
    shutdown(fixture->peer, SHUT_WR);
    cgi_start(&fixture->cgi);
    assert_true(settle(fixture));
    check_quiet(fixture);
    assert_false(cgi_has_ended(&fixture->cgi));
    close_peer(fixture);
    stage_publish(&fixture->stage, "a", "x");
    turn(fixture);
    check_gone(fixture);
}

static void the_end_is_seen_on_a_socket_that_others_hold_too(void **state)
{
    struct fixture *fixture = *state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    make(fixture, pair[1], pair[0], path_x);
    cgi_start(&fixture->cgi);
    assert_false(settle(fixture));
    assert_buffer_equal(&fixture->got, "Status: 200 OK\r\n\r\n/x");
}

/* --- bodies --------------------------------------------------------------------------------------------------- */

static char length_small[] = "CONTENT_LENGTH=5", length_large[] = "CONTENT_LENGTH=1000000",
            chunked[] = "HTTP_TRANSFER_ENCODING=chunked";

/* One socket for both ways, and a body on it, of which the web server has sent nothing yet. */
static void start_socket_with_body(struct fixture *fixture, char *path_info, char *body)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    fixture->environment[1] = body;
    fixture->input = fcntl(pair[1], F_DUPFD_CLOEXEC, 0);
    make(fixture, pair[1], pair[0], path_info);
    cgi_start(&fixture->cgi);
}

/* As a web server does that writes all of the body before it looks at the answer. */
static void send_body(struct fixture *fixture, size_t len)
{
    static const char zeros[10000];
    for (int waits = 0; len > 0 && waits < 1000; waits++) {
        ssize_t sent = write(fixture->peer, zeros, len < sizeof(zeros) ? len : sizeof(zeros));
        if (sent > 0)
            len -= (size_t)sent;
        turn(fixture);
    }
    assert_int_equal(len, 0);
    shutdown(fixture->peer, SHUT_WR);
}

static void an_answer_survives_the_body_that_nobody_wants(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        char *announced;
        size_t len;
    } bodies[] = {{length_small, 5}, {length_large, 1000000}, {chunked, 300000}};
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        start_socket_with_body(fixture, path_x, bodies[i].announced);
        send_body(fixture, bodies[i].len);
        turn(fixture);
        assert_true(cgi_has_ended(&fixture->cgi));
        close(fixture->input);
        close(fixture->output);
        fixture->input = fixture->output = -1;
        buffer_clear(&fixture->got);
        assert_int_equal(read(fixture->peer, buffer_reserve(&fixture->got, 100), 100), 20);
        assert_memory_equal(fixture->got.data, "Status: 200 OK\r\n\r\n/x", 20);
        assert_int_equal(read(fixture->peer, fixture->got.data, 100), 0); /* and not ECONNRESET */
        close_peer(fixture);
    }
}

static void a_large_answer_waits_for_the_body_and_its_reader(void **state)
{
    struct fixture *fixture = *state;
    start_socket_with_body(fixture, path_large, length_large);
    send_body(fixture, 1000000);
    assert_false(settle(fixture));
    assert_true(fixture->got.len > LARGE);
    assert_true(cgi_has_ended(&fixture->cgi));
}

static void a_stream_goes_on_beside_a_body_and_after_it(void **state)
{
    struct fixture *fixture = *state;
    start_socket_with_body(fixture, path_stream, length_large);
    send_body(fixture, 1000000);
    assert_true(settle(fixture));
    check_quiet(fixture);
    stage_publish(&fixture->stage, "a", "hello");
    assert_true(settle(fixture));
    assert_contains(fixture->got.data, "data: hello\n\n");
}

static void a_body_without_an_end_is_not_waited_for_for_ever(void **state)
{
    struct fixture *fixture = *state;
    start_socket_with_body(fixture, path_x, length_small);
    turn(fixture);
    assert_false(settle(fixture)); /* the answer has ended */
    assert_false(cgi_has_ended(&fixture->cgi));
    cgi_set_time(&fixture->cgi, 1000 + DRAIN_TIMEOUT_MS);
    turn(fixture);
    assert_true(cgi_has_ended(&fixture->cgi));
    assert_true(cgi_due(&fixture->cgi) == TIMEOUT_NEVER);
}

static void an_end_does_not_wait_for_a_body(void **state)
{
    struct fixture *fixture = *state;
    start_socket_with_body(fixture, path_x, length_small);
    turn(fixture);
    cgi_end(&fixture->cgi);
    turn(fixture);
    assert_true(cgi_has_ended(&fixture->cgi));
}

/* What is written to a pipe that nobody reads any more hurts nobody. */
static void a_body_in_a_pipe_is_not_waited_for(void **state)
{
    struct fixture *fixture = *state;
    int body[2];
    assert_int_equal(pipe(body), 0);
    fixture->input = body[0];
    fixture->environment[1] = length_small;
    start_pipe(fixture, path_x);
    assert_false(settle(fixture));
    assert_true(cgi_has_ended(&fixture->cgi));
    close(body[1]);
}

static void what_is_no_body_is_left_unread(void **state)
{
    struct fixture *fixture = *state;
    int body[2];
    char text[10];
    assert_int_equal(pipe(body), 0);
    assert_int_equal(write(body[1], "typed", 5), 5);
    fixture->input = body[0];
    start_pipe(fixture, path_stream);
    settle(fixture);
    check_quiet(fixture);
    assert_int_equal(read(body[0], text, sizeof(text)), 5);
    close(body[1]);
}

/* --- other outputs -------------------------------------------------------------------------------------------- */

/* A stream with more than is written in one turn, and then nothing. */
static void check_stream_to(struct fixture *fixture, int output)
{
    make(fixture, output, -1, path_stream);
    cgi_start(&fixture->cgi);
    for (int i = 0; i < 3; i++)
        stage_publish_long(&fixture->stage, "a", (char)('a' + i), 150000);
    for (int i = 0; i < 20; i++)
        turn(fixture);
    check_quiet(fixture);
    assert_true(fixture->cgi.stats.bytes_sent.value > 450000);
    assert_false(cgi_has_ended(&fixture->cgi));
    hub_end_over(&fixture->stage.hub, 0);
    turn(fixture);
    assert_true(cgi_has_ended(&fixture->cgi));
}

static void a_file_takes_a_stream(void **state)
{
    struct fixture *fixture = *state;
    FILE *file = tmpfile();
    assert_non_null(file);
    check_stream_to(fixture, fcntl(fileno(file), F_DUPFD_CLOEXEC, 0));
    assert_int_equal(lseek(fileno(file), 0, SEEK_END), fixture->cgi.stats.bytes_sent.value);
    fclose(file);
}

static void a_device_that_swallows_all_takes_a_stream(void **state)
{
    check_stream_to(*state, open("/dev/null", O_WRONLY | O_CLOEXEC));
}

static void what_is_typed_at_a_terminal_does_not_make_the_loop_turn(void **state)
{
    struct fixture *fixture = *state;
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0);
    assert_int_equal(grantpt(terminal), 0);
    assert_int_equal(unlockpt(terminal), 0);
    make(fixture, open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC), terminal, path_stream);
    cgi_start(&fixture->cgi);
    assert_true(settle(fixture));
    assert_int_equal(write(terminal, "typed\n", 6), 6);
    check_quiet(fixture);
    stage_publish(&fixture->stage, "a", "hello");
    assert_true(settle(fixture));
    assert_contains(fixture->got.data, "data: hello");
}

static void the_flags_of_a_shared_descriptor_are_given_back(void **state)
{
    struct fixture *fixture = *state;
    int pair[2];
    assert_int_equal(pipe(pair), 0);
    make(fixture, pair[1], pair[0], path_x);
    assert_true((fcntl(fixture->output, F_GETFL) & O_NONBLOCK) != 0);
    cgi_start(&fixture->cgi);
    turn(fixture);
    assert_true((fcntl(fixture->output, F_GETFL) & O_NONBLOCK) == 0);
}

/* --- the rest ------------------------------------------------------------------------------------------------- */

static void a_name_that_begins_nph_makes_the_head_one_of_http(void **state)
{
    struct fixture *fixture = *state;
    static char script[] = "SCRIPT_NAME=/cgi-bin/nph-sse.fcgi";
    fixture->environment[1] = script;
    start_pipe(fixture, path_x);
    assert_false(settle(fixture));
    assert_memory_equal(fixture->got.data, "HTTP/1.1 200 OK\r\nDate: ", 23);
    const char *end = strstr(fixture->got.data, "\r\nConnection: close\r\n\r\n");
    assert_non_null(end);
    assert_string_equal(strstr(end, "\r\n\r\n"), "\r\n\r\n/x");
}

static void only_gateway_interface_makes_it_a_cgi_program(void **state)
{
    (void)state;
    static char cgi[] = "GATEWAY_INTERFACE=CGI/1.1", other[] = "GATEWAY_INTERFACE=FastCGI/1.0",
                empty[] = "GATEWAY_INTERFACE=", longer[] = "X_GATEWAY_INTERFACE=CGI/1.1";
    assert_true(cgi_is_requested((char *[]){path_x, cgi, NULL}));
    assert_false(cgi_is_requested((char *[]){path_x, other, NULL}));
    assert_false(cgi_is_requested((char *[]){empty, longer, NULL}));
    assert_false(cgi_is_requested((char *[]){NULL}));
}

static void an_output_that_was_taken_is_written_by_nobody_else(void **state)
{
    (void)state;
    int pair[2];
    char text[10];
    assert_int_equal(pipe(pair), 0);
    int taken = cgi_take_output(pair[1]);
    assert_true(taken > STDERR_FILENO && taken != pair[1]);
    assert_int_equal(write(pair[1], "noise", 5), 5);
    assert_int_equal(write(taken, "answer", 6), 6);
    close(taken);
    assert_int_equal(read(pair[0], text, sizeof(text)), 6);
    assert_memory_equal(text, "answer", 6);
    assert_int_equal(read(pair[0], text, sizeof(text)), 0);
    close(pair[0]);
    close(pair[1]);
    assert_int_equal(cgi_take_output(pair[1]), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_is_written_as_it_is_and_then_ends),
        TEST(an_answer_that_is_whole_is_written_as_it_is),
        TEST(a_large_answer_waits_for_its_reader_and_arrives_exactly),
        TEST(a_stream_goes_on_and_is_quiet_meanwhile),
        TEST(a_slow_reader_gets_all_of_a_stream_in_the_end),
        TEST(a_stream_ended_by_us_is_written_to_its_end),
        TEST(an_end_waits_for_an_answer_on_its_way_and_for_nothing_else),
        TEST(a_stream_that_lags_behind_is_cut_off),
        TEST(who_does_not_take_the_end_of_an_answer_is_not_waited_for),
        TEST(a_reader_that_closes_its_pipe_is_noticed_without_a_write),
        TEST(a_reader_that_was_gone_before_ends_it),
        TEST(a_reader_that_goes_while_output_waits_is_noticed),
        TEST(a_half_closed_socket_says_nothing_and_a_write_shows_that_it_is_closed),
        TEST(the_end_is_seen_on_a_socket_that_others_hold_too),
        TEST(an_answer_survives_the_body_that_nobody_wants),
        TEST(a_large_answer_waits_for_the_body_and_its_reader),
        TEST(a_stream_goes_on_beside_a_body_and_after_it),
        TEST(a_body_without_an_end_is_not_waited_for_for_ever),
        TEST(an_end_does_not_wait_for_a_body),
        TEST(a_body_in_a_pipe_is_not_waited_for),
        TEST(what_is_no_body_is_left_unread),
        TEST(a_file_takes_a_stream),
        TEST(a_device_that_swallows_all_takes_a_stream),
        TEST(what_is_typed_at_a_terminal_does_not_make_the_loop_turn),
        TEST(the_flags_of_a_shared_descriptor_are_given_back),
        TEST(a_name_that_begins_nph_makes_the_head_one_of_http),
        TEST(only_gateway_interface_makes_it_a_cgi_program),
        TEST(an_output_that_was_taken_is_written_by_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
