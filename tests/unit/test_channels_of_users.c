/* SPDX-License-Identifier: BSD-2-Clause */
/* channels, where the web server's list names the user. */
#include <stdio.h>

#include "endpoint/channels.h"
#include "unit.h"

#define X8 "xxxxxxxx"
#define X64 X8 X8 X8 X8 X8 X8 X8 X8
#define X120 X64 X8 X8 X8 X8 X8 X8 X8

/* What the web server and the client say, and what comes of it. */
struct row {
    const char *list; /* PUSH_CHANNELS; NULL: not set */
    const char *user; /* REMOTE_USER; NULL: not set */
    const char *query;
    const char *names; /* expected, comma-separated; NULL: it is refused */
    int status;
    const char *code;
    const char *message; /* a part of it; NULL: any */
};

static char any[] = "*";
static char *any_item[] = {any};
static const struct option_list all = {any_item, 1};

static void check_result(const struct row *row, int result, const struct channels *channels,
                         const struct http_error *error)
{
    char names[1000] = "";
    for (size_t i = 0; result == 0 && i < channels->count; i++)
        snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%.*s", i > 0 ? "," : "",
                 (int)channels->names[i].len, channels->names[i].data);
    print_message("%s of %s, %s: %d %s\n", row->list, row->user, row->query, result < 0 ? error->status : 200,
                  result < 0 ? error->message : names);
    if (row->names != NULL) {
        assert_int_equal(result, 0);
        assert_string_equal(names, row->names);
        return;
    }
    assert_int_equal(result, -1);
    assert_int_equal(error->status, row->status);
    assert_string_equal(error->code, row->code);
    assert_true(strlen(error->message) < sizeof(error->message) - 1);
    if (row->message != NULL)
        assert_contains(error->message, row->message);
}

static void check_with(const struct row *row, const struct option_list *configured, char *extra)
{
    const struct channels_config config = {.allowed = configured, .max_channels = 8};
    char list[1000], user[300];
    char *strings[4] = {extra};
    size_t count = 1;
    struct query query = {0};
    struct channels channels = {0};
    struct http_error error = {0};

    if (row->list != NULL)
        snprintf(strings[count++] = list, sizeof(list), "PUSH_CHANNELS=%s", row->list);
    if (row->user != NULL)
        snprintf(strings[count++] = user, sizeof(user), "REMOTE_USER=%s", row->user);
    query_parse(&query, span_of(row->query != NULL ? row->query : ""));
    int result = channels_read(&channels, &config, &(struct params){strings}, (struct span){0}, &query, &error);
    check_result(row, result, &channels, &error);
    channels_fini(&channels);
    query_fini(&query);
}

static void check(const struct row *row)
{
    static char other[] = "A=b";
    check_with(row, &all, other);
}

#define CHECK(...)                                                                                                     \
    do {                                                                                                               \
        static const struct row rows[] = {__VA_ARGS__};                                                                \
        for (size_t i = 0; i < COUNT_OF(rows); i++)                                                                    \
            check(&rows[i]);                                                                                           \
    } while (0)

#define USER "%{REMOTE_USER}"
#define FORBIDDEN .status = 403, .code = "forbidden-channel"
#define INVALID_USER .status = 403, .code = "invalid-user"
#define NO_USER .status = 403, .code = "no-user"

static void a_user_gets_the_channel_of_the_name(void **state)
{
    (void)state;
    CHECK({"user:" USER, "joe", NULL, "user:joe"}, {"user:" USER, "joe", "channel=user:joe", "user:joe"},
          {USER, "joe", NULL, "joe"}, {USER ":inbox", "Joe.B-_:7", NULL, "Joe.B-_:7:inbox"},
          {"news, user:" USER ", chat", "joe", NULL, "news,user:joe,chat"},
          {"news,user:" USER, "joe", "channel=news,user:joe", "news,user:joe"}, {USER "," USER, "joe", NULL, "joe"},
          {USER "-" USER ".x", "joe", NULL, "joe-joe.x"});
}

static void a_user_gets_what_the_pattern_with_the_name_matches(void **state)
{
    (void)state;
    CHECK({"user:" USER ":*", "joe", "channel=user:joe:a,user:joe:b:c", "user:joe:a,user:joe:b:c"},
          {"user:" USER ":*", "joe", "channel=user:joe", FORBIDDEN},
          {"user:" USER ",user:" USER ":*", "joe", "channel=user:joe,user:joe:x", "user:joe,user:joe:x"},
          {"user:" USER ",user:" USER ":*", "joe", NULL, "user:joe"},
          {"user:" USER ":*", "joe", NULL, .status = 400, .code = "no-channel"});
}

static void nobody_gets_what_is_for_another_user(void **state)
{
    (void)state;
    CHECK({"user:" USER, "joe", "channel=user:ann", FORBIDDEN}, {"user:" USER, "joe", "channel=user:joey", FORBIDDEN},
          {"user:" USER, "joe", "channel=user:JOE", FORBIDDEN}, {"user:" USER, "joe", "channel=user:", FORBIDDEN},
          {"user:" USER ":*", "joe", "channel=user:joey:a", FORBIDDEN},
          {"user:" USER, "joe", "channel=user:joe,user:ann", FORBIDDEN},
          {"user:" USER, "joe", "channel=user:%25{REMOTE_USER}", .status = 400, .code = "invalid-channel"});
}

static void a_name_outside_the_alphabet_is_refused_and_never_a_pattern(void **state)
{
    (void)state;
    CHECK({"user:" USER, "*", "channel=user:joe", INVALID_USER}, {"user:" USER, "a*", "channel=user:ann", INVALID_USER},
          {"user:" USER, "a*", NULL, INVALID_USER, .message = "'a*'"}, {USER, "*", "channel=news", INVALID_USER},
          {"user:" USER, "joe,ann", "channel=ann", INVALID_USER}, {"user:" USER, "joe ann", NULL, INVALID_USER},
          {"user:" USER, "joe\tann", NULL, INVALID_USER}, {"user:" USER, "joe@example.org", NULL, INVALID_USER},
          {"user:" USER, "j\xc3\xb6", NULL, INVALID_USER}, {"user:" USER, USER, NULL, INVALID_USER},
          {"user:" USER, "a/b", NULL, INVALID_USER}, {"news,user:" USER, "a*", "channel=news", INVALID_USER});
}

static void a_name_that_is_too_long_is_refused(void **state)
{
    (void)state;
    CHECK({"user:" USER, X120 "abc", NULL, "user:" X120 "abc"},
          {"user:" USER, X120 "abcd", NULL, INVALID_USER, .message = "too long"}, {USER, X120 X8, NULL, X120 X8},
          {USER, X120 X8 "x", NULL, INVALID_USER}, {USER USER, X64, NULL, X64 X64},
          {USER USER, X64 "x", NULL, INVALID_USER});
}

static void no_name_reaches_a_reserved_one(void **state)
{
    (void)state;
    CHECK({USER, "inbox", NULL, INVALID_USER, .message = "reserved"}, {USER, "history:x", NULL, INVALID_USER},
          {"recorded:" USER, "x", NULL, INVALID_USER}, {USER ":" USER, "history", NULL, INVALID_USER},
          {USER ":*", "history", "channel=history:news", .status = 400, .code = "invalid-channel"},
          {USER "*", "in", "channel=inbox", .status = 400, .code = "invalid-channel"},
          {"user:" USER, "..", NULL, "user:.."}, {"user:" USER, "history:x", NULL, "user:history:x"});
}

static void without_a_user_such_an_item_allows_nothing(void **state)
{
    (void)state;
    CHECK({"user:" USER, NULL, NULL, NO_USER, .message = "REMOTE_USER"}, {"user:" USER, "", NULL, NO_USER},
          {"user:" USER ":*", NULL, NULL, NO_USER}, {"user:" USER ",log,!!", NULL, NULL, NO_USER},
          {"user:" USER, NULL, "channel=user:joe", FORBIDDEN, .message = "REMOTE_USER"},
          {"user:" USER, "", "channel=user:", FORBIDDEN}, {USER ":*", "", "channel=:a", FORBIDDEN},
          {"user:" USER ",user:*", NULL, "channel=user:joe", "user:joe"}, {"news,user:" USER, NULL, NULL, "news"},
          {"news,user:" USER, NULL, "channel=news", "news"},
          {"news,user:" USER, NULL, "channel=news,user:joe", FORBIDDEN},
          /* To name a channel would help. */
          {"x*,user:" USER, NULL, NULL, .status = 400, .code = "no-channel"});
}

static void a_list_without_the_placeholder_does_not_ask_who_it_is(void **state)
{
    (void)state;
    CHECK({"news", "a*", NULL, "news"}, {NULL, "a*", "channel=news", "news"}, {"news", NULL, "channel=joe", FORBIDDEN},
          {"", "joe", "channel=joe", FORBIDDEN},
          {"%{REMOTE_ADDR},%{REMOTE_USER,$REMOTE_USER,news", "joe", NULL, "news"},
          {"%{remote_user},news", "joe", NULL, "news"});
}

/* What comes from a client has names that begin with HTTP_. */
static void nothing_that_a_client_sends_counts(void **state)
{
    (void)state;
    static char list[] = "HTTP_PUSH_CHANNELS=*", user[] = "HTTP_REMOTE_USER=ann";
    check_with(&(struct row){"user:" USER, "joe", "channel=user:ann", FORBIDDEN}, &all, list);
    check_with(&(struct row){"user:" USER, "joe", "channel=user:ann", FORBIDDEN}, &all, user);
    check_with(&(struct row){"user:" USER, NULL, "channel=user:ann", FORBIDDEN}, &all, user);
    check_with(&(struct row){"user:" USER, NULL, NULL, NO_USER}, &all, user);
    check_with(&(struct row){"user:" USER, "joe", NULL, "user:joe"}, &all, user);
    check_with(&(struct row){"user:" USER, "joe", NULL, "user:joe"}, &all, list);
}

/* The configuration's list is the same for all users; the web server's counts alone where it is given. */
static void a_list_that_comes_to_nothing_does_not_fall_back_to_the_configured_one(void **state)
{
    (void)state;
    static char news[] = "news", other[] = "A=b";
    const struct option_list configured = {&(char *){news}, 1};
    check_with(&(struct row){"user:" USER, NULL, NULL, NO_USER}, &configured, other);
    check_with(&(struct row){"user:" USER, NULL, "channel=news", FORBIDDEN}, &configured, other);
    check_with(&(struct row){NULL, "joe", NULL, "news"}, &configured, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_gets_the_channel_of_the_name),
        cmocka_unit_test(a_user_gets_what_the_pattern_with_the_name_matches),
        cmocka_unit_test(nobody_gets_what_is_for_another_user),
        cmocka_unit_test(a_name_outside_the_alphabet_is_refused_and_never_a_pattern),
        cmocka_unit_test(a_name_that_is_too_long_is_refused),
        cmocka_unit_test(no_name_reaches_a_reserved_one),
        cmocka_unit_test(without_a_user_such_an_item_allows_nothing),
        cmocka_unit_test(a_list_without_the_placeholder_does_not_ask_who_it_is),
        cmocka_unit_test(nothing_that_a_client_sends_counts),
        cmocka_unit_test(a_list_that_comes_to_nothing_does_not_fall_back_to_the_configured_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
