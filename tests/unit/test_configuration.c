/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <unistd.h>

#include "configuration.h"
#include "script.h"

enum { WORDS_LIMIT = 8 };

/* Reads these words as a command line, in an empty environment. */
static struct configuration *read_words(const char *const *words, struct buffer *error)
{
    const char *argv[WORDS_LIMIT + 2] = {"unit.fcgi"};
    char *environment[] = {NULL};
    int argc = 1;

    while (words[argc - 1] != NULL) {
        argv[argc] = words[argc - 1];
        argc++;
    }
    return configuration_new(&(struct invocation){argc, (char **)argv, environment}, error);
}

static void what_is_good_is_read_as_a_whole(void **state)
{
    static const char *const good[][WORDS_LIMIT] = {
        {NULL},
        {"--workers", "0", "--history", "memory", NULL},
        {"--workers", "1", "--history", "memory", NULL},
        {"--workers", "8", NULL},
        {"--help", NULL},
        {"--redis", "redis://localhost:6380/2", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct buffer error = {0};
        struct configuration *configuration = read_words(good[i], &error);
        if (configuration == NULL)
            fail_msg("refused: %s", error.data);
        assert_int_equal(error.len, 0);
        configuration_free(configuration);
    }
}

static void what_is_wrong_is_named_with_what_to_change(void **state)
{
    static const struct {
        const char *words[WORDS_LIMIT];
        const char *parts[3];
    } bad[] = {
        {{"--workers", "2", "--history", "memory", NULL}, {"--workers: '2'", "--history redis", "0 or 1"}},
        {{"--workers", "-1", NULL}, {"--workers", "-1", "0"}},
        {{"--workers", "many", NULL}, {"--workers", "many", "0"}},
        {{"--redis", "gopher://x", NULL}, {"--redis", "gopher://x", ""}},
        {{"--redis-password-file", "/nonexistent/secret", NULL}, {"--redis-password-file", "/nonexistent/secret", ""}},
        {{"--no-such-option", NULL}, {"--no-such-option", "", ""}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct buffer error = {0};
        assert_null(read_words(bad[i].words, &error));
        for (size_t j = 0; j < COUNT_OF(bad[i].parts); j++)
            assert_contains(error.data, bad[i].parts[j]);
        assert_null(strchr(error.data, '\n'));
        buffer_fini(&error);
    }
}

static void a_bad_address_is_named_without_its_login(void **state)
{
    static const char *const words[] = {"--redis", "gopher://user:secret@host", NULL};
    struct buffer error = {0};
    (void)state;
    assert_null(read_words(words, &error));
    assert_contains(error.data, "@host");
    assert_lacks(error.data, "secret");
    buffer_fini(&error);
}

static void the_password_comes_from_its_file(void **state)
{
    char directory[UNIT_DIRECTORY_SIZE];
    char path[UNIT_FILE_SIZE];
    struct buffer error = {0};

    (void)state;
    assert_int_equal(unit_make_directory(directory), 0);
    snprintf(path, sizeof(path), "%s/password", directory);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs("hush\n", file);
    fclose(file);
    const char *const words[] = {"--redis-password-file", path, NULL};
    struct configuration *configuration = read_words(words, &error);
    assert_non_null(configuration);
    assert_string_equal(configuration->redis.password, "hush");
    configuration_free(configuration);
    unlink(path);
    rmdir(directory);
}

/* --- a CGI script ----------------------------------------------------------------------------------------------- */

static void a_clients_words_and_the_mounts_channels_are_no_options_of_a_script(void **state)
{
    const char *argv[] = {"sse.fcgi", "--help", "--redis", "evil", NULL};
    const char *environment[] = {"GATEWAY_INTERFACE=CGI/1.1", "PUSH_CHANNELS=user:%{REMOTE_USER}",
                                 "PUSH_HEARTBEAT=7s",         "PUSH_MOUNT=/a b%{nothing of ours",
                                 "PUSH_CHANNELSX=1",          NULL};
    struct buffer error = {0};

    (void)state;
    struct invocation own = script_invocation(&(struct invocation){4, (char **)argv, (char **)environment});
    assert_int_equal(own.argc, 1);
    assert_string_equal(own.argv[0], "sse.fcgi");
    assert_string_equal(own.environment[0], "GATEWAY_INTERFACE=CGI/1.1");
    assert_string_equal(own.environment[1], "PUSH_HEARTBEAT=7s");
    assert_string_equal(own.environment[2], "PUSH_CHANNELSX=1");
    assert_null(own.environment[3]);
    own.environment[2] = NULL; /* no option, which is another test's affair */
    struct configuration *configuration = configuration_new(&own, &error);
    assert_non_null(configuration);
    assert_false(configuration->settings.is_help);
    assert_int_equal(configuration->settings.heartbeat_ms, 7000);
    configuration_free(configuration);
    free((void *)own.environment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_good_is_read_as_a_whole),
        cmocka_unit_test(what_is_wrong_is_named_with_what_to_change),
        cmocka_unit_test(a_bad_address_is_named_without_its_login),
        cmocka_unit_test(the_password_comes_from_its_file),
        cmocka_unit_test(a_clients_words_and_the_mounts_channels_are_no_options_of_a_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
