/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <stdbool.h>
#include <unistd.h>

#include "redis/address.h"

/* --- addresses ---------------------------------------------------------------------------------------------------- */

static void assert_text_equal(const char *text, const char *expected, const char *address)
{
    if (text == expected || (text != NULL && expected != NULL && strcmp(text, expected) == 0))
        return;
    fail_msg("%s: '%s' instead of '%s'", address, text != NULL ? text : "(null)",
             expected != NULL ? expected : "(null)");
}

static void addresses_are_read_in_all_their_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct redis_address expected;
    } good[] = {
        {"redis://127.0.0.1", {.host = (char *)"127.0.0.1", .port = 6379}},
        {"redis://127.0.0.1:6379", {.host = (char *)"127.0.0.1", .port = 6379}},
        {"redis://redis.example:1", {.host = (char *)"redis.example", .port = 1}},
        {"redis://redis.example:65535", {.host = (char *)"redis.example", .port = 65535}},
        {"redis://host/", {.host = (char *)"host", .port = 6379}},
        {"redis://host/0", {.host = (char *)"host", .port = 6379}},
        {"redis://host/15", {.host = (char *)"host", .port = 6379, .db = 15}},
        {"redis://host:7000/3", {.host = (char *)"host", .port = 7000, .db = 3}},
        {"redis://[::1]", {.host = (char *)"::1", .port = 6379}},
        {"redis://[::1]:7000/2", {.host = (char *)"::1", .port = 7000, .db = 2}},
        {"redis://[fe80::1%eth0]:7000", {.host = (char *)"fe80::1%eth0", .port = 7000}},
        {"redis://user:secret@host",
         {.host = (char *)"host", .port = 6379, .user = (char *)"user", .password = (char *)"secret"}},
        {"redis://:secret@host:7000/1", {.host = (char *)"host", .port = 7000, .db = 1, .password = (char *)"secret"}},
        {"redis://user:secret@[::1]:7000",
         {.host = (char *)"::1", .port = 7000, .user = (char *)"user", .password = (char *)"secret"}},
        {"redis://user:a:b@host",
         {.host = (char *)"host", .port = 6379, .user = (char *)"user", .password = (char *)"a:b"}},
        {"redis://user:a@b@host",
         {.host = (char *)"host", .port = 6379, .user = (char *)"user", .password = (char *)"a@b"}},
        {"redis://us%3Aer:%40%2F%25%3a@host/1",
         {.host = (char *)"host", .port = 6379, .db = 1, .user = (char *)"us:er", .password = (char *)"@/%:"}},
        {"redis://user:100%@host",
         {.host = (char *)"host", .port = 6379, .user = (char *)"user", .password = (char *)"100%"}},
        {"redis://user:a+b@host",
         {.host = (char *)"host", .port = 6379, .user = (char *)"user", .password = (char *)"a+b"}},
        {"host", {.host = (char *)"host", .port = 6379}},
        {"127.0.0.1:7000", {.host = (char *)"127.0.0.1", .port = 7000}},
        {"[::1]:7000", {.host = (char *)"::1", .port = 7000}},
        {"[::1]", {.host = (char *)"::1", .port = 6379}},
        {"unix:///run/redis/redis.sock", {.path = (char *)"/run/redis/redis.sock"}},
        {"unix:///run/redis.sock?db=4", {.path = (char *)"/run/redis.sock", .db = 4}},
        {"unix:///a", {.path = (char *)"/a"}},
        {"/run/redis.sock", {.path = (char *)"/run/redis.sock"}},
        {"/run/redis.sock?db=0", {.path = (char *)"/run/redis.sock"}},
        {"/run/with:colon@sign", {.path = (char *)"/run/with:colon@sign"}},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct redis_address address;
        struct buffer error = {0};
        if (redis_address_parse(&address, good[i].text, &error) != 0)
            fail_msg("%s: %s", good[i].text, error.data);
        assert_int_equal(error.len, 0);
        assert_text_equal(address.path, good[i].expected.path, good[i].text);
        assert_text_equal(address.host, good[i].expected.host, good[i].text);
        assert_text_equal(address.user, good[i].expected.user, good[i].text);
        assert_text_equal(address.password, good[i].expected.password, good[i].text);
        assert_int_equal(address.port, good[i].expected.port);
        assert_int_equal(address.db, good[i].expected.db);
        redis_address_fini(&address);
        buffer_fini(&error);
    }
}

static const char *const bad_addresses[] = {
    "",
    ":",
    ":6379",
    "host:",
    "host:0",
    "host:65536",
    "host:-1",
    "host:+1",
    "host: 1",
    "host:1x",
    "host:x",
    "host:99999999999999999999",
    "host:1:2",
    "::1",
    "[::1",
    "[]",
    "[]:6379",
    "[::1]6379",
    "[::1]:",
    "[::1]:0",
    "[::1]:x",
    "redis://",
    "redis:///0",
    "redis://:6379",
    "redis://host:",
    "redis://host:0",
    "redis://host:65536",
    "redis://host:x",
    "redis://host/x",
    "redis://host/-1",
    "redis://host/+1",
    "redis://host/1x",
    "redis://host/1/2",
    "redis://host/ 1",
    "redis://host/99999999999999999999",
    "redis://user:secret@",
    "redis://user:secret@/1",
    "redis://user:secret@:6379",
    "redis://user:secret@host:secret",
    "redis://user:secret@host/secret",
    "redis://user:se/cret@host",
    "redis://::1:6379",
    "unix://",
    "unix:///",
    "unix://run/redis.sock",
    "unix:///run/redis.sock?",
    "unix:///run/redis.sock?db",
    "unix:///run/redis.sock?db=",
    "unix:///run/redis.sock?db=x",
    "unix:///run/redis.sock?db=-1",
    "unix:///run/redis.sock?db=1&x=2",
    "unix:///run/redis.sock?secret=1",
    "/",
    "/run/redis.sock?x=1",
    "rediss://host",
    "rediss://user:secret@host",
    "http://user:secret@host",
    "http://host",
    "tcp://host:6379",
    "://host",
    "user:secret@host:6379",
};

static void what_is_no_address_is_refused_with_a_reason_and_without_its_password(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_addresses); i++) {
        struct redis_address address;
        struct buffer error = {0};
        if (redis_address_parse(&address, bad_addresses[i], &error) != -1)
            fail_msg("accepted: %s", bad_addresses[i]);
        assert_true(error.len > 10);
        assert_null(strstr(error.data, "secret"));
        assert_null(strstr(error.data, "cret@"));
        redis_address_fini(&address);
        buffer_fini(&error);
    }
}

/* Else it is only found out while connecting, again and again. */
static void what_cannot_be_the_name_of_a_host_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {" ",      "redis://ho st",     "redis://host?db=1", "redis://host?",
                                        "host/1", "redis://host#part", "host name:6379",    "redis://host:6379?db=1"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct redis_address address;
        struct buffer error = {0};
        int result = redis_address_parse(&address, texts[i], &error);
        redis_address_fini(&address);
        buffer_fini(&error);
        if (result != -1)
            fail_msg("accepted: %s", texts[i]);
    }
}

static void each_reason_says_what_to_write_instead(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } reasons[] = {
        {"host:0", "port from 1 to 65535"},
        {"redis://host/x", "database"},
        {"unix://run/redis.sock", "absolute path"},
        {"unix:///run/redis.sock?x", "?db=NUMBER"},
        {"rediss://host", "TLS"},
        {"http://host", "scheme"},
    };
    for (size_t i = 0; i < COUNT_OF(reasons); i++) {
        struct redis_address address;
        struct buffer error = {0};
        assert_int_equal(redis_address_parse(&address, reasons[i].text, &error), -1);
        assert_contains(error.data, reasons[i].part);
        redis_address_fini(&address);
        buffer_fini(&error);
    }
}

/* --- for people --------------------------------------------------------------------------------------------------- */

static void printed_addresses_have_no_password(void **state)
{
    (void)state;
    static const struct {
        const char *text, *printed;
    } addresses[] = {
        {"redis://user:secret@host:7000/1", "redis://host:7000"}, {"redis://:secret@[::1]", "redis://[::1]:6379"},
        {"redis://:a@secret@host", "redis://host:6379"},          {"host", "redis://host:6379"},
        {"/run/redis.sock?db=2", "unix:///run/redis.sock"},
    };
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        struct redis_address address;
        struct buffer error = {0}, out = {0};
        assert_int_equal(redis_address_parse(&address, addresses[i].text, &error), 0);
        redis_address_print(&address, &out);
        assert_contains(out.data, addresses[i].printed);
        assert_null(strstr(out.data, "secret"));
        redis_address_fini(&address);
        buffer_fini(&error);
        buffer_fini(&out);
    }
}

/* The form without redis:// has no place for a login: what stands before an @ must not be taken for a host's name. */
static void a_password_before_a_bare_host_is_never_printed(void **state)
{
    (void)state;
    static const char *const texts[] = {"secret@host", "secret@host:6379"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct redis_address address;
        struct buffer error = {0}, out = {0};
        if (redis_address_parse(&address, texts[i], &error) == 0)
            redis_address_print(&address, &out);
        bool is_shown = strstr(error.data != NULL ? error.data : "", "secret") != NULL ||
                        strstr(out.data != NULL ? out.data : "", "secret") != NULL;
        redis_address_fini(&address);
        buffer_fini(&error);
        buffer_fini(&out);
        if (is_shown)
            fail_msg("shown: %s", texts[i]);
    }
}

static void a_finished_address_is_empty(void **state)
{
    (void)state;
    struct redis_address address;
    struct buffer error = {0};
    assert_int_equal(redis_address_parse(&address, "redis://user:secret@host", &error), 0);
    redis_address_fini(&address);
    assert_null(address.host);
    assert_null(address.password);
    redis_address_fini(&address);
    buffer_fini(&error);
}

/* --- password file ------------------------------------------------------------------------------------------------ */

struct fixture {
    struct redis_address address;
    struct buffer error;
    char directory[UNIT_DIRECTORY_SIZE];
    char file[UNIT_FILE_SIZE];
};

static int make(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    if (unit_make_directory(f->directory) < 0)
        return -1;
    snprintf(f->file, sizeof(f->file), "%s/password", f->directory);
    *state = f;
    return redis_address_parse(&f->address, "redis://user:old@host", &f->error);
}

static int drop(void **state)
{
    struct fixture *f = *state;
    redis_address_fini(&f->address);
    buffer_fini(&f->error);
    unlink(f->file);
    rmdir(f->directory);
    test_free(f);
    return 0;
}

static void write_file(const struct fixture *f, const char *text)
{
    FILE *file = fopen(f->file, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

static void the_first_line_of_a_file_replaces_the_password(void **state)
{
    static const struct {
        const char *text, *password;
    } files[] = {
        {"new\n", "new"},
        {"new", "new"},
        {"new\r\n", "new"},
        {"new\nsecond line\n", "new"},
        {" with blanks \n", " with blanks "},
        {"%41:@/\n", "%41:@/"},
        {"p\xc3\xa4ss\n", "p\xc3\xa4ss"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        write_file(f, files[i].text);
        assert_int_equal(redis_address_read_password(&f->address, f->file, &f->error), 0);
        assert_string_equal(f->address.password, files[i].password);
        assert_string_equal(f->address.user, "user");
        assert_string_equal(f->address.host, "host");
    }
    assert_int_equal(f->error.len, 0);
}

static void a_file_that_cannot_be_read_is_an_error_and_keeps_the_password(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(redis_address_read_password(&f->address, f->file, &f->error), -1);
    assert_contains(f->error.data, f->file);
    assert_contains(f->error.data, "No such file or directory");
    buffer_clear(&f->error);
    assert_int_equal(redis_address_read_password(&f->address, f->directory, &f->error), -1);
    assert_contains(f->error.data, f->directory);
    assert_string_equal(f->address.password, "old");
}

static void an_empty_file_has_no_password(void **state)
{
    struct fixture *f = *state;
    write_file(f, "");
    assert_int_equal(redis_address_read_password(&f->address, f->file, &f->error), -1);
    assert_contains(f->error.data, f->file);
    assert_contains(f->error.data, "has no first line");
    assert_string_equal(f->address.password, "old");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_in_all_their_forms),
        cmocka_unit_test(what_is_no_address_is_refused_with_a_reason_and_without_its_password),
        cmocka_unit_test(what_cannot_be_the_name_of_a_host_is_refused),
        cmocka_unit_test(each_reason_says_what_to_write_instead),
        cmocka_unit_test(printed_addresses_have_no_password),
        cmocka_unit_test(a_password_before_a_bare_host_is_never_printed),
        cmocka_unit_test(a_finished_address_is_empty),
        cmocka_unit_test_setup_teardown(the_first_line_of_a_file_replaces_the_password, make, drop),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_read_is_an_error_and_keeps_the_password, make, drop),
        cmocka_unit_test_setup_teardown(an_empty_file_has_no_password, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
