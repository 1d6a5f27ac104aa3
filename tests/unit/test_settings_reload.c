/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings that are read anew: reload. (test_reload.c is about rings.) */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "reload.h"

struct fixture {
    char directory[UNIT_DIRECTORY_SIZE];
    char config[UNIT_FILE_SIZE];
    struct invocation invocation;
    char *argv[4];
    char *environment[1];
    struct configuration *configuration;
    struct listen_socket socket;
    struct buffer error;
};

/* A path in the fixture's directory; valid until the next call with the same name. */
static const char *path_of(const struct fixture *f, const char *name)
{
    static char paths[4][UNIT_FILE_SIZE];
    static unsigned next;
    char *path = paths[next++ % COUNT_OF(paths)];
    snprintf(path, UNIT_FILE_SIZE, "%s/%s", f->directory, name);
    return path;
}

/* The file of settings gets these lines, in which %s is the fixture's directory. */
static void write_config(struct fixture *f, const char *lines)
{
    FILE *file = fopen(f->config, "we");
    assert_non_null(file);
    for (const char *c = lines; *c != '\0'; c++)
        if (*c == '%')
            fputs(f->directory, file);
        else
            fputc(*c, file);
    assert_int_equal(fclose(file), 0);
}

static int make(void **state)
{
    static char name[] = "unit.fcgi";
    static char option[] = "--config";
    struct fixture *f = test_calloc(1, sizeof(*f));
    *state = f;
    if (unit_make_directory(f->directory) < 0)
        return -1;
    snprintf(f->config, sizeof(f->config), "%s/config", f->directory);
    f->argv[0] = name;
    f->argv[1] = option;
    f->argv[2] = f->config;
    f->invocation = (struct invocation){3, f->argv, f->environment};
    write_config(f, "listen = unix:%/one.sock\npid-file = %/one.pid\n");
    f->configuration = configuration_new(&f->invocation, &f->error);
    if (f->configuration == NULL || socket_open(&f->socket, f->configuration->settings.listen, 0600, &f->error) < 0)
        return -1;
    FILE *file = fopen(path_of(f, "one.pid"), "we");
    fprintf(file, "%d\n", (int)getpid());
    return fclose(file);
}

static int drop(void **state)
{
    static const char *const names[] = {"one.pid", "two.pid", "config", "two.sock"};
    struct fixture *f = *state;
    socket_close(&f->socket);
    configuration_free(f->configuration);
    buffer_fini(&f->error);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(path_of(f, names[i]));
    int result = rmdir(f->directory);
    test_free(f);
    return result;
}

static bool exists(const struct fixture *f, const char *name)
{
    return access(path_of(f, name), F_OK) == 0;
}

/* Reloads with these settings, which must be good. */
static void renew(struct fixture *f, const char *lines)
{
    write_config(f, lines);
    struct configuration *renewed = reload(f->configuration, &f->invocation, &f->socket, &f->error);
    if (renewed == NULL)
        fail_msg("refused: %s", f->error.data);
    configuration_free(f->configuration);
    f->configuration = renewed;
}

static void settings_of_the_workers_leave_socket_and_pid_file_alone(void **state)
{
    struct fixture *f = *state;
    int fd = f->socket.fd;
    struct stat before, after;
    assert_int_equal(stat(path_of(f, "one.pid"), &before), 0);
    renew(f, "listen = unix:%/one.sock\npid-file = %/one.pid\nheartbeat = 3s\n");
    assert_int_equal(f->configuration->settings.heartbeat_ms, 3000);
    assert_int_equal(f->socket.fd, fd);
    assert_true(socket_is_listening(fd));
    assert_int_equal(stat(path_of(f, "one.pid"), &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
}

static void another_address_is_listened_on_and_the_old_one_is_gone(void **state)
{
    struct fixture *f = *state;
    renew(f, "listen = unix:%/two.sock\npid-file = %/one.pid\n");
    assert_true(socket_is_listening(f->socket.fd));
    assert_true(exists(f, "two.sock"));
    assert_false(exists(f, "one.sock"));
    assert_string_equal(f->socket.place.data, f->configuration->settings.listen);
    renew(f, "listen = unix:%/one.sock\npid-file = %/one.pid\n");
    assert_true(exists(f, "one.sock"));
    assert_false(exists(f, "two.sock"));
}

static mode_t mode_of(const struct fixture *f, const char *name)
{
    struct stat file;
    assert_int_equal(stat(path_of(f, name), &file), 0);
    return file.st_mode & 0777;
}

static void another_mode_is_set_on_whatever_socket_there_is(void **state)
{
    struct fixture *f = *state;
    renew(f, "listen = unix:%/one.sock\npid-file = %/one.pid\nsocket-mode = 0666\n");
    assert_int_equal(mode_of(f, "one.sock"), 0666);
    renew(f, "listen = unix:%/two.sock\npid-file = %/one.pid\nsocket-mode = 0640\n");
    assert_int_equal(mode_of(f, "two.sock"), 0640);
}

static void another_pid_file_is_written_and_the_old_one_removed(void **state)
{
    struct fixture *f = *state;
    renew(f, "listen = unix:%/one.sock\npid-file = %/two.pid\n");
    assert_true(exists(f, "two.pid"));
    assert_false(exists(f, "one.pid"));
    renew(f, "listen = unix:%/one.sock\n");
    assert_false(exists(f, "two.pid"));
}

static void what_is_bad_is_named_and_changes_nothing(void **state)
{
    static const struct {
        const char *lines;
        const char *part;
    } bad[] = {
        {"listen = unix:%/two.sock\nheartbeat = never\n", "heartbeat"},
        {"listen = unix:%/two.sock\nworkers = 0\n", "--workers: '0'"},
        {"listen = unix:%/two.sock\nworkers = 2\nhistory = memory\n", "--workers: '2'"},
        {"listen = unix:%/none/two.sock\npid-file = %/two.pid\n", "none/two.sock"},
        {"listen = unix:%/config\npid-file = %/two.pid\n", "no socket"},
        {"listen = unix:%/two.sock\npid-file = %/none/two.pid\n", "none/two.pid"},
        {"pid-file = %/two.pid\n", "nothing to listen on"},
    };
    struct fixture *f = *state;
    int fd = f->socket.fd;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        write_config(f, bad[i].lines);
        assert_null(reload(f->configuration, &f->invocation, &f->socket, &f->error));
        assert_contains(f->error.data, bad[i].part);
        buffer_clear(&f->error);
        assert_int_equal(f->socket.fd, fd);
        assert_true(socket_is_listening(fd));
        assert_true(exists(f, "one.sock"));
        assert_true(exists(f, "one.pid"));
        assert_false(exists(f, "two.sock"));
        assert_false(exists(f, "two.pid"));
    }
}

/* Under the address that is in use, whatever the last settings said. */
static void a_socket_is_compared_with_what_it_was_opened_for(void **state)
{
    struct fixture *f = *state;
    struct buffer other = {0};
    buffer_printf(&other, "unix:%s", path_of(f, "two.sock"));
    socket_close(&f->socket);
    assert_int_equal(socket_open(&f->socket, other.data, 0600, &f->error), 0);
    buffer_fini(&other);
    renew(f, "listen = unix:%/one.sock\npid-file = %/one.pid\n");
    assert_true(exists(f, "one.sock"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(settings_of_the_workers_leave_socket_and_pid_file_alone, make, drop),
        cmocka_unit_test_setup_teardown(another_address_is_listened_on_and_the_old_one_is_gone, make, drop),
        cmocka_unit_test_setup_teardown(another_mode_is_set_on_whatever_socket_there_is, make, drop),
        cmocka_unit_test_setup_teardown(another_pid_file_is_written_and_the_old_one_removed, make, drop),
        cmocka_unit_test_setup_teardown(what_is_bad_is_named_and_changes_nothing, make, drop),
        cmocka_unit_test_setup_teardown(a_socket_is_compared_with_what_it_was_opened_for, make, drop),
    };
    log_open("unit", LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
