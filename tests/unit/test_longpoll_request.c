/* SPDX-License-Identifier: BSD-2-Clause */
/* What a request to endpoint/longpoll.h may ask for, and where. */
#include "unit.h"
#include "visit.h"

static void the_last_segment_of_the_path_decides(void **state)
{
    struct visit *visit = *state;
    static const struct {
        const char *info, *script;
        bool is_list;
    } table[] = {
        {"PATH_INFO=/list", "SCRIPT_NAME=", true},
        {"PATH_INFO=/list/", "SCRIPT_NAME=/poll", true},
        {"PATH_INFO=/list//", "SCRIPT_NAME=/poll", true},
        {"PATH_INFO=/deep/er/list", "SCRIPT_NAME=/poll", true},
        {"PATH_INFO=/subscribe/list", "SCRIPT_NAME=/poll", true},
        {"PATH_INFO=/list", "SCRIPT_NAME=/subscribe", true},
        {"PATH_INFO=", "SCRIPT_NAME=/list", true},
        {"PATH_INFO=/", "SCRIPT_NAME=/list", true},
        {"PATH_INFO=", "SCRIPT_NAME=/app/push/list/", true},
        {"OTHER=x", "SCRIPT_NAME=/list", true},
        {"PATH_INFO=list", "SCRIPT_NAME=", true},
        {"PATH_INFO=/subscribe", "SCRIPT_NAME=", false},
        {"PATH_INFO=/subscribe/", "SCRIPT_NAME=/poll", false},
        {"PATH_INFO=", "SCRIPT_NAME=/subscribe", false},
        {"PATH_INFO=", "SCRIPT_NAME=/app/subscribe/", false},
        {"PATH_INFO=/list/subscribe", "SCRIPT_NAME=/list", false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        REQUEST(visit, "REQUEST_METHOD=GET", table[i].info, table[i].script, "QUERY_STRING=channel=a");
        if (table[i].is_list)
            assert_visit_events(visit, "");
        else
            assert_visit_waits(visit);
    }
}

static void another_path_is_not_found(void **state)
{
    struct visit *visit = *state;
    static const char *const paths[] = {"PATH_INFO=/",           "PATH_INFO=",        "PATH_INFO=/lists",
                                        "PATH_INFO=/List",       "PATH_INFO=/list/a", "PATH_INFO=/xsubscribe",
                                        "PATH_INFO=/subscribe.", "PATH_INFO=//",      "OTHER=x"};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        REQUEST(visit, "REQUEST_METHOD=GET", paths[i], "QUERY_STRING=channel=a");
        assert_visit_error(visit, "404 ", "not-found");
    }
}

static void options_are_answered_and_ended_on_every_path(void **state)
{
    struct visit *visit = *state;
    static const char *const paths[] = {"PATH_INFO=/list", "PATH_INFO=/subscribe", "PATH_INFO=/else"};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        REQUEST(visit, "REQUEST_METHOD=OPTIONS", paths[i], "HTTP_ORIGIN=https://good.example");
        assert_visit_status(visit, "204 ");
        assert_contains(visit->headers, "Allow: GET, HEAD, OPTIONS\r\n");
        assert_contains(visit->headers, "Access-Control-Allow-Origin: https://good.example\r\n");
        assert_contains(visit->headers, "Access-Control-Allow-Headers: last-event-id, authorization\r\n");
        assert_int_equal(visit->body.len, 0);
    }
}

static void what_is_wrong_with_a_request_is_said(void **state)
{
    struct visit *visit = *state;
    LIST(visit, "channel=c", NO_MORE);
    assert_visit_error(visit, "403 ", "forbidden-channel");
    SUBSCRIBE(visit, "channel=%22%0A%FF", NO_MORE);
    assert_visit_error(visit, "400 ", "invalid-channel");
    SUBSCRIBE(visit, "channel=a,b,user:1,user:2", NO_MORE);
    assert_visit_error(visit, "400 ", "too-many-channels");
    SUBSCRIBE(visit, "channel=a&timestamp=now", NO_MORE);
    assert_visit_error(visit, "400 ", "invalid-timestamp");
    SUBSCRIBE(visit, "channel=a&timestamp=-1", NO_MORE);
    assert_visit_error(visit, "400 ", "invalid-timestamp");
    REQUEST(visit, "REQUEST_METHOD=POST", "PATH_INFO=/list");
    assert_visit_error(visit, "405 ", "method-not-allowed");
    assert_contains(visit->headers, "Allow: GET, HEAD, OPTIONS\r\n");
    REQUEST(visit, "REQUEST_METHOD=GET", "PATH_INFO=/list", "CONTENT_LENGTH=1001");
    assert_visit_error(visit, "413 ", "content-too-large");
    LIST(visit, "", "PUSH_CHANNELS=user:*");
    assert_visit_error(visit, "400 ", "no-channel");
}

static void a_limit_that_is_no_number_above_zero_is_refused(void **state)
{
    struct visit *visit = *state;
    static const char *const queries[] = {"QUERY_STRING=channel=a&limit=0",
                                          "QUERY_STRING=channel=a&limit=",
                                          "QUERY_STRING=channel=a&limit=-1",
                                          "QUERY_STRING=channel=a&limit=1.5",
                                          "QUERY_STRING=channel=a&limit=ten",
                                          "QUERY_STRING=channel=a&limit=00",
                                          "QUERY_STRING=channel=a&limit=%201",
                                          "QUERY_STRING=channel=a&limit=5x",
                                          "QUERY_STRING=channel=a&limit=99999999999999999999999x"};
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        REQUEST(visit, "REQUEST_METHOD=GET", "PATH_INFO=/list", queries[i]);
        assert_visit_error(visit, "400 ", "invalid-limit");
        REQUEST(visit, "REQUEST_METHOD=GET", "PATH_INFO=/subscribe", queries[i]);
        assert_visit_error(visit, "400 ", "invalid-limit");
    }
}

static void who_names_no_channel_gets_the_plain_ones_of_the_list(void **state)
{
    struct visit *visit = *state;
    SUBSCRIBE(visit, "", NO_MORE);
    assert_visit_waits(visit);
    assert_int_equal(visit->sink.sink.subscriber->count, 2);
}

static void a_listed_origin_may_read_the_position(void **state)
{
    struct visit *visit = *state;
    static const char *const paths[] = {"PATH_INFO=/list", "PATH_INFO=/subscribe", "PATH_INFO=/else"};
    visit_publish(visit, 1);
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        REQUEST(visit, "REQUEST_METHOD=GET", paths[i], "QUERY_STRING=channel=a&since=0",
                "HTTP_ORIGIN=https://good.example");
        assert_contains(visit->headers, "\r\nAccess-Control-Allow-Origin: https://good.example\r\n");
        assert_contains(visit->headers, "\r\nAccess-Control-Allow-Credentials: true\r\n");
        assert_contains(visit->headers, "\r\nAccess-Control-Expose-Headers: Push-Position\r\n");
        assert_contains(visit->headers, "\r\nVary: Origin\r\n");
        REQUEST(visit, "REQUEST_METHOD=GET", paths[i], "QUERY_STRING=channel=a&since=0",
                "HTTP_ORIGIN=https://bad.example");
        assert_lacks(visit->headers, "Access-Control-");
        assert_contains(visit->headers, "\r\nVary: Origin\r\n");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, visit_set_up, visit_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_last_segment_of_the_path_decides),
        TEST(another_path_is_not_found),
        TEST(options_are_answered_and_ended_on_every_path),
        TEST(what_is_wrong_with_a_request_is_said),
        TEST(a_limit_that_is_no_number_above_zero_is_refused),
        TEST(who_names_no_channel_gets_the_plain_ones_of_the_list),
        TEST(a_listed_origin_may_read_the_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
