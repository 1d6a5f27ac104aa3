/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "process/succession.h"

struct fixture {
    char directory[UNIT_DIRECTORY_SIZE];
    char program[UNIT_FILE_SIZE];
    char output[UNIT_FILE_SIZE];
    int listening;
};

static int make(void **state)
{
    const struct sockaddr any = {.sa_family = AF_UNIX};
    struct fixture *f = test_calloc(1, sizeof(*f));
    *state = f;
    unsetenv(upgrade_variable);
    f->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (unit_make_directory(f->directory) < 0 || bind(f->listening, &any, sizeof(any.sa_family)) < 0)
        return -1;
    snprintf(f->program, sizeof(f->program), "%s/program", f->directory);
    snprintf(f->output, sizeof(f->output), "%s/output", f->directory);
    return listen(f->listening, 5);
}

static int drop(void **state)
{
    struct fixture *f = *state;
    unlink(f->program);
    unlink(f->output);
    rmdir(f->directory);
    close(f->listening);
    test_free(f);
    return 0;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void assert_output(const struct fixture *f, const char *expected)
{
    char text[512] = "";
    FILE *file = fopen(f->output, "re");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    assert_string_equal(text, expected);
}

/* How a trial of these arguments ends: the status of waitpid. */
static int try_out(char **argv)
{
    struct succession succession;
    int argc = 0;
    int status;

    while (argv[argc] != NULL)
        argc++;
    succession_init(&succession, argc, argv);
    pid_t pid = succession_try(&succession);
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static int exit_status_of_trial(char *program)
{
    char *argv[] = {program, NULL};
    int status = try_out(argv);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void the_exit_status_tells_whether_it_may_follow(void **state)
{
    static char good[] = "/bin/true";
    static char bad[] = "/bin/false";
    (void)state;
    assert_int_equal(exit_status_of_trial(good), 0);
    assert_int_not_equal(exit_status_of_trial(bad), 0);
}

static void a_file_that_cannot_be_executed_may_not_follow(void **state)
{
    static const struct {
        const char *content; /* NULL: no such file */
        mode_t mode;
    } files[] = {{NULL, 0},
                 {"", 0755},
                 {"\x7f"
                  "ELF",
                  0755},
                 {"#!/bin/true\n", 0644},
                 {"#!/nonexistent\n", 0755}};
    struct fixture *f = *state;

    log_open("unit", LOG_TARGET_SYSLOG, LOG_LEVEL_ERROR); /* what it complains of is not the test's output */
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        if (files[i].content != NULL)
            write_file(f->program, files[i].content, files[i].mode);
        assert_int_not_equal(exit_status_of_trial(f->program), 0);
        unlink(f->program);
    }
    log_open("unit", LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
}

static void one_that_crashes_may_not_follow(void **state)
{
    struct fixture *f = *state;
    char *argv[] = {f->program, NULL};
    write_file(f->program, "#!/bin/sh\nkill -ABRT $$\n", 0755);
    int status = try_out(argv);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void a_trial_gets_all_arguments_and_one_more(void **state)
{
    static char first[] = "--listen";
    static char second[] = "a b";
    struct fixture *f = *state;
    char *argv[] = {f->program, first, second, NULL};

    write_file(f->program, "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"${0%/*}/output\"\n", 0755);
    assert_int_equal(try_out(argv), 0);
    assert_output(f, "--listen\na b\n--check-settings\n");
    assert_null(argv[3]);
}

/* Else one that hangs could not be ended, and SIGALRM would not end it either. */
static void a_trial_has_no_signal_blocked(void **state)
{
    struct fixture *f = *state;
    sigset_t blocked, before;

    write_file(f->program, "#!/bin/sh\nkill -TERM $$\nexit 0\n", 0755);
    char *argv[] = {f->program, NULL};
    sigfillset(&blocked);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    int status = try_out(argv);
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
}

/* Runs in a child, which becomes the program. */
static int execute(struct fixture *f, char **argv)
{
    pid_t children[] = {7};
    const struct upgrade upgrade = {.fd = f->listening, .relay = RELAY_NONE, .serve = {children, 1}};
    struct succession succession;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        succession_init(&succession, 1, argv);
        succession_execute(&succession, &upgrade);
        _exit(99);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void the_successor_has_pid_socket_and_children(void **state)
{
    struct fixture *f = *state;
    char *argv[] = {f->program, NULL};
    char script[256];

    snprintf(script, sizeof(script),
             "#!/bin/sh\n[ -S /proc/$$/fd/%d ] && [ \"$%s\" = \"pid=$$ fd=%d children=7\" ] && exit 0\nexit 1\n",
             f->listening, upgrade_variable, f->listening);
    write_file(f->program, script, 0755);
    assert_int_equal(execute(f, argv), 0);
}

static void a_failure_to_execute_leaves_everything_as_it_was(void **state)
{
    struct fixture *f = *state;
    char *argv[] = {f->program, NULL};
    const struct upgrade upgrade = {.fd = f->listening, .relay = RELAY_NONE};
    struct succession succession;

    succession_init(&succession, 1, argv);
    assert_int_equal(succession_execute(&succession, &upgrade), -1);
    assert_int_equal(errno, ENOENT);
    assert_null(getenv(upgrade_variable));
    assert_true((fcntl(f->listening, F_GETFD) & FD_CLOEXEC) != 0);
}

static void a_name_without_a_slash_is_the_file_that_runs(void **state)
{
    static char name[] = "program";
    static char with_slash[] = "./program";
    char *argv[] = {name, NULL};
    struct succession succession;
    char own[PATH_MAX] = "";

    (void)state;
    assert_true(readlink("/proc/self/exe", own, sizeof(own) - 1) > 0);
    succession_init(&succession, 1, argv);
    assert_string_equal(succession.path, own);
    argv[0] = with_slash;
    succession_init(&succession, 1, argv);
    assert_string_equal(succession.path, with_slash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exit_status_tells_whether_it_may_follow),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_executed_may_not_follow, make, drop),
        cmocka_unit_test_setup_teardown(one_that_crashes_may_not_follow, make, drop),
        cmocka_unit_test_setup_teardown(a_trial_gets_all_arguments_and_one_more, make, drop),
        cmocka_unit_test_setup_teardown(a_trial_has_no_signal_blocked, make, drop),
        cmocka_unit_test_setup_teardown(the_successor_has_pid_socket_and_children, make, drop),
        cmocka_unit_test_setup_teardown(a_failure_to_execute_leaves_everything_as_it_was, make, drop),
        cmocka_unit_test(a_name_without_a_slash_is_the_file_that_runs),
    };
    log_open("unit", LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
