/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "process/upgrade.h"

enum { FREE_FD = 150 };

struct fixture {
    int listening; /* descriptor of a socket that listens */
    struct upgrade upgrade;
};

static int make(void **state)
{
    /* The kernel chooses a name that stands in no file, unix(7). */
    const struct sockaddr any = {.sa_family = AF_UNIX};
    struct fixture *f = test_calloc(1, sizeof(*f));
    f->upgrade.fd = -1;
    f->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unsetenv(upgrade_variable);
    *state = f;
    return bind(f->listening, &any, sizeof(any.sa_family)) == 0 ? listen(f->listening, 5) : -1;
}

static int drop(void **state)
{
    struct fixture *f = *state;
    unsetenv(upgrade_variable);
    upgrade_fini(&f->upgrade);
    close(f->listening);
    test_free(f);
    return 0;
}

/* Sets the variable to the form with %P replaced by our pid and %F by the listening descriptor, and takes it. */
static bool take(struct fixture *f, const char *form)
{
    struct buffer value = {0};
    for (const char *c = form; *c != '\0'; c++) {
        bool is_place = c[0] == '%' && (c[1] == 'P' || c[1] == 'F');
        if (!is_place)
            buffer_add_char(&value, *c);
        else
            buffer_printf(&value, "%d", *++c == 'P' ? (int)getpid() : f->listening);
    }
    setenv(upgrade_variable, value.len > 0 ? value.data : "", 1);
    buffer_fini(&value);
    upgrade_fini(&f->upgrade);
    bool result = upgrade_take(&f->upgrade);
    assert_null(getenv(upgrade_variable));
    return result;
}

static bool is_closed_on_exec(int fd)
{
    return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

static void assert_same_children(const struct upgrade_children *a, const struct upgrade_children *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        assert_int_equal(a->pids[i], b->pids[i]);
}

static void assert_same(const struct upgrade *a, const struct upgrade *b)
{
    assert_int_equal(a->fd, b->fd);
    assert_same_children(&a->serve, &b->serve);
    assert_same_children(&a->ending, &b->ending);
    assert_int_equal(a->listen == NULL, b->listen == NULL);
    if (a->listen != NULL)
        assert_string_equal(a->listen, b->listen);
}

static void the_name_is_that_of_no_option(void **state)
{
    (void)state;
    assert_string_equal(upgrade_variable, "FCGI_PUSH_UPGRADE");
}

static void what_is_exported_is_taken(void **state)
{
    pid_t children[] = {12, 345678, 2};
    static const char *const addresses[] = {"unix:/run/push.sock",  "unix:relative path/with  spaces ,=",
                                            "127.0.0.1:9000",       "[::1]:9000",
                                            "unix:/listen=x pid=1", NULL};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(addresses); i++)
        for (size_t count = 0; count <= COUNT_OF(children); count++) {
            const struct upgrade given = {.fd = f->listening,
                                          .relay = RELAY_NONE,
                                          .listen = (char *)addresses[i],
                                          .serve = {children, count},
                                          .ending = {children + count, COUNT_OF(children) - count}};
            assert_int_equal(upgrade_export(&given), 0);
            assert_non_null(getenv(upgrade_variable));
            assert_true(upgrade_take(&f->upgrade));
            assert_null(getenv(upgrade_variable));
            assert_same(&f->upgrade, &given);
            upgrade_fini(&f->upgrade);
        }
}

static void the_socket_survives_exec_and_no_further_one(void **state)
{
    struct fixture *f = *state;
    const struct upgrade given = {.fd = f->listening, .relay = RELAY_NONE};
    assert_int_equal(upgrade_export(&given), 0);
    assert_false(is_closed_on_exec(f->listening));
    assert_true(upgrade_take(&f->upgrade));
    assert_true(is_closed_on_exec(f->listening));
}

static void the_relay_goes_along(void **state)
{
    struct fixture *f = *state;
    struct relay relay;
    assert_int_equal(relay_open(&relay), 0);
    const struct upgrade given = {.fd = f->listening, .relay = relay};
    assert_int_equal(upgrade_export(&given), 0);
    assert_false(is_closed_on_exec(relay.fds[RELAY_TAKE]) || is_closed_on_exec(relay.fds[RELAY_GIVE]));
    assert_true(upgrade_take(&f->upgrade));
    assert_memory_equal(&f->upgrade.relay, &relay, sizeof(relay));
    assert_true(is_closed_on_exec(relay.fds[RELAY_TAKE]) && is_closed_on_exec(relay.fds[RELAY_GIVE]));
    relay_close(&relay);
}

static void an_upgrade_that_failed_can_be_withdrawn(void **state)
{
    struct fixture *f = *state;
    const struct upgrade given = {.fd = f->listening, .relay = RELAY_NONE};
    assert_int_equal(upgrade_export(&given), 0);
    errno = ENOEXEC;
    upgrade_withdraw(&given);
    assert_int_equal(errno, ENOEXEC);
    assert_true(is_closed_on_exec(f->listening));
    assert_null(getenv(upgrade_variable));
}

static void a_descriptor_that_is_not_open_is_not_exported(void **state)
{
    (void)state;
    const struct upgrade given = {.fd = FREE_FD, .relay = RELAY_NONE};
    assert_int_equal(upgrade_export(&given), -1);
    assert_int_equal(errno, EBADF);
    assert_null(getenv(upgrade_variable));
}

static void without_a_predecessor_there_is_nothing(void **state)
{
    struct fixture *f = *state;
    assert_false(upgrade_take(&f->upgrade));
    assert_int_equal(f->upgrade.fd, -1);
    assert_null(f->upgrade.listen);
    assert_null(f->upgrade.serve.pids);
    assert_int_equal(f->upgrade.serve.count, 0);
}

static void other_spellings_are_understood(void **state)
{
    static const struct {
        const char *form;
        const char *listen;
        size_t count; /* that serve */
        size_t ending;
    } good[] = {
        {"pid=%P fd=%F", NULL, 0, 0},
        {"fd=%F pid=%P", NULL, 0, 0},
        {"fd=%F  children=7,8   pid=%P ", NULL, 2, 0},
        {"pid=%P fd=%F children=7 listen=unix:/a b", "unix:/a b", 1, 0},
        {"pid=%P fd=%F later=thing what? fdx=1 listen=host:80", "host:80", 0, 0},
        {"pid=%P fd=%F children=2147483647", NULL, 1, 0},
        {"pid=%P fd=999 fd=%F", NULL, 0, 0},
        {"pid=%P fd=%F children=3 children=4,5", NULL, 2, 0},
        {"pid=%P fd=%F ending=3", NULL, 0, 1},
        {"pid=%P fd=%F children=3 ending=4,5 listen=host:80", "host:80", 1, 2},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        if (!take(f, good[i].form))
            fail_msg("refused: %s", good[i].form);
        assert_int_equal(f->upgrade.fd, f->listening);
        assert_int_equal(f->upgrade.serve.count, good[i].count);
        assert_int_equal(f->upgrade.ending.count, good[i].ending);
        assert_int_equal(f->upgrade.listen == NULL, good[i].listen == NULL);
        if (good[i].listen != NULL)
            assert_string_equal(f->upgrade.listen, good[i].listen);
    }
}

static void assert_nothing_taken(struct fixture *f, const char *form)
{
    if (take(f, form))
        fail_msg("accepted: %s", form);
    assert_int_equal(f->upgrade.fd, -1);
    assert_null(f->upgrade.listen);
    assert_null(f->upgrade.serve.pids);
}

static void malformed_content_is_ignored(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "%P",
        "%P %F",
        "pid=%P",
        "fd=%F",
        "pid= fd=%F",
        "pid=%P fd=",
        "pid=%Px fd=%F",
        "pid=%P fd=%F;",
        "pid=+%P fd=%F",
        "pid=-%P fd=%F",
        "pid=0 fd=%F",
        "pid=%P fd=-1",
        "pid=%P fd=99999999999999999999",
        "pid=%P fd=4294967296",
        "pid=99999999999999999999 fd=%F",
        "pid=%P fd=%F children=",
        "pid=%P fd=%F children= listen=host:80",
        "pid=%P fd=%F children=1",
        "pid=%P fd=%F children=0,5",
        "pid=%P fd=%F children=-5",
        "pid=%P fd=%F children=5,",
        "pid=%P fd=%F children=,5",
        "pid=%P fd=%F children=5,,6",
        "pid=%P fd=%F children=5;6",
        "pid=%P fd=%F children=5,2147483648",
        "pid=%P fd=%F ending=",
        "pid=%P fd=%F ending=5,",
        "pid=%P fd=%F listen=",
        "pid=%P fd=%F listen=nowhere",
        "pid=%P listen=unix:/a fd=%F",
        "pid=%P\tfd=%F",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_nothing_taken(f, bad[i]);
    assert_true(take(f, "pid=%P fd=%F"));
}

/* A child that inherited the variable would serve on its parent's socket. */
static void what_is_meant_for_another_process_is_ignored(void **state)
{
    struct fixture *f = *state;
    char form[64];
    snprintf(form, sizeof(form), "pid=%d fd=%%F children=7 listen=host:80", (int)getppid());
    fcntl(f->listening, F_SETFD, 0);
    assert_nothing_taken(f, form);
    assert_false(is_closed_on_exec(f->listening));
}

static void only_a_listening_socket_is_taken(void **state)
{
    struct fixture *f = *state;
    int pair[2];
    char form[64];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    const int others[] = {open("/dev/null", O_RDONLY), pair[0], FREE_FD};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        snprintf(form, sizeof(form), "pid=%%P fd=%d children=7", others[i]);
        assert_nothing_taken(f, form);
    }
    assert_true(fcntl(pair[0], F_GETFD) >= 0);
    close(others[0]);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_is_that_of_no_option),
        cmocka_unit_test_setup_teardown(what_is_exported_is_taken, make, drop),
        cmocka_unit_test_setup_teardown(the_socket_survives_exec_and_no_further_one, make, drop),
        cmocka_unit_test_setup_teardown(the_relay_goes_along, make, drop),
        cmocka_unit_test_setup_teardown(an_upgrade_that_failed_can_be_withdrawn, make, drop),
        cmocka_unit_test_setup_teardown(a_descriptor_that_is_not_open_is_not_exported, make, drop),
        cmocka_unit_test_setup_teardown(without_a_predecessor_there_is_nothing, make, drop),
        cmocka_unit_test_setup_teardown(other_spellings_are_understood, make, drop),
        cmocka_unit_test_setup_teardown(malformed_content_is_ignored, make, drop),
        cmocka_unit_test_setup_teardown(what_is_meant_for_another_process_is_ignored, make, drop),
        cmocka_unit_test_setup_teardown(only_a_listening_socket_is_taken, make, drop),
    };
    log_open("unit.fcgi", LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
