/* SPDX-License-Identifier: BSD-2-Clause */
#include "../bench/transport.h"

#include "fcgi_peer.h"
#include "unit.h"

/* Makes the request and takes its records; false when it does not fit. The parameters are the caller's to free. */
static bool make(const struct transport_request *request, size_t size, struct buffer *params, uint8_t *flags)
{
    char bytes[4096];
    int length = transport_fastcgi.request(bytes, size, request);
    struct span rest = {bytes, length > 0 ? (size_t)length : 0};
    struct record_header header;
    struct span content;
    if (length < 0)
        return false;
    assert_true(peer_take_record(&rest, &header, &content));
    assert_int_equal(header.type, RECORD_BEGIN_REQUEST);
    *flags = (uint8_t)content.data[2];
    assert_true(peer_take_record(&rest, &header, &content));
    assert_int_equal(header.type, RECORD_PARAMS);
    buffer_add(params, content.data, content.len);
    assert_true(peer_take_record(&rest, &header, &content));
    assert_int_equal(header.type, RECORD_PARAMS);
    assert_int_equal(content.len, 0);
    assert_true(peer_take_record(&rest, &header, &content));
    assert_int_equal(header.type, RECORD_STDIN);
    assert_int_equal(content.len, 0);
    assert_int_equal(rest.len, 0);
    return true;
}

/* The value of a parameter; its data is NULL when there is none of that name. */
static struct span value_of(const struct buffer *params, const char *wanted)
{
    struct span rest = span_of_buffer(params);
    struct span name, value;
    while (record_take_pair(&rest, &name, &value)) {
        if (name.len == strlen(wanted) && memcmp(name.data, wanted, name.len) == 0)
            return value;
    }
    return (struct span){0};
}

static void a_request_has_the_parameters_of_a_web_server(void **state)
{
    (void)state;
    static const struct {
        const char *path, *script_name, *query;
    } table[] = {
        {"/events?channel=a,b", "/events", "channel=a,b"},
        {"/list", "/list", ""},
        {"/events?", "/events", ""},
        {"/a/b?c=d?e", "/a/b", "c=d?e"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct transport_request request = {.host = "h", .path = table[i].path, .last_event_id = ""};
        struct buffer params = {0};
        uint8_t flags;
        assert_true(make(&request, 4096, &params, &flags));
        assert_int_equal(flags, 0);
        assert_span_equal(value_of(&params, "REQUEST_METHOD"), span_of("GET"));
        assert_span_equal(value_of(&params, "SCRIPT_NAME"), span_of(table[i].script_name));
        assert_span_equal(value_of(&params, "QUERY_STRING"), span_of(table[i].query));
        assert_null(value_of(&params, "HTTP_LAST_EVENT_ID").data);
        buffer_fini(&params);
    }
}

static void the_last_id_and_the_wish_to_keep_the_connection_are_told(void **state)
{
    (void)state;
    struct transport_request request = {.host = "h", .path = "/", .last_event_id = "17-0.a", .is_kept = true};
    struct buffer params = {0};
    uint8_t flags;
    assert_true(make(&request, 4096, &params, &flags));
    assert_int_equal(flags, RECORD_FLAG_KEEP_CONN);
    assert_span_equal(value_of(&params, "HTTP_LAST_EVENT_ID"), span_of("17-0.a"));
    buffer_fini(&params);
}

static void a_request_that_does_not_fit_is_not_made(void **state)
{
    (void)state;
    struct transport_request request = {.host = "h", .path = "/events", .last_event_id = ""};
    struct buffer params = {0};
    uint8_t flags;
    assert_false(make(&request, 100, &params, &flags));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_has_the_parameters_of_a_web_server),
        cmocka_unit_test(the_last_id_and_the_wish_to_keep_the_connection_are_told),
        cmocka_unit_test(a_request_that_does_not_fit_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
