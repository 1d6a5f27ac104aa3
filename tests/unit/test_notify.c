/* SPDX-License-Identifier: BSD-2-Clause */
/* Systemd's side is a datagram socket. Without libsystemd nothing must come, whatever is called. */
#include "config.h"

#include "unit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "process/notify.h"

#ifdef HAVE_LIBSYSTEMD
static const bool is_sending = true;
#else
static const bool is_sending = false;
#endif

struct fixture {
    int systemd;
    char directory[UNIT_DIRECTORY_SIZE];
    char path[UNIT_FILE_SIZE];
    char got[512];
};

static int make(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    struct sockaddr_un name = {.sun_family = AF_UNIX};

    if (unit_make_directory(f->directory) < 0)
        return -1;
    snprintf(f->path, sizeof(f->path), "%s/notify", f->directory);
    memcpy(name.sun_path, f->path, strlen(f->path) + 1);
    f->systemd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (f->systemd < 0 || bind(f->systemd, (const struct sockaddr *)&name, sizeof(name)) < 0)
        return -1;
    setenv("NOTIFY_SOCKET", f->path, 1);
    *state = f;
    return 0;
}

static int drop(void **state)
{
    struct fixture *f = *state;
    unsetenv("NOTIFY_SOCKET");
    close(f->systemd);
    unlink(f->path);
    rmdir(f->directory);
    test_free(f);
    return 0;
}

/* The next message, "" when there is none: a datagram is there as soon as it was sent. */
static const char *next_message(struct fixture *f)
{
    ssize_t len = recv(f->systemd, f->got, sizeof(f->got) - 1, 0);
    if (len < 0)
        assert_int_equal(errno, EAGAIN);
    f->got[len < 0 ? 0 : len] = '\0';
    return f->got;
}

static void assert_sent(struct fixture *f, const char *message)
{
    assert_string_equal(next_message(f), is_sending ? message : "");
    assert_string_equal(next_message(f), "");
}

static void call_all(void)
{
    notify_ready();
    notify_reloading();
    notify_stopping();
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void readiness_is_told(void **state)
{
    notify_ready();
    assert_sent(*state, "READY=1");
}

static void the_end_is_told(void **state)
{
    notify_stopping();
    assert_sent(*state, "STOPPING=1");
}

/* systemd 253 and later ignore a reload whose time is not at or after that of the signal. */
static void a_reload_is_told_with_its_time(void **state)
{
    struct fixture *f = *state;
    int64_t told_us = 0;
    int len = 0;
    int64_t before_us = now_us();

    notify_reloading();
    const char *message = next_message(f);
    if (!is_sending) {
        assert_string_equal(message, "");
        return;
    }
    assert_int_equal(sscanf(message, "RELOADING=1\nMONOTONIC_USEC=%" SCNd64 "%n", &told_us, &len), 1);
    assert_int_equal(message[len], '\0');
    assert_in_range(told_us, before_us, now_us());
    assert_string_equal(next_message(f), "");
}

/* Of a program that re-executes itself, the successor notifies too. */
static void the_variable_stays_for_a_successor(void **state)
{
    struct fixture *f = *state;
    call_all();
    assert_string_equal(getenv("NOTIFY_SOCKET"), f->path);
}

static void what_is_left_to_the_parent_is_not_sent(void **state)
{
    struct fixture *f = *state;
    notify_leave_to_parent();
    call_all();
    assert_string_equal(next_message(f), "");
    assert_null(getenv("NOTIFY_SOCKET"));
}

static void without_systemd_nothing_happens(void **state)
{
    struct fixture *f = *state;
    unsetenv("NOTIFY_SOCKET");
    call_all();
    assert_string_equal(next_message(f), "");
}

static void a_socket_that_cannot_be_reached_harms_nothing(void **state)
{
    static const char *const places[] = {"/nonexistent/notify", "relative", "", "@no-such-name", "vsock:x"};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        setenv("NOTIFY_SOCKET", places[i], 1);
        call_all();
    }
    assert_string_equal(next_message(f), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(readiness_is_told, make, drop),
        cmocka_unit_test_setup_teardown(the_end_is_told, make, drop),
        cmocka_unit_test_setup_teardown(a_reload_is_told_with_its_time, make, drop),
        cmocka_unit_test_setup_teardown(the_variable_stays_for_a_successor, make, drop),
        cmocka_unit_test_setup_teardown(what_is_left_to_the_parent_is_not_sent, make, drop),
        cmocka_unit_test_setup_teardown(without_systemd_nothing_happens, make, drop),
        cmocka_unit_test_setup_teardown(a_socket_that_cannot_be_reached_harms_nothing, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
