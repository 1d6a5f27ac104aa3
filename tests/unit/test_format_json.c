/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/format_json.h"

#include <json-c/json.h>

#include "base/utf8.h"
#include "push/format_sse.h"
#include "sse_reader.h"
#include "unit.h"

#define TAG "0badcafe"

static const struct event_id some_id = {.ms = 1700000000000, .seq = 0};

/* An element up to what comes behind the event's type. */
#define SOME_HEAD ",{\"id\":\"1700000000000-0\",\"timestamp\":1700000000000,\"channel\":\"news\",\"event\":\"message\""

static void encode(const struct message *message, const char *expected)
{
    struct buffer out = {0};
    format_json.encode(message, &out);
    assert_buffer_equal(&out, expected);
    buffer_fini(&out);
}

static struct message some_message(struct span data)
{
    return (struct message){.id = some_id, .tag = "", .channel = span_of("news"), .data = data};
}

/* Encodes and parses what stands behind the comma. The caller puts it. */
static struct json_object *parse(const struct message *message)
{
    struct buffer out = {0};
    struct json_tokener *tokener = json_tokener_new();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    format_json.encode(message, &out);
    assert_int_equal(out.data[0], ',');
    assert_true(utf8_is_valid(span_of_buffer(&out)));
    struct json_object *element = json_tokener_parse_ex(tokener, out.data + 1, (int)out.len - 1);
    assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
    assert_int_equal(json_tokener_get_parse_end(tokener), out.len - 1);
    json_tokener_free(tokener);
    buffer_fini(&out);
    return element;
}

static struct span text_of(struct json_object *element, const char *name)
{
    struct json_object *member = json_object_object_get(element, name);
    assert_true(json_object_is_type(member, json_type_string));
    return (struct span){json_object_get_string(member), (size_t)json_object_get_string_len(member)};
}

/* The same message as an event stream carries it and as JSON: a client must not see a difference. */
static void assert_same_as_stream(const struct message *message)
{
    struct sse_reader reader = {0};
    struct buffer frame = {0};
    format_sse.encode(message, &frame);
    sse_reader_feed(&reader, frame.data, frame.len);
    assert_int_equal(reader.count, 1);
    struct json_object *element = parse(message);
    assert_span_equal(text_of(element, "data"), span_of_buffer(&reader.events[0].data));
    assert_span_equal(text_of(element, "event"), span_of_buffer(&reader.events[0].type));
    assert_span_equal(text_of(element, "id"), span_of_buffer(&reader.events[0].last_id));
    assert_span_equal(text_of(element, "channel"), message->channel);
    json_object_put(element);
    buffer_fini(&frame);
    sse_reader_fini(&reader);
}

static void an_element_has_its_members_in_order_behind_a_comma(void **state)
{
    (void)state;
    const struct message message = some_message(span_of("hello"));
    encode(&message, SOME_HEAD ",\"data\":\"hello\"}");
}

static void a_retry_stands_behind_the_data_where_it_was_given(void **state)
{
    (void)state;
    struct message message = some_message(span_of("hello"));
    message.retry_ms = 30000;
    encode(&message, SOME_HEAD ",\"data\":\"hello\",\"retry\":30000}");
    message.retry_ms = 86400000;
    encode(&message, SOME_HEAD ",\"data\":\"hello\",\"retry\":86400000}");
}

static void the_applications_id_stands_behind_the_tag_in_the_id(void **state)
{
    (void)state;
    encode(&(struct message){.id = {.ms = 5, .seq = 6},
                             .tag = TAG,
                             .application_id = span_of("o7"),
                             .channel = span_of("a"),
                             .event = span_of("order"),
                             .data = span_of("x")},
           ",{\"id\":\"5-6." TAG "~o7\",\"timestamp\":5,\"channel\":\"a\",\"event\":\"order\",\"data\":\"x\"}");
}

static void the_largest_id_is_written_in_full(void **state)
{
    (void)state;
    encode(&(struct message){.id = EVENT_ID_MAX, .tag = "", .channel = span_of("a"), .data = span_of("x")},
           ",{\"id\":\"18446744073709551615-18446744073709551615\",\"timestamp\":18446744073709551615,"
           "\"channel\":\"a\",\"event\":\"message\",\"data\":\"x\"}");
}

static void what_is_appended_leaves_what_was_there(void **state)
{
    (void)state;
    struct buffer out = {0};
    const struct message message = some_message(span_of("1"));
    format_json.encode(&message, &out);
    format_json.encode(&message, &out);
    assert_buffer_equal(&out, SOME_HEAD ",\"data\":\"1\"}" SOME_HEAD ",\"data\":\"1\"}");
    buffer_fini(&out);
}

static void data_is_what_an_event_source_would_show(void **state)
{
    (void)state;
    static const struct {
        struct span data;
        struct span shown;
    } table[] = {
        {SPAN_LITERAL(""), SPAN_LITERAL("")},
        {SPAN_LITERAL("a\nb"), SPAN_LITERAL("a\nb")},
        {SPAN_LITERAL("a\rb"), SPAN_LITERAL("a\nb")},
        {SPAN_LITERAL("a\r\nb"), SPAN_LITERAL("a\nb")},
        {SPAN_LITERAL("a\n\rb"), SPAN_LITERAL("a\n\nb")},
        {SPAN_LITERAL("a\r\r\nb"), SPAN_LITERAL("a\n\nb")},
        {SPAN_LITERAL("\r"), SPAN_LITERAL("\n")},
        {SPAN_LITERAL("\n"), SPAN_LITERAL("\n")},
        {SPAN_LITERAL("\r\n"), SPAN_LITERAL("\n")},
        {SPAN_LITERAL("a\r"), SPAN_LITERAL("a\n")},
        {SPAN_LITERAL("a\n\n"), SPAN_LITERAL("a\n\n")},
        {SPAN_LITERAL(" leading and trailing "), SPAN_LITERAL(" leading and trailing ")},
        {SPAN_LITERAL("\"quoted\" \\ /"), SPAN_LITERAL("\"quoted\" \\ /")},
        {SPAN_LITERAL("\x01\t\x1f\x7f\b\f"), SPAN_LITERAL("\x01\t\x1f\x7f\b\f")},
        {SPAN_LITERAL("a\0b"), SPAN_LITERAL("a\0b")},
        {SPAN_LITERAL("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), SPAN_LITERAL("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")},
        {SPAN_LITERAL("\xe2\x80\xa8\xe2\x80\xa9"), SPAN_LITERAL("\xe2\x80\xa8\xe2\x80\xa9")},
        {SPAN_LITERAL("\xef\xbb\xbf"), SPAN_LITERAL("\xef\xbb\xbf")},
        {SPAN_LITERAL("\xff"), SPAN_LITERAL("\xef\xbf\xbd")},
        {SPAN_LITERAL("\xc3\r\n\xa4"), SPAN_LITERAL("\xef\xbf\xbd\n\xef\xbf\xbd")},
        {SPAN_LITERAL("\xe2\x82"), SPAN_LITERAL("\xef\xbf\xbd")},
        {SPAN_LITERAL("\xed\xa0\x80"), SPAN_LITERAL("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const struct message message = some_message(table[i].data);
        struct json_object *element = parse(&message);
        assert_span_equal(text_of(element, "data"), table[i].shown);
        json_object_put(element);
        assert_same_as_stream(&message);
    }
}

static void every_byte_alone_and_between_others_is_as_in_a_stream(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        const char between[] = {'a', (char)byte, 'b'};
        const struct message alone = some_message((struct span){between + 1, 1});
        const struct message within = some_message((struct span){between, sizeof(between)});
        assert_same_as_stream(&alone);
        assert_same_as_stream(&within);
    }
}

static void random_bytes_are_as_in_a_stream(void **state)
{
    (void)state;
    static const char pieces[][5] = {"\r", "\n", "\r\n", "\"", "\\", "x", "\xc3\xa4", "\xff", "\xe2", "\x01"};
    uint32_t seed = 1;
    for (size_t run = 0; run < 2000; run++) {
        struct buffer data = {0};
        for (size_t i = 0; i < 12; i++) {
            seed = seed * 1664525 + 1013904223;
            buffer_add_string(&data, pieces[(seed >> 16) % COUNT_OF(pieces)]);
        }
        const struct message message = some_message(span_of_buffer(&data));
        assert_same_as_stream(&message);
        buffer_fini(&data);
    }
}

static void control_characters_and_quotes_are_escaped(void **state)
{
    (void)state;
    struct buffer out = {0};
    const struct message message = some_message(span_of_literal("\"\\\x01\x1f\n\0"));
    format_json.encode(&message, &out);
    for (size_t i = 0; i < out.len; i++)
        assert_true((unsigned char)out.data[i] >= ' ');
    assert_contains(out.data, "\"data\":\"\\\"\\\\");
    buffer_fini(&out);
}

static void types_and_ids_are_as_in_a_stream(void **state)
{
    (void)state;
    struct message message = some_message(span_of("x"));
    static const char *const types[] = {"",         "message", "user-login", "with \"quotes\" and \\",
                                        "\xc3\xa4", "\xff",    "\t"};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        message.event = span_of(types[i]);
        assert_same_as_stream(&message);
    }
    message.tag = TAG;
    message.application_id = span_of("A-1_!#$%&'*+`|^");
    assert_same_as_stream(&message);
}

static void a_large_event_is_whole(void **state)
{
    (void)state;
    struct buffer data = {0};
    while (data.len < 1000000)
        buffer_add_string(&data, "0123456789\r\n\"\xff");
    const struct message message = some_message(span_of_buffer(&data));
    assert_same_as_stream(&message);
    buffer_fini(&data);
}

static void it_is_a_format_without_what_only_streams_need(void **state)
{
    (void)state;
    assert_string_equal(format_json.content_type, "application/json");
    assert_null(format_json.encode_id);
    assert_null(format_json.position);
    assert_null(format_json.position_event);
    assert_null(format_json.encode_retry);
    assert_null(format_json.opening);
    assert_null(format_json.heartbeat);
    assert_null(format_json.heartbeat_event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_element_has_its_members_in_order_behind_a_comma),
        cmocka_unit_test(a_retry_stands_behind_the_data_where_it_was_given),
        cmocka_unit_test(the_applications_id_stands_behind_the_tag_in_the_id),
        cmocka_unit_test(the_largest_id_is_written_in_full),
        cmocka_unit_test(what_is_appended_leaves_what_was_there),
        cmocka_unit_test(data_is_what_an_event_source_would_show),
        cmocka_unit_test(every_byte_alone_and_between_others_is_as_in_a_stream),
        cmocka_unit_test(random_bytes_are_as_in_a_stream),
        cmocka_unit_test(control_characters_and_quotes_are_escaped),
        cmocka_unit_test(types_and_ids_are_as_in_a_stream),
        cmocka_unit_test(a_large_event_is_whole),
        cmocka_unit_test(it_is_a_format_without_what_only_streams_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
