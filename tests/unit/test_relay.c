/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/relay.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

struct fixture {
    struct relay relay;
    int web_server; /* the two ends of a connection */
    int connection;
};

static struct fixture fixture;

static int set_up(void **state)
{
    int fds[2];
    assert_int_equal(relay_open(&fixture.relay), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    fixture.web_server = fds[0];
    fixture.connection = fds[1];
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    relay_close(&f->relay);
    close(f->web_server);
    close(f->connection);
    return 0;
}

static void assert_speaks(int to, int from, const char *text)
{
    char got[32] = "";
    assert_int_equal(write(to, text, strlen(text)), strlen(text));
    assert_int_equal(read(from, got, sizeof(got)), strlen(text));
    assert_string_equal(got, text);
}

static void a_connection_goes_on_at_the_other_end(void **state)
{
    struct fixture *f = *state;
    assert_true(relay_give(&f->relay, f->connection));
    close(f->connection);
    f->connection = relay_take(&f->relay);
    assert_true(f->connection >= 0);
    assert_speaks(f->web_server, f->connection, "request");
    assert_speaks(f->connection, f->web_server, "answer");
}

static void what_nobody_has_read_goes_with_it(void **state)
{
    struct fixture *f = *state;
    char got[8] = "";
    assert_int_equal(write(f->web_server, "early", 5), 5);
    assert_true(relay_give(&f->relay, f->connection));
    close(f->connection);
    f->connection = relay_take(&f->relay);
    assert_int_equal(read(f->connection, got, sizeof(got)), 5);
    assert_string_equal(got, "early");
}

static void connections_are_taken_in_order_and_by_another_process(void **state)
{
    struct fixture *f = *state;
    int status;
    assert_true(relay_give(&f->relay, f->connection));
    assert_true(relay_give(&f->relay, f->web_server));
    pid_t pid = fork();
    if (pid == 0) {
        int first = relay_take(&f->relay);
        int second = relay_take(&f->relay);
        char got[2];
        bool is_good = write(first, "x", 1) == 1 && read(second, got, sizeof(got)) == 1 && got[0] == 'x';
        _exit(is_good ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(relay_take(&f->relay), -1);
}

static void what_is_taken_is_closed_on_exec(void **state)
{
    struct fixture *f = *state;
    assert_true(relay_give(&f->relay, f->connection));
    close(f->connection);
    f->connection = relay_take(&f->relay);
    assert_int_equal(fcntl(f->connection, F_GETFD), FD_CLOEXEC);
}

static void nothing_can_be_taken_when_nothing_was_given(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(relay_take(&f->relay), -1);
    assert_int_equal(relay_take(&RELAY_NONE), -1);
}

static void nothing_can_be_given_when_nobody_takes(void **state)
{
    struct fixture *f = *state;
    assert_false(relay_give(&RELAY_NONE, f->connection));
    assert_false(relay_give(&f->relay, -1));
    relay_end(&f->relay);
    assert_false(relay_give(&f->relay, f->connection));
    assert_int_equal(relay_take(&f->relay), -1);
}

/* Somebody who gives must never wait for somebody who takes. */
static void a_full_relay_refuses(void **state)
{
    struct fixture *f = *state;
    unsigned given = 0;
    while (relay_give(&f->relay, f->connection) && given < 100000)
        given++;
    assert_true(given > 16 && given < 100000);
    for (unsigned taken = 0; taken < given; taken++) {
        int fd = relay_take(&f->relay);
        assert_true(fd >= 0);
        close(fd);
    }
    assert_true(relay_give(&f->relay, f->connection));
}

static void it_survives_exec_only_when_it_is_to(void **state)
{
    struct fixture *f = *state;
    const struct relay none = {.fds = {f->web_server, f->connection}};

    for (int end = RELAY_TAKE; end <= RELAY_GIVE; end++)
        assert_int_equal(fcntl(f->relay.fds[end], F_GETFD), FD_CLOEXEC);
    assert_int_equal(relay_keep(&f->relay), 0);
    for (int end = RELAY_TAKE; end <= RELAY_GIVE; end++)
        assert_int_equal(fcntl(f->relay.fds[end], F_GETFD), 0);
    assert_int_equal(relay_keep_not(&f->relay), 0);
    for (int end = RELAY_TAKE; end <= RELAY_GIVE; end++)
        assert_int_equal(fcntl(f->relay.fds[end], F_GETFD), FD_CLOEXEC);
    assert_int_equal(relay_keep_not(&none), -1);
    assert_int_equal(relay_keep(&RELAY_NONE), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_goes_on_at_the_other_end),
        TEST(what_nobody_has_read_goes_with_it),
        TEST(connections_are_taken_in_order_and_by_another_process),
        TEST(what_is_taken_is_closed_on_exec),
        TEST(nothing_can_be_taken_when_nothing_was_given),
        TEST(nothing_can_be_given_when_nobody_takes),
        TEST(a_full_relay_refuses),
        TEST(it_survives_exec_only_when_it_is_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
