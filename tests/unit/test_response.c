/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/utf8.h"
#include "http/response.h"

static void a_response_begins_with_its_status_and_the_headers_of_all(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *line;
    } statuses[] = {
        {200, "Status: 200 OK\r\n"},
        {204, "Status: 204 No Content\r\n"},
        {304, "Status: 304 Not Modified\r\n"},
        {400, "Status: 400 Bad Request\r\n"},
        {403, "Status: 403 Forbidden\r\n"},
        {404, "Status: 404 Not Found\r\n"},
        {405, "Status: 405 Method Not Allowed\r\n"},
        {413, "Status: 413 Content Too Large\r\n"},
        {429, "Status: 429 Too Many Requests\r\n"},
        {503, "Status: 503 Service Unavailable\r\n"},
    };
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        struct buffer out = {0};
        response_begin(&out, statuses[i].status, "no-cache, no-store");
        assert_memory_equal(out.data, statuses[i].line, strlen(statuses[i].line));
        assert_contains(out.data, "\r\nCache-Control: no-cache, no-store\r\n");
        assert_contains(out.data, "\r\nX-Accel-Buffering: no\r\n");
        /* More header lines may follow. */
        assert_null(strstr(out.data, "\r\n\r\n"));
        assert_string_equal(out.data + out.len - 2, "\r\n");
        buffer_fini(&out);
    }
}

static void the_headers_end_with_an_empty_line(void **state)
{
    (void)state;
    struct buffer out = {0};
    response_begin(&out, 200, "no-store");
    response_end_headers(&out);
    assert_string_equal(out.data + out.len - 4, "\r\n\r\n");
    buffer_fini(&out);
}

static void setting_an_error_returns_minus_one_and_formats_its_message(void **state)
{
    (void)state;
    struct http_error error;
    assert_int_equal(http_error_set(&error, 403, "forbidden", "channel '%s' of %d", "news", 3), -1);
    assert_int_equal(error.status, 403);
    assert_string_equal(error.code, "forbidden");
    assert_string_equal(error.message, "channel 'news' of 3");
}

static void a_message_too_long_is_cut(void **state)
{
    (void)state;
    struct http_error error;
    char text[1000];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    http_error_set(&error, 400, "bad", "%s", text);
    assert_int_equal(strlen(error.message), sizeof(error.message) - 1);
}

/* The part behind the empty line; the Content-Length is checked against it. */
static struct span body_of(const struct buffer *out)
{
    const char *end = strstr(out->data, "\r\n\r\n");
    const char *announced = strstr(out->data, "Content-Length: ");
    assert_non_null(end);
    assert_non_null(announced);
    assert_true(announced < end);
    struct span body = span_between(end + 4, out->data + out->len);
    if (body.len > 0)
        assert_int_equal(strtoul(announced + strlen("Content-Length: "), NULL, 10), body.len);
    return body;
}

static void an_error_is_answered_as_json(void **state)
{
    (void)state;
    struct http_error error;
    struct buffer out = {0};
    http_error_set(&error, 403, "forbidden", "ask for another channel");
    response_add_error(&out, &error, false);
    assert_contains(out.data, "Content-Type: application/json\r\n");
    assert_null(strstr(out.data, "Allow:"));
    assert_span_equal(body_of(&out), span_of("{\"error\":\"forbidden\",\"message\":\"ask for another channel\"}\n"));
    buffer_fini(&out);
}

static void a_method_that_is_not_allowed_is_told_which_are(void **state)
{
    (void)state;
    struct http_error error;
    struct buffer out = {0};
    http_error_set(&error, 405, "method", "use GET");
    response_add_error(&out, &error, false);
    assert_contains(out.data, "Allow: GET, HEAD, OPTIONS\r\n");
    body_of(&out);
    buffer_fini(&out);
}

static void an_answer_to_head_has_the_same_headers_and_no_body(void **state)
{
    (void)state;
    struct http_error error;
    struct buffer get = {0}, head = {0};
    http_error_set(&error, 404, "not_found", "there is no such path");
    response_add_error(&get, &error, false);
    response_add_error(&head, &error, true);
    assert_int_equal(body_of(&head).len, 0);
    get.len -= body_of(&get).len;
    assert_span_equal(span_of_buffer(&head), span_of_buffer(&get));
    buffer_fini(&get);
    buffer_fini(&head);
}

static void bytes_from_a_client_cannot_break_the_answer(void **state)
{
    (void)state;
    struct http_error error;
    struct buffer out = {0};
    http_error_set(&error, 400, "bad_channel", "'%s' is none", "a\"b\\c\r\n\x01\xff\xc3");
    response_add_error(&out, &error, false);
    struct span body = body_of(&out);
    assert_span_equal(body, span_of("{\"error\":\"bad_channel\",\"message\":\"'a\\\"b\\\\c\\u000d\\u000a\\u0001"
                                    "\xef\xbf\xbd\xef\xbf\xbd' is none\"}\n"));
    struct json_member members[2];
    assert_int_equal(json_object_members(body, members, 2), 2);
    buffer_fini(&out);
}

static void a_message_cut_inside_a_character_is_still_utf_8(void **state)
{
    (void)state;
    for (int before = 0; before < 4; before++) {
        struct http_error error;
        struct buffer text = {0}, out = {0};
        buffer_printf(&text, "%.*s", before, "xxxx");
        for (int i = 0; i < 200; i++)
            buffer_add_string(&text, "\xf0\x9f\x98\x80");
        http_error_set(&error, 400, "bad", "%s", text.data);
        response_add_error(&out, &error, false);
        assert_true(utf8_is_valid(body_of(&out)));
        buffer_fini(&text);
        buffer_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_response_begins_with_its_status_and_the_headers_of_all),
        cmocka_unit_test(the_headers_end_with_an_empty_line),
        cmocka_unit_test(setting_an_error_returns_minus_one_and_formats_its_message),
        cmocka_unit_test(a_message_too_long_is_cut),
        cmocka_unit_test(an_error_is_answered_as_json),
        cmocka_unit_test(a_method_that_is_not_allowed_is_told_which_are),
        cmocka_unit_test(an_answer_to_head_has_the_same_headers_and_no_body),
        cmocka_unit_test(bytes_from_a_client_cannot_break_the_answer),
        cmocka_unit_test(a_message_cut_inside_a_character_is_still_utf_8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
