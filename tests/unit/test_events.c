/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint/events.h"

#include <stdio.h>

#include "endpoint/exchange.h"
#include "fake_sink.h"
#include "stage.h"
#include "unit.h"

struct fixture {
    struct stage stage;
    struct option_list allowed, origins;
    struct endpoint endpoint;
    struct fake_sink sink;
    const char *body; /* of the last answer */
};

static char name_a[] = "a", name_b[] = "b", pattern[] = "user:*", good_origin[] = "https://good.example", any[] = "*";
static char *allowed_items[] = {name_a, name_b, pattern};
static char *origin_items[] = {good_origin};
static char *any_origin[] = {any};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.allowed = {allowed_items, COUNT_OF(allowed_items)},
                               .origins = {origin_items, COUNT_OF(origin_items)}};
    stage_init(&fixture.stage, NULL);
    fixture.endpoint = (struct endpoint){.hub = &fixture.stage.hub,
                                         .config = {.channels = {.allowed = &fixture.allowed, .max_channels = 3},
                                                    .cors_origins = &fixture.origins,
                                                    .max_body_bytes = 1000}};
    fake_sink_init(&fixture.sink);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    fake_sink_leave(&fixture->sink);
    fake_sink_fini(&fixture->sink);
    stage_fini(&fixture->stage);
    return 0;
}

/* Answers a request of these variables. Returns the headers, lines ending with CRLF; fixture->body is what follows. */
static const char *request(struct fixture *fixture, const char *const *variables)
{
    fake_sink_leave(&fixture->sink);
    fake_sink_fini(&fixture->sink);
    fake_sink_init(&fixture->sink);
    events_handle(&fixture->endpoint, &(struct params){(char *const *)(uintptr_t)variables}, &fixture->sink.sink);
    char *end = strstr(fixture->sink.written.data, "\r\n\r\n");
    assert_non_null(end);
    fixture->body = end + 4;
    end[2] = '\0';
    /* RFC 3875 §6: nothing but CRLF ends a header line. */
    for (const char *c = fixture->sink.written.data; *c != '\0'; c++)
        assert_true((*c == '\r' && c[1] == '\n') || *c == '\n' || (unsigned char)*c >= ' ');
    return fixture->sink.written.data;
}

#define REQUEST(fixture, ...) request(fixture, (const char *const[]){__VA_ARGS__, NULL})

static void assert_status(const char *headers, const char *status)
{
    assert_int_equal(strncmp(headers, "Status: ", 8), 0);
    if (strncmp(headers + 8, status, strlen(status)) != 0)
        fail_msg("%s is not %s", headers, status);
}

static void assert_over(const struct fixture *fixture)
{
    assert_int_equal(fixture->sink.ends, 1);
    assert_int_equal(fixture->sink.writes, 1);
    assert_null(fixture->sink.sink.subscriber);
    assert_int_equal(fixture->stage.hub.stats.streams_open.value, 0);
}

static void assert_error(struct fixture *fixture, const char *headers, const char *status, const char *code)
{
    char part[80];
    assert_status(headers, status);
    assert_over(fixture);
    assert_contains(headers, "Content-Type: application/json\r\n");
    snprintf(part, sizeof(part), "Content-Length: %zu\r\n", strlen(fixture->body));
    assert_contains(headers, part);
    snprintf(part, sizeof(part), "{\"error\":\"%s\",\"message\":\"", code);
    assert_int_equal(strncmp(fixture->body, part, strlen(part)), 0);
}

static void get_opens_a_stream(void **state)
{
    struct fixture *fixture = *state;
    const char *headers = REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a,b");
    assert_status(headers, "200 ");
    assert_contains(headers, "Content-Type: text/event-stream");
    assert_contains(headers, "no-store");
    assert_contains(headers, "X-Accel-Buffering: no\r\n");
    assert_lacks(headers, "Content-Length");
    assert_int_equal(fixture->sink.ends, 0);
    assert_int_equal(fixture->sink.writes, 1);
    assert_int_equal(fixture->sink.sink.subscriber->count, 2);
    assert_int_equal(strncmp(fixture->body, ":\nretry: ", 9), 0);
    assert_contains(fixture->body, "\nid: " STAGE_ID("0") "\n\n");
    stage_publish(&fixture->stage, "b", "x");
    hub_flush(&fixture->stage.hub);
    assert_int_equal(fixture->sink.writes, 2);
}

static void the_position_may_come_as_header_or_query(void **state)
{
    struct fixture *fixture = *state;
    REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a");
    stage_publish(&fixture->stage, "a", "1");
    stage_publish(&fixture->stage, "a", "2");
    hub_flush(&fixture->stage.hub);
    REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a", "HTTP_LAST_EVENT_ID=" STAGE_ID("1"));
    assert_contains(fixture->body, "data: 2\n\n");
    assert_lacks(fixture->body, "data: 1\n\n");
    REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a&lastEventId=" STAGE_ID("1"));
    assert_contains(fixture->body, "data: 2\n\n");
    assert_lacks(fixture->body, "data: 1\n\n");
    REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a&since=0");
    assert_contains(fixture->body, "data: 1\n\n");
    REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a&timestamp=1");
    assert_contains(fixture->body, "data: 1\n\n");
    REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a&since=unknown");
    assert_contains(fixture->body, "event: gap\n");
}

static void a_heartbeat_can_be_asked_for_as_an_event(void **state)
{
    struct fixture *fixture = *state;
    REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a&heartbeat=event");
    assert_contains(fixture->body, "event: heartbeat\ndata: {}\n\n");
    REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a&heartbeat=comment");
    assert_lacks(fixture->body, "heartbeat");
}

static void who_asks_for_an_event_stream_by_its_name_gets_positions_as_events(void **state)
{
    struct fixture *fixture = *state;
    static const char position[] = "\nid: " STAGE_ID("0") "\nevent: push-position\ndata:\n\n";
    REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a", "HTTP_ACCEPT=text/event-stream");
    assert_contains(fixture->body, position);
    REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a", "HTTP_ACCEPT=*/*");
    assert_lacks(fixture->body, "push-position");
    REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a&heartbeat=event", "HTTP_ACCEPT=text/event-stream");
    assert_lacks(fixture->body, "push-position");
    assert_contains(fixture->body, "\nid: " STAGE_ID("0") "\nevent: heartbeat\n");
}

static void head_is_answered_and_ended_without_a_body(void **state)
{
    struct fixture *fixture = *state;
    const char *headers = REQUEST(fixture, "REQUEST_METHOD=HEAD", "QUERY_STRING=channel=a");
    assert_status(headers, "200 ");
    assert_contains(headers, "Content-Type: text/event-stream");
    assert_string_equal(fixture->body, "");
    assert_over(fixture);
    headers = REQUEST(fixture, "REQUEST_METHOD=HEAD", "QUERY_STRING=channel=c");
    assert_status(headers, "403 ");
    assert_contains(headers, "Content-Length: ");
    assert_string_equal(fixture->body, "");
    assert_over(fixture);
}

static void options_are_answered_and_ended_on_every_path(void **state)
{
    struct fixture *fixture = *state;
    static const char *const queries[] = {"QUERY_STRING=channel=a", "QUERY_STRING=channel=forbidden", "PATH_INFO=/a b"};
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        const char *headers =
            REQUEST(fixture, "REQUEST_METHOD=OPTIONS", queries[i], "HTTP_ORIGIN=https://good.example");
        assert_status(headers, "204 ");
        assert_contains(headers, "Allow: GET, HEAD, OPTIONS\r\n");
        assert_contains(headers, "Access-Control-Allow-Origin: https://good.example\r\n");
        assert_contains(headers, "Access-Control-Allow-Headers: last-event-id, authorization\r\n");
        assert_string_equal(fixture->body, "");
        assert_over(fixture);
    }
}

static void other_methods_are_refused_with_those_that_are_allowed(void **state)
{
    struct fixture *fixture = *state;
    static const char *const methods[] = {
        "REQUEST_METHOD=POST", "REQUEST_METHOD=PUT", "REQUEST_METHOD=get", "REQUEST_METHOD=", "OTHER=x",
        "REQUEST_METHOD=GET "};
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        const char *headers = REQUEST(fixture, methods[i], "QUERY_STRING=channel=a");
        assert_error(fixture, headers, "405 ", "method-not-allowed");
        assert_contains(headers, "\r\nAllow: GET, HEAD, OPTIONS\r\n");
    }
}

static void a_body_above_the_limit_is_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const lengths[] = {"CONTENT_LENGTH=1001", "CONTENT_LENGTH=99999999999999999999999",
                                          "CONTENT_LENGTH=-1"};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        const char *headers = REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a", lengths[i]);
        assert_error(fixture, headers, "413 ", "content-too-large");
    }
    assert_status(REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a", "CONTENT_LENGTH=1000"), "200 ");
    assert_status(REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a", "CONTENT_LENGTH="), "200 ");
}

static void what_is_wrong_with_a_request_is_said(void **state)
{
    struct fixture *fixture = *state;
    assert_error(fixture, REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=c"), "403 ",
                 "forbidden-channel");
    assert_error(fixture, REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=%22%0A%FF"), "400 ",
                 "invalid-channel");
    assert_contains(fixture->body, "\\\"\\u000a\xef\xbf\xbd");
    assert_error(fixture, REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a&timestamp=now"), "400 ",
                 "invalid-timestamp");
    fixture->endpoint.config.channels.mount = "/events";
    assert_error(fixture, REQUEST(fixture, "REQUEST_METHOD=GET", "SCRIPT_NAME=/x"), "404 ", "not-found");
}

static void who_names_no_channel_gets_the_plain_ones_of_the_list(void **state)
{
    struct fixture *fixture = *state;
    assert_status(REQUEST(fixture, "REQUEST_METHOD=GET"), "200 ");
    assert_int_equal(fixture->sink.sink.subscriber->count, 2);
}

static void a_listed_origin_is_echoed_with_credentials_on_errors_too(void **state)
{
    struct fixture *fixture = *state;
    static const char *const queries[] = {"QUERY_STRING=channel=a", "QUERY_STRING=channel=forbidden"};
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        const char *headers = REQUEST(fixture, "REQUEST_METHOD=GET", queries[i], "HTTP_ORIGIN=https://good.example");
        assert_contains(headers, "Access-Control-Allow-Origin: https://good.example\r\n");
        assert_contains(headers, "Access-Control-Allow-Credentials: true\r\n");
        assert_contains(headers, "Access-Control-Expose-Headers: Push-Position\r\n");
        assert_contains(headers, "Vary: Origin\r\n");
    }
}

static void an_unlisted_origin_gets_no_cors_headers_but_vary(void **state)
{
    struct fixture *fixture = *state;
    static const char *const methods[] = {"REQUEST_METHOD=GET", "REQUEST_METHOD=HEAD", "REQUEST_METHOD=OPTIONS",
                                          "REQUEST_METHOD=POST"};
    static const char *const origins[] = {"HTTP_ORIGIN=https://bad.example", "HTTP_ORIGIN=https://good.example.bad",
                                          "HTTP_ORIGIN=null", "HTTP_ORIGIN=", "OTHER=x"};
    for (size_t i = 0; i < COUNT_OF(methods); i++)
        for (size_t j = 0; j < COUNT_OF(origins); j++) {
            const char *headers = REQUEST(fixture, methods[i], "QUERY_STRING=channel=a", origins[j]);
            assert_lacks(headers, "Access-Control-");
            assert_contains(headers, "Vary: Origin\r\n");
        }
}

static void any_origin_may_read_without_credentials_where_a_star_says_so(void **state)
{
    struct fixture *fixture = *state;
    fixture->origins = (struct option_list){any_origin, 1};
    const char *headers =
        REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a", "HTTP_ORIGIN=https://x.example");
    assert_contains(headers, "Access-Control-Allow-Origin: *\r\n");
    assert_lacks(headers, "Credentials");
    assert_contains(headers, "Vary: Origin\r\n");
}

static void a_sink_that_blocks_at_once_gets_the_rest_later(void **state)
{
    struct fixture *fixture = *state;
    REQUEST(fixture, "REQUEST_METHOD=GET", "QUERY_STRING=channel=a");
    stage_publish(&fixture->stage, "a", "1");
    hub_flush(&fixture->stage.hub);
    fake_sink_leave(&fixture->sink);
    fake_sink_fini(&fixture->sink);
    fake_sink_init(&fixture->sink);
    fixture->sink.blocks = true;
    static const char *const variables[] = {"REQUEST_METHOD=GET", "QUERY_STRING=channel=a&since=0", NULL};
    events_handle(&fixture->endpoint, &(struct params){(char *const *)(uintptr_t)variables}, &fixture->sink.sink);
    assert_int_equal(fixture->sink.writes, 1);
    fake_sink_drain(&fixture->sink);
    assert_contains(fixture->sink.written.data, "data: 1\n\nid: ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(get_opens_a_stream),
        TEST(the_position_may_come_as_header_or_query),
        TEST(a_heartbeat_can_be_asked_for_as_an_event),
        TEST(who_asks_for_an_event_stream_by_its_name_gets_positions_as_events),
        TEST(head_is_answered_and_ended_without_a_body),
        TEST(options_are_answered_and_ended_on_every_path),
        TEST(other_methods_are_refused_with_those_that_are_allowed),
        TEST(a_body_above_the_limit_is_refused),
        TEST(what_is_wrong_with_a_request_is_said),
        TEST(who_names_no_channel_gets_the_plain_ones_of_the_list),
        TEST(a_listed_origin_is_echoed_with_credentials_on_errors_too),
        TEST(an_unlisted_origin_gets_no_cors_headers_but_vary),
        TEST(any_origin_may_read_without_credentials_where_a_star_says_so),
        TEST(a_sink_that_blocks_at_once_gets_the_rest_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
