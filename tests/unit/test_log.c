/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines are read back through a pipe that takes the place of standard error meanwhile. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

enum { PERIOD_MS = 60000 };

struct capture {
    int read_fd;
    int saved_stderr;
    char text[8192];
};

static void capture_begin(struct capture *capture)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fflush(stderr);
    capture->read_fd = ends[0];
    capture->saved_stderr = dup(STDERR_FILENO);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
}

/* Puts standard error back and returns what was written meanwhile. */
static const char *capture_end(struct capture *capture)
{
    size_t len = 0;
    ssize_t got;
    fflush(stderr);
    dup2(capture->saved_stderr, STDERR_FILENO);
    close(capture->saved_stderr);
    while ((got = read(capture->read_fd, capture->text + len, sizeof(capture->text) - 1 - len)) > 0)
        len += (size_t)got;
    close(capture->read_fd);
    capture->text[len] = '\0';
    return capture->text;
}

/* What follows the level: the text that was to be logged, with the newline. */
static const char *message_of(const char *line)
{
    const char *colon = strstr(line, ": ");
    assert_non_null(colon);
    return colon + 2;
}

static int open_to_stderr(void **state)
{
    (void)state;
    log_open("unit.fcgi", LOG_TARGET_STDERR, LOG_LEVEL_DEBUG);
    return 0;
}

/* This one runs first: nothing was opened yet. */
static void before_it_is_opened_lines_go_to_stderr_at_level_info_under_the_invocation_name(void **state)
{
    (void)state;
    struct capture capture;
    char name[256];
    capture_begin(&capture);
    log_debug("hidden");
    log_info("shown");
    const char *text = capture_end(&capture);
    snprintf(name, sizeof(name), " %.60s[%d] info: shown\n", program_invocation_short_name, (int)getpid());
    assert_contains(text, name);
    assert_null(strstr(text, "hidden"));
}

static void a_line_has_time_program_process_level_and_text(void **state)
{
    (void)state;
    struct capture capture;
    int year, month, day, hour, minute, second, ms, pid, len = 0;
    capture_begin(&capture);
    log_warning("%d of %s", 3, "four");
    const char *text = capture_end(&capture);
    assert_int_equal(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ unit.fcgi[%d] warning: %n", &year, &month, &day, &hour,
                            &minute, &second, &ms, &pid, &len),
                     8);
    assert_int_equal(pid, getpid());
    assert_in_range(year, 2020, 9999);
    assert_string_equal(text + len, "3 of four\n");
}

static void each_level_has_its_name(void **state)
{
    (void)state;
    struct capture capture;
    capture_begin(&capture);
    log_error("a");
    log_warning("b");
    log_info("c");
    log_debug("d");
    const char *text = capture_end(&capture);
    assert_contains(text, "] error: a\n");
    assert_contains(text, "] warning: b\n");
    assert_contains(text, "] info: c\n");
    assert_contains(text, "] debug: d\n");
}

static void lines_above_the_level_are_left_out(void **state)
{
    (void)state;
    static const char *const shown[] = {"e", "ew", "ewi", "ewid"};
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        struct capture capture;
        struct buffer seen = {0};
        log_open("unit.fcgi", LOG_TARGET_STDERR, (enum log_level)level);
        capture_begin(&capture);
        log_error("e");
        log_warning("w");
        log_info("i");
        log_debug("d");
        for (const char *line = capture_end(&capture); *line != '\0'; line = strchr(line, '\n') + 1)
            buffer_add_char(&seen, message_of(line)[0]);
        assert_buffer_equal(&seen, shown[level]);
        buffer_fini(&seen);
    }
}

static void control_characters_are_hidden(void **state)
{
    (void)state;
    for (int c = 1; c < 0x20; c++) {
        struct capture capture;
        capture_begin(&capture);
        log_info("a%cb", c);
        assert_string_equal(message_of(capture_end(&capture)), "a?b\n");
    }
    struct capture capture;
    capture_begin(&capture);
    log_info("%s", "forged\n2030-01-01 line\r\033[31m\x7f");
    assert_string_equal(message_of(capture_end(&capture)), "forged?2030-01-01 line??[31m?\n");
}

static void text_in_utf_8_stays_readable(void **state)
{
    (void)state;
    struct capture capture;
    capture_begin(&capture);
    log_info("gr\xc3\xbc\xc3\x9f, %s", "\xe2\x82\xac \xf0\x9f\x98\x80");
    assert_string_equal(message_of(capture_end(&capture)), "gr\xc3\xbc\xc3\x9f, \xe2\x82\xac \xf0\x9f\x98\x80\n");
}

/* U+0080 to U+009F are control characters too: U+009B begins a sequence for a terminal as ESC [ does. */
static void control_characters_above_ascii_are_hidden(void **state)
{
    (void)state;
    struct capture capture;
    capture_begin(&capture);
    log_info("a%sb", "\xc2\x9b"
                     "31m");
    assert_null(strstr(capture_end(&capture), "\xc2\x9b"));
    capture_begin(&capture);
    log_info("a%sb", "\xc2\x85");
    assert_null(strstr(capture_end(&capture), "\xc2\x85"));
}

/* Logs `len` times 'x' and returns how many of them arrived. */
static size_t logged_of(size_t len)
{
    struct capture capture;
    struct buffer text = {0};
    for (size_t i = 0; i < len; i++)
        buffer_add_char(&text, 'x');
    capture_begin(&capture);
    log_info("%s", text.data);
    const char *message = message_of(capture_end(&capture));
    size_t arrived = strspn(message, "x");
    assert_string_equal(message + arrived, "\n");
    buffer_fini(&text);
    return arrived;
}

static void a_long_line_is_cut_to_one_whole_line(void **state)
{
    (void)state;
    assert_int_equal(logged_of(500), 500);
    assert_in_range(logged_of(3801), 3790, 3800);
    assert_in_range(logged_of(5000), 3790, 3800);
}

static void a_line_of_3800_bytes_is_not_cut(void **state)
{
    (void)state;
    assert_int_equal(logged_of(3800), 3800);
}

static void a_long_program_name_leaves_room_for_the_text(void **state)
{
    (void)state;
    static const char name[] =
        "a-program-whose-name-is-much-longer-than-anybody-would-ever-want-to-type-by-hand-or-to-read-"
        "a-program-whose-name-is-much-longer-than-anybody-would-ever-want-to-type-by-hand-or-to-read";
    log_open(name, LOG_TARGET_STDERR, LOG_LEVEL_INFO);
    assert_in_range(logged_of(5000), 3790, 3800);
}

static void errno_is_kept(void **state)
{
    (void)state;
    struct capture capture;
    capture_begin(&capture);
    errno = ECONNREFUSED;
    log_info("one: %d", errno);
    assert_int_equal(errno, ECONNREFUSED);
    log_open("unit.fcgi", LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
    errno = ENOENT;
    log_info("left out");
    assert_int_equal(errno, ENOENT);
    capture_end(&capture);
}

static void a_closed_standard_error_is_survived(void **state)
{
    (void)state;
    int saved = dup(STDERR_FILENO);
    close(STDERR_FILENO);
    errno = EAGAIN;
    log_error("to nobody");
    int kept = errno;
    dup2(saved, STDERR_FILENO);
    close(saved);
    assert_int_equal(kept, EAGAIN);
}

/* --- the limit ---------------------------------------------------------------------------------------------------- */

static void the_first_line_is_allowed_at_any_time(void **state)
{
    (void)state;
    static const int64_t times[] = {0, 1, 59999, INT64_C(1) << 40};
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        struct log_limit limit = {0};
        uint64_t suppressed = 99;
        assert_true(log_limit_allows(&limit, times[i], &suppressed));
        assert_int_equal(suppressed, 0);
    }
}

static void a_place_speaks_once_a_minute(void **state)
{
    (void)state;
    struct log_limit limit = {0};
    uint64_t suppressed;
    assert_true(log_limit_allows(&limit, 1000, &suppressed));
    assert_false(log_limit_allows(&limit, 1000, &suppressed));
    assert_false(log_limit_allows(&limit, 1000 + PERIOD_MS - 1, &suppressed));
    assert_true(log_limit_allows(&limit, 1000 + PERIOD_MS, &suppressed));
    assert_false(log_limit_allows(&limit, 1000 + 2 * PERIOD_MS - 1, &suppressed));
}

static void what_was_held_back_is_counted_once(void **state)
{
    (void)state;
    struct log_limit limit = {0};
    uint64_t suppressed = 99;
    assert_true(log_limit_allows(&limit, 0, &suppressed));
    for (int i = 0; i < 5; i++)
        assert_false(log_limit_allows(&limit, i, &suppressed));
    assert_true(log_limit_allows(&limit, PERIOD_MS, &suppressed));
    assert_int_equal(suppressed, 5);
    assert_true(log_limit_allows(&limit, 2 * PERIOD_MS, &suppressed));
    assert_int_equal(suppressed, 0);
}

static void places_do_not_share_a_limit(void **state)
{
    (void)state;
    struct log_limit one = {0}, other = {0};
    uint64_t suppressed;
    assert_true(log_limit_allows(&one, 10, &suppressed));
    assert_true(log_limit_allows(&other, 10, &suppressed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_it_is_opened_lines_go_to_stderr_at_level_info_under_the_invocation_name),
        cmocka_unit_test_setup(a_line_has_time_program_process_level_and_text, open_to_stderr),
        cmocka_unit_test_setup(each_level_has_its_name, open_to_stderr),
        cmocka_unit_test_setup(lines_above_the_level_are_left_out, open_to_stderr),
        cmocka_unit_test_setup(control_characters_are_hidden, open_to_stderr),
        cmocka_unit_test_setup(text_in_utf_8_stays_readable, open_to_stderr),
        cmocka_unit_test_setup(control_characters_above_ascii_are_hidden, open_to_stderr),
        cmocka_unit_test_setup(a_long_line_is_cut_to_one_whole_line, open_to_stderr),
        cmocka_unit_test_setup(a_line_of_3800_bytes_is_not_cut, open_to_stderr),
        cmocka_unit_test_setup(a_long_program_name_leaves_room_for_the_text, open_to_stderr),
        cmocka_unit_test_setup(errno_is_kept, open_to_stderr),
        cmocka_unit_test_setup(a_closed_standard_error_is_survived, open_to_stderr),
        cmocka_unit_test(the_first_line_is_allowed_at_any_time),
        cmocka_unit_test(a_place_speaks_once_a_minute),
        cmocka_unit_test(what_was_held_back_is_counted_once),
        cmocka_unit_test(places_do_not_share_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
