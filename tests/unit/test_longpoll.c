/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint/longpoll.h"

#include <stdio.h>

#include "push/poll.h"
#include "unit.h"
#include "visit.h"

/* --- when and what --- */

static void a_list_has_all_that_is_retained(void **state)
{
    struct visit *visit = *state;
    visit_publish(visit, 3);
    LIST(visit, "channel=a", NO_MORE);
    assert_visit_events(visit, "1 2 3");
    assert_span_equal(((struct span){visit->body.data, 1}), span_of("["));
    assert_contains(visit->body.data, "[{\"id\":\"9000000000000-1." STAGE_TAG "\",\"timestamp\":9000000000000,"
                                      "\"channel\":\"a\",\"event\":\"message\",\"data\":\"1\"},{");
    assert_contains(visit->headers, "\r\nPush-Position: 9000000000003-0." STAGE_TAG "\r\n");
}

static void an_empty_list_is_an_empty_array_with_a_position(void **state)
{
    struct visit *visit = *state;
    LIST(visit, "channel=a", NO_MORE);
    assert_visit_events(visit, "");
    assert_span_equal(visit->body, span_of("[]"));
    assert_contains(visit->headers, "\r\nPush-Position: " STAGE_ID("0") "\r\n");
}

static void a_list_with_a_position_has_only_what_is_newer(void **state)
{
    struct visit *visit = *state;
    visit_publish(visit, 3);
    LIST(visit, "channel=a&since=9000000000001-1." STAGE_TAG, NO_MORE);
    assert_visit_events(visit, "3");
    LIST(visit, "channel=a", "HTTP_LAST_EVENT_ID=9000000000000-1." STAGE_TAG);
    assert_visit_events(visit, "2 3");
    LIST(visit, "channel=a&since=0", NO_MORE);
    assert_visit_events(visit, "1 2 3");
    LIST(visit, "channel=a&since=9000000000003-0." STAGE_TAG, NO_MORE);
    assert_visit_events(visit, "");
    LIST(visit, "channel=a&since=unknown", NO_MORE);
    assert_visit_events(visit, "gap 1 2 3");
    LIST(visit, "channel=b&since=unknown", NO_MORE);
    assert_visit_events(visit, "gap");
}

static void a_list_by_time_has_only_what_is_newer(void **state)
{
    struct visit *visit = *state;
    visit_publish(visit, 3);
    LIST(visit, "channel=a&timestamp=9000000000000", NO_MORE);
    stage_wait(&visit->stage, POLL_HOLD_MS);
    visit_read(visit);
    assert_visit_events(visit, "2 3");
    LIST(visit, "channel=a&timestamp=9000000000099", NO_MORE);
    assert_visit_events(visit, "");
}

static void a_subscription_is_answered_at_once_or_with_the_next_event(void **state)
{
    struct visit *visit = *state;
    visit_publish(visit, 2);
    SUBSCRIBE(visit, "channel=a&since=9000000000000-1." STAGE_TAG, NO_MORE);
    assert_visit_events(visit, "2");
    SUBSCRIBE(visit, "channel=a&since=9000000000002-0." STAGE_TAG, NO_MORE);
    assert_visit_waits(visit);
    stage_publish(&visit->stage, "a", "next");
    hub_flush(&visit->stage.hub);
    visit_read(visit);
    assert_visit_events(visit, "next");
    assert_contains(visit->headers, "\r\nPush-Position: 9000000000002-1." STAGE_TAG "\r\n");
    assert_int_equal(visit->sink.writes, 1);
}

static void a_subscription_without_a_position_waits_for_what_is_new(void **state)
{
    struct visit *visit = *state;
    visit_publish(visit, 2);
    SUBSCRIBE(visit, "channel=a", NO_MORE);
    assert_visit_waits(visit);
    stage_publish(&visit->stage, "a", "next");
    hub_flush(&visit->stage.hub);
    visit_read(visit);
    assert_visit_events(visit, "next");
}

static void a_subscription_by_time_waits_for_what_is_newer(void **state)
{
    struct visit *visit = *state;
    visit_publish(visit, 2);
    SUBSCRIBE(visit, "channel=a&timestamp=9000000000000", NO_MORE);
    stage_wait(&visit->stage, POLL_HOLD_MS);
    visit_read(visit);
    assert_visit_events(visit, "2");
    SUBSCRIBE(visit, "channel=a&timestamp=9000000000001", NO_MORE);
    assert_visit_waits(visit);
    stage_publish(&visit->stage, "a", "next");
    hub_flush(&visit->stage.hub);
    stage_wait(&visit->stage, POLL_HOLD_MS);
    visit_read(visit);
    assert_visit_events(visit, "next");
}

static void a_subscription_ends_empty_after_the_timeout(void **state)
{
    struct visit *visit = *state;
    SUBSCRIBE(visit, "channel=a", NO_MORE);
    stage_publish(&visit->stage, "other", "x");
    stage_wait(&visit->stage, stage_config.poll_timeout_ms);
    visit_read(visit);
    assert_visit_events(visit, "");
    assert_span_equal(visit->body, span_of("[]"));
    assert_contains(visit->headers, "\r\nPush-Position: " STAGE_ID("1") "\r\n");
}

static void a_limit_takes_the_first_after_a_position_and_else_the_newest(void **state)
{
    struct visit *visit = *state;
    visit_publish(visit, 4);
    LIST(visit, "channel=a&limit=2", NO_MORE);
    assert_visit_events(visit, "3 4");
    LIST(visit, "channel=a&limit=2&since=0", NO_MORE);
    assert_visit_events(visit, "1 2");
    assert_contains(visit->headers, "\r\nPush-Position: 9000000000001-1." STAGE_TAG "\r\n");
    SUBSCRIBE(visit, "channel=a&limit=1&since=9000000000001-1." STAGE_TAG, NO_MORE);
    assert_visit_events(visit, "3");
    LIST(visit, "channel=a&limit=18446744073709551615", NO_MORE);
    assert_visit_events(visit, "1 2 3 4");
    LIST(visit, "channel=a&limit=99999999999999999999999999", NO_MORE);
    assert_visit_events(visit, "1 2 3 4");
}

static void head_is_answered_at_once_with_the_length_of_the_body(void **state)
{
    struct visit *visit = *state;
    visit_publish(visit, 3);
    static const char *const paths[] = {"PATH_INFO=/list", "PATH_INFO=/subscribe"};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        REQUEST(visit, "REQUEST_METHOD=GET", paths[i], "QUERY_STRING=channel=a&since=0");
        size_t len = visit->body.len;
        REQUEST(visit, "REQUEST_METHOD=HEAD", paths[i], "QUERY_STRING=channel=a&since=0");
        assert_visit_status(visit, "200 ");
        assert_int_equal(visit->body.len, 0);
        assert_visit_length(visit, len);
        REQUEST(visit, "REQUEST_METHOD=HEAD", paths[i], "QUERY_STRING=channel=b&since=9000000000003-0." STAGE_TAG);
        assert_visit_status(visit, "200 ");
        assert_int_equal(visit->body.len, 0);
        assert_visit_length(visit, 2);
        REQUEST(visit, "REQUEST_METHOD=HEAD", paths[i], "QUERY_STRING=channel=a&timestamp=9000000000099");
        assert_visit_length(visit, 2);
        REQUEST(visit, "REQUEST_METHOD=HEAD", paths[i], "QUERY_STRING=channel=b&since=unknown");
        assert_visit_status(visit, "200 ");
    }
    REQUEST(visit, "REQUEST_METHOD=HEAD", "PATH_INFO=/else");
    assert_visit_status(visit, "404 ");
    assert_int_equal(visit->body.len, 0);
    assert_int_equal(visit->stage.hub.stats.polls_open.value, 0);
}

/* --- caches --- */

static void a_list_may_be_kept_and_asked_for_again_by_its_tag(void **state)
{
    struct visit *visit = *state;
    char variable[80];
    visit_publish(visit, 2);
    LIST(visit, "channel=a", NO_MORE);
    assert_contains(visit->headers, "\r\nCache-Control: no-cache\r\n");
    const char *tag = strstr(visit->headers, "\r\nETag: \"");
    assert_non_null(tag);
    static const char *const before[] = {"", "W/", "\"other\", ", "\"more\",\"other\", W/"};
    char value[24];
    int len = snprintf(value, sizeof(value), "%.18s", tag + 8);
    assert_int_equal(value[len - 1], '"');
    for (size_t i = 0; i < COUNT_OF(before); i++) {
        snprintf(variable, sizeof(variable), "HTTP_IF_NONE_MATCH=%s%s", before[i], value);
        LIST(visit, "channel=a", variable);
        assert_visit_status(visit, "304 Not Modified\r\n");
        assert_int_equal(visit->body.len, 0);
        assert_lacks(visit->headers, "Content-Length");
        assert_lacks(visit->headers, "Content-Type");
        assert_contains(visit->headers, value);
        assert_contains(visit->headers, "\r\nPush-Position: 9000000000002-0." STAGE_TAG "\r\n");
        assert_contains(visit->headers, "\r\nCache-Control: no-cache\r\n");
    }
    REQUEST(visit, "REQUEST_METHOD=HEAD", "PATH_INFO=/list", "QUERY_STRING=channel=a", variable);
    assert_visit_status(visit, "304 ");
    LIST(visit, "channel=a", "HTTP_IF_NONE_MATCH=*");
    assert_visit_status(visit, "304 ");
    LIST(visit, "channel=a", "HTTP_IF_NONE_MATCH=\"other\"");
    assert_visit_events(visit, "1 2");
    LIST(visit, "channel=a", "HTTP_IF_NONE_MATCH=");
    assert_visit_events(visit, "1 2");
    stage_publish(&visit->stage, "a", "3");
    LIST(visit, "channel=a", variable);
    assert_visit_events(visit, "1 2 3");
    assert_lacks(visit->headers, value);
}

static void what_is_not_in_the_list_does_not_change_its_tag(void **state)
{
    struct visit *visit = *state;
    char tag[32];
    visit_publish(visit, 2);
    LIST(visit, "channel=a", NO_MORE);
    snprintf(tag, sizeof(tag), "%.26s", strstr(visit->headers, "ETag: "));
    stage_publish(&visit->stage, "b", "x");
    LIST(visit, "channel=a", NO_MORE);
    assert_contains(visit->headers, tag);
}

static void a_subscription_is_never_stored(void **state)
{
    struct visit *visit = *state;
    visit_publish(visit, 1);
    SUBSCRIBE(visit, "channel=a&since=0", "HTTP_IF_NONE_MATCH=*");
    assert_visit_events(visit, "1");
    assert_contains(visit->headers, "\r\nCache-Control: no-store\r\n");
    assert_lacks(visit->headers, "ETag");
}

/* --- late, large, gone --- */
/* What the request said may be gone when the answer comes. */
static void a_late_answer_keeps_to_its_request(void **state)
{
    struct visit *visit = *state;
    char method[] = "REQUEST_METHOD=GET", path[] = "PATH_INFO=/subscribe", query[] = "QUERY_STRING=channel=a",
         origin[] = "HTTP_ORIGIN=https://good.example";
    char *all[] = {method, path, query, origin};
    REQUEST(visit, method, path, query, origin);
    assert_visit_waits(visit);
    for (size_t i = 0; i < COUNT_OF(all); i++)
        memset(all[i], 'X', strlen(all[i]));
    stage_publish(&visit->stage, "a", "late");
    hub_flush(&visit->stage.hub);
    visit_read(visit);
    assert_visit_events(visit, "late");
    assert_contains(visit->headers, "\r\nAccess-Control-Allow-Origin: https://good.example\r\n");
}

static void a_large_answer_is_whole_also_while_the_client_does_not_read(void **state)
{
    struct visit *visit = *state;
    visit_publish(visit, 0);
    for (int i = 0; i < 3; i++)
        stage_publish_long(&visit->stage, "a", (char)('x' + i), 150000);
    for (int blocks = 0; blocks < 2; blocks++) {
        visit_forget(visit);
        visit->sink.blocks = blocks == 1;
        static const char *const variables[] = {"REQUEST_METHOD=GET", "PATH_INFO=/list", "QUERY_STRING=channel=a",
                                                NULL};
        longpoll_handle(&visit->endpoint, &(struct params){(char *const *)(uintptr_t)variables}, &visit->sink.sink);
        visit_read(visit);
        assert_visit_status(visit, "200 ");
        assert_true(visit->sink.writes > 3);
        assert_int_equal(json_object_array_length(visit->json), 3);
        for (size_t i = 0; i < 3; i++) {
            struct json_object *element = json_object_array_get_idx(visit->json, i);
            struct json_object *data = json_object_object_get(element, "data");
            assert_int_equal(json_object_get_string_len(data), 150000);
            assert_int_equal(strspn(json_object_get_string(data), (char[]){(char)('x' + (int)i), '\0'}), 150000);
        }
    }
}

static void a_client_that_leaves_is_forgotten_at_once(void **state)
{
    struct visit *visit = *state;
    SUBSCRIBE(visit, "channel=a", "HTTP_IF_NONE_MATCH=\"x\"", "HTTP_ORIGIN=https://good.example");
    assert_visit_waits(visit);
    fake_sink_leave(&visit->sink);
    assert_int_equal(visit->stage.hub.stats.polls_open.value, 0);
    stage_publish(&visit->stage, "a", "x");
    hub_flush(&visit->stage.hub);
    assert_int_equal(visit->sink.writes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, visit_set_up, visit_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_list_has_all_that_is_retained),
        TEST(an_empty_list_is_an_empty_array_with_a_position),
        TEST(a_list_with_a_position_has_only_what_is_newer),
        TEST(a_list_by_time_has_only_what_is_newer),
        TEST(a_subscription_is_answered_at_once_or_with_the_next_event),
        TEST(a_subscription_without_a_position_waits_for_what_is_new),
        TEST(a_subscription_by_time_waits_for_what_is_newer),
        TEST(a_subscription_ends_empty_after_the_timeout),
        TEST(a_limit_takes_the_first_after_a_position_and_else_the_newest),
        TEST(head_is_answered_at_once_with_the_length_of_the_body),
        TEST(a_list_may_be_kept_and_asked_for_again_by_its_tag),
        TEST(what_is_not_in_the_list_does_not_change_its_tag),
        TEST(a_subscription_is_never_stored),
        TEST(a_late_answer_keeps_to_its_request),
        TEST(a_large_answer_is_whole_also_while_the_client_does_not_read),
        TEST(a_client_that_leaves_is_forgotten_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
