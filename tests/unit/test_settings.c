/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <stdbool.h>
#include <unistd.h>

#include "base/log.h"
#include "settings.h"

enum { ARGUMENTS = 8 };

struct fixture {
    struct settings settings;
    struct buffer error;
    bool is_read;
    char directory[UNIT_DIRECTORY_SIZE];
    char file[UNIT_FILE_SIZE];
};

static int make(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    if (unit_make_directory(f->directory) < 0)
        return -1;
    snprintf(f->file, sizeof(f->file), "%s/push.conf", f->directory);
    *state = f;
    return 0;
}

static void forget(struct fixture *f)
{
    if (f->is_read)
        settings_fini(&f->settings);
    f->is_read = false;
    buffer_fini(&f->error);
}

static int drop(void **state)
{
    struct fixture *f = *state;
    forget(f);
    unlink(f->file);
    rmdir(f->directory);
    test_free(f);
    return 0;
}

/* Both lists end with NULL; NULL stands for an empty one. */
static int read_settings(struct fixture *f, const char *const *flags, const char *const *variables)
{
    char *argv[ARGUMENTS + 2] = {(char *)"unit.fcgi"};
    char *environment[ARGUMENTS + 1] = {0};
    int argc = 1;
    for (size_t i = 0; flags != NULL && flags[i] != NULL; i++)
        argv[argc++] = (char *)flags[i];
    for (size_t i = 0; variables != NULL && variables[i] != NULL; i++)
        environment[i] = (char *)variables[i];
    forget(f);
    f->is_read = true;
    return settings_read(&f->settings, argc, argv, environment, &f->error);
}

#define FLAGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void write_file(const struct fixture *f, const char *text)
{
    FILE *file = fopen(f->file, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

static void without_any_setting_the_documented_defaults_count(void **state)
{
    struct fixture *f = *state;
    const struct settings *s = &f->settings;
    assert_int_equal(read_settings(f, NULL, NULL), 0);
    assert_int_equal(f->error.len, 0);
    assert_null(s->listen);
    assert_int_equal(s->socket_mode, 0660);
    assert_string_equal(s->redis, "redis://127.0.0.1:6379");
    assert_null(s->redis_password_file);
    assert_string_equal(s->prefix, "push:");
    assert_int_equal(s->history, HISTORY_REDIS);
    assert_int_equal(s->history_length, 1000);
    assert_int_equal(s->history_ttl_ms, 24 * 3600 * 1000);
    assert_int_equal(s->log_length, 100000);
    assert_int_equal(s->ring_memory_bytes, 256 << 20);
    assert_int_equal(s->ring_linger_ms, 600000);
    assert_int_equal(s->channels.count, 1);
    assert_string_equal(s->channels.items[0], "*");
    assert_null(s->mount);
    assert_int_equal(s->max_channels, 64);
    assert_int_equal(s->max_message_bytes, 1 << 20);
    assert_int_equal(s->max_request_bytes, 64 << 10);
    assert_int_equal(s->request_timeout_ms, 5000);
    assert_int_equal(s->cors_origins.count, 0);
    assert_int_equal(s->heartbeat_ms, 15000);
    assert_int_equal(s->retry_ms, 3000);
    assert_int_equal(s->coalesce_ms, 20);
    assert_int_equal(s->grace_ms, 5000);
    assert_int_equal(s->log_target, LOG_TARGET_STDERR);
    assert_int_equal(s->log_level, LOG_LEVEL_INFO);
    assert_null(s->config);
    assert_false(s->is_check || s->is_help || s->is_version);
}

static void choices_stand_in_the_order_of_their_enums(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *flag;
        enum log_level level;
    } levels[] = {{"--log-level=error", LOG_LEVEL_ERROR},
                  {"--log-level=warning", LOG_LEVEL_WARNING},
                  {"--log-level=info", LOG_LEVEL_INFO},
                  {"--log-level=debug", LOG_LEVEL_DEBUG}};
    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        assert_int_equal(read_settings(f, FLAGS(levels[i].flag), NULL), 0);
        assert_int_equal(f->settings.log_level, levels[i].level);
    }
    assert_int_equal(read_settings(f, FLAGS("--log=syslog"), NULL), 0);
    assert_int_equal(f->settings.log_target, LOG_TARGET_SYSLOG);
    assert_int_equal(read_settings(f, FLAGS("--log=stderr"), NULL), 0);
    assert_int_equal(f->settings.log_target, LOG_TARGET_STDERR);
    assert_int_equal(read_settings(f, FLAGS("--history=memory"), NULL), 0);
    assert_int_equal(f->settings.history, HISTORY_MEMORY);
}

static void flags_overrule_the_environment_and_that_the_file(void **state)
{
    struct fixture *f = *state;
    const char *config;
    struct buffer flag = {0};
    write_file(f, "heartbeat = 1s\nretry = 1s\ngrace = 1s\nchannels = file\n");
    buffer_printf(&flag, "--config=%s", f->file);
    config = flag.data;
    assert_int_equal(read_settings(f, FLAGS(config, "--heartbeat=3s", "--channels=flag"),
                                   FLAGS("PUSH_HEARTBEAT=2s", "PUSH_RETRY=2s", "PUSH_CHANNELS=a,b", "PATH=/bin")),
                     0);
    assert_int_equal(f->settings.heartbeat_ms, 3000);
    assert_int_equal(f->settings.retry_ms, 2000);
    assert_int_equal(f->settings.grace_ms, 1000);
    assert_int_equal(f->settings.channels.count, 1);
    assert_string_equal(f->settings.channels.items[0], "flag");
    buffer_fini(&flag);
}

static void the_environment_can_name_the_configuration_file(void **state)
{
    struct fixture *f = *state;
    struct buffer variable = {0};
    write_file(f, "history-length = 7\n");
    buffer_printf(&variable, "PUSH_CONFIG=%s", f->file);
    assert_int_equal(read_settings(f, NULL, FLAGS(variable.data)), 0);
    assert_int_equal(f->settings.history_length, 7);
    buffer_fini(&variable);
}

static void a_configuration_file_that_cannot_be_read_ends_the_start(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_settings(f, FLAGS("--config", f->file), NULL), -1);
    assert_contains(f->error.data, f->file);
    assert_contains(f->error.data, "No such file or directory");
}

static void help_version_and_check_are_noted(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_settings(f, FLAGS("--help"), NULL), 0);
    assert_true(f->settings.is_help && !f->settings.is_version && !f->settings.is_check);
    assert_int_equal(read_settings(f, FLAGS("--version"), NULL), 0);
    assert_true(f->settings.is_version && !f->settings.is_help && !f->settings.is_check);
    assert_int_equal(read_settings(f, FLAGS("--check"), NULL), 0);
    assert_true(f->settings.is_check && !f->settings.is_help && !f->settings.is_version);
}

static void with_help_or_version_a_wrong_environment_or_file_does_not_matter(void **state)
{
    struct fixture *f = *state;
    static const char *const flags[] = {"--help", "--version"};
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        assert_int_equal(
            read_settings(f, FLAGS(flags[i], "--config=/nonexistent/push.conf"), FLAGS("PUSH_HEARTBEAT=soon")), 0);
        assert_int_equal(f->error.len, 0);
    }
    assert_int_equal(read_settings(f, FLAGS("--check"), FLAGS("PUSH_HEARTBEAT=soon")), -1);
}

static void help_is_only_for_the_command_line(void **state)
{
    struct fixture *f = *state;
    struct buffer flag = {0};
    log_open("unit", LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
    assert_int_equal(read_settings(f, NULL, FLAGS("PUSH_HELP=yes", "PUSH_VERSION=yes", "PUSH_CHECK=yes")), 0);
    assert_false(f->settings.is_help || f->settings.is_version || f->settings.is_check);
    write_file(f, "check = yes\n");
    buffer_printf(&flag, "--config=%s", f->file);
    assert_int_equal(read_settings(f, FLAGS(flag.data), NULL), -1);
    buffer_fini(&flag);
}

/* The ends of each range, and the first value beyond. NULL: there is none. */
static const struct {
    const char *name, *below, *lowest, *highest, *above, *range;
} ranges[] = {
    {"socket-mode", NULL, "0", "0777", "01000", "0777"},
    {"history-length", "0", "1", "1000000", "1000001", "1 to 1000000"},
    {"history-ttl", "59s", "60s", "365d", "31536000001ms", "1m to 365d"},
    {"log-length", "999", "1000", "100000000", "100000001", "1000 to 100000000"},
    {"ring-memory", "1048575", "1m", "1024g", "1099511627777", "1m to 1024g"},
    {"ring-linger", "999ms", "1s", "7d", "604800001ms", "1s to 7d"},
    {"max-channels", "0", "1", "255", "256", "1 to 255"},
    {"max-message", "1023", "1k", "64m", "67108865", "1k to 64m"},
    {"max-request", "1023", "1k", "16m", "16777217", "1k to 16m"},
    {"request-timeout", "99ms", "100ms", "10m", "600001ms", "100ms to 10m"},
    {"heartbeat", "999ms", "1s", "1h", "3600001ms", "1s to 1h"},
    {"retry", "99ms", "100ms", "1d", "86400001ms", "100ms to 1d"},
    {"coalesce", NULL, "0", "1s", "1001ms", "0 to 1s"},
    {"grace", NULL, "0", "1h", "3600001ms", "0 to 1h"},
};

static void numbers_are_accepted_up_to_the_ends_of_their_range_and_no_further(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        const char *const values[] = {ranges[i].below, ranges[i].lowest, ranges[i].highest, ranges[i].above};
        for (size_t j = 0; j < COUNT_OF(values); j++) {
            struct buffer flag = {0};
            if (values[j] == NULL)
                continue;
            buffer_printf(&flag, "--%s=%s", ranges[i].name, values[j]);
            int result = read_settings(f, FLAGS(flag.data), NULL);
            if (result != (j == 1 || j == 2 ? 0 : -1))
                fail_msg("%s: %d", flag.data, result);
            if (result < 0) {
                assert_contains(f->error.data, ranges[i].name);
                assert_contains(f->error.data, values[j]);
                assert_contains(f->error.data, ranges[i].range);
            }
            buffer_fini(&flag);
        }
    }
}

static void names_and_addresses_are_checked_where_they_are_read(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name, *value;
        bool is_good;
    } values[] = {
        {"listen", "unix:/run/push.sock", true},
        {"listen", "127.0.0.1:9000", true},
        {"listen", "/run/push.sock", false},
        {"listen", "", false},
        {"prefix", "push:", true},
        {"prefix", "x", true},
        {"prefix", "{push}:app-1.2_3:", true},
        {"prefix", "", false},
        {"prefix", "a*", false},
        {"prefix", "a b", false},
        {"prefix", "a~", false},
        {"prefix", "a/b", false},
        {"prefix", "a\\", false},
        {"prefix", "gr\xc3\xbcn:", false},
        {"channels", "*", true},
        {"channels", "news,chat:*,a.b_c-d", true},
        {"channels", "a b", true},
        {"channels", "news,ch*at", false},
        {"channels", "**", false},
        {"channels", "news,log", false},
        {"channels", "history:x", false},
        {"channels", "a/b", false},
        {"mount", "/", true},
        {"mount", "/events", true},
        {"mount", "events", false},
        {"mount", "", false},
        {"cors-origin", "*", true},
        {"cors-origin", "https://a.example,http://b.example:8080", true},
        {"cors-origin", "https://a.example/", false},
        {"cors-origin", "a.example", false},
    };
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct buffer flag = {0};
        buffer_printf(&flag, "--%s=%s", values[i].name, values[i].value);
        if (read_settings(f, FLAGS(flag.data), NULL) != (values[i].is_good ? 0 : -1))
            fail_msg("%s is not %s", flag.data, values[i].is_good ? "accepted" : "refused");
        if (!values[i].is_good)
            assert_contains(f->error.data, values[i].name);
        buffer_fini(&flag);
    }
}

static void a_prefix_has_at_most_64_characters_and_a_channel_128(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *flag;
        int len;
        int result;
    } lengths[] = {{"--prefix=", 64, 0}, {"--prefix=", 65, -1}, {"--channels=", 128, 0}, {"--channels=", 129, -1}};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct buffer flag = {0};
        buffer_add_string(&flag, lengths[i].flag);
        for (int j = 0; j < lengths[i].len; j++)
            buffer_add_char(&flag, 'x');
        assert_int_equal(read_settings(f, FLAGS(flag.data), NULL), lengths[i].result);
        buffer_fini(&flag);
    }
}

static void a_failed_read_leaves_an_error_of_one_line_and_can_be_freed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_settings(f, FLAGS("--channels=a,b", "--heartbeat", "soon"), NULL), -1);
    assert_contains(f->error.data, "--heartbeat: 'soon'");
    assert_null(strchr(f->error.data, '\n'));
}

/* --- help --------------------------------------------------------------------------------------------------------- */

/* The help text; free(3) it. */
static char *print_help(struct fixture *f)
{
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(read_settings(f, FLAGS("--help"), NULL), 0);
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    settings_print_help(&f->settings, out);
    fclose(out);
    return text;
}

/* The text with every run of white space as one space: where lines are broken does not matter then. */
static struct buffer unwrapped(const char *text)
{
    struct buffer out = {0};
    while (*text != '\0') {
        size_t len = strcspn(text, " \n");
        buffer_add(&out, text, len);
        buffer_add_char(&out, ' ');
        text += len;
        text += strspn(text, " \n");
    }
    return out;
}

static void the_help_text_names_every_option_once(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {
        "listen",          "socket-mode",  "redis",          "redis-password-file",
        "prefix",          "history",      "history-length", "history-ttl",
        "log-length",      "ring-memory",  "ring-linger",    "channels",
        "mount",           "max-channels", "max-message",    "max-request",
        "request-timeout", "cors-origin",  "heartbeat",      "retry",
        "grace",           "log",          "log-level",      "config",
        "check",           "help",         "version",        "coalesce",
    };
    char *text = print_help(f);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char start[64];
        snprintf(start, sizeof(start), "  --%s", names[i]);
        size_t len = strlen(start), found = 0;
        for (const char *at = strstr(text, start); at != NULL; at = strstr(at + 1, start))
            if ((at == text || at[-1] == '\n') && (at[len] == ' ' || at[len] == '\n'))
                found++;
        if (found != 1)
            fail_msg("%s is named %zu times", names[i], found);
    }
    free(text);
}

static void the_help_text_has_ranges_and_defaults(void **state)
{
    struct fixture *f = *state;
    char *text = print_help(f);
    struct buffer words = unwrapped(text);
    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (ranges[i].below != NULL)
            assert_contains(words.data, ranges[i].range);
    assert_contains(words.data, "(default redis://127.0.0.1:6379)");
    assert_contains(words.data, "(default 15s)");
    buffer_fini(&words);
    free(text);
}

static void the_help_text_fits_on_lines_of_100_characters(void **state)
{
    struct fixture *f = *state;
    char *text = print_help(f);
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
        if (strcspn(line, "\n") > 100)
            fail_msg("too long: %.*s", (int)strcspn(line, "\n"), line);
    free(text);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_any_setting_the_documented_defaults_count),
        TEST(choices_stand_in_the_order_of_their_enums),
        TEST(flags_overrule_the_environment_and_that_the_file),
        TEST(the_environment_can_name_the_configuration_file),
        TEST(a_configuration_file_that_cannot_be_read_ends_the_start),
        TEST(help_version_and_check_are_noted),
        TEST(with_help_or_version_a_wrong_environment_or_file_does_not_matter),
        TEST(help_is_only_for_the_command_line),
        TEST(numbers_are_accepted_up_to_the_ends_of_their_range_and_no_further),
        TEST(names_and_addresses_are_checked_where_they_are_read),
        TEST(a_prefix_has_at_most_64_characters_and_a_channel_128),
        TEST(a_failed_read_leaves_an_error_of_one_line_and_can_be_freed),
        TEST(the_help_text_names_every_option_once),
        TEST(the_help_text_has_ranges_and_defaults),
        TEST(the_help_text_fits_on_lines_of_100_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
