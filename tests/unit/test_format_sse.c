/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/format_sse.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "sse_reader.h"
#include "unit.h"

#define TAG "0badcafe"

static const struct event_id some_id = {.ms = 1700000000000, .seq = 3};

static void encode(const struct message *message, const char *expected)
{
    struct buffer out = {0};
    format_sse.encode(message, &out);
    assert_buffer_equal(&out, expected);
    buffer_fini(&out);
}

/* As encode, without the line of the id in what is expected. */
static void encode_some(const struct message *message, const char *expected)
{
    struct buffer whole = {0};
    buffer_printf(&whole, "id: 1700000000000-3\n%s", expected);
    encode(message, whole.data);
    buffer_fini(&whole);
}

static void an_event_has_its_fields_in_order(void **state)
{
    (void)state;
    encode(&(struct message){.id = some_id, .tag = "", .data = span_of("hello")},
           "id: 1700000000000-3\ndata: hello\n\n");
    encode(&(struct message){.id = some_id,
                             .tag = TAG,
                             .application_id = span_of("o7"),
                             .event = span_of("order"),
                             .retry_ms = 5000,
                             .data = span_of("a\nb")},
           "id: 1700000000000-3." TAG "~o7\nevent: order\nretry: 5000\ndata: a\ndata: b\n\n");
}

static void fields_that_say_nothing_are_left_out(void **state)
{
    (void)state;
    encode(&(struct message){.id = some_id, .tag = "", .event = span_of("message"), .data = span_of("")},
           "id: 1700000000000-3\ndata: \n\n");
}

static void every_line_end_begins_a_new_data_line(void **state)
{
    (void)state;
    static const struct {
        struct span data;
        const char *frame;
    } table[] = {
        {SPAN_LITERAL("a\nb"), "data: a\ndata: b\n\n"},
        {SPAN_LITERAL("a\rb"), "data: a\ndata: b\n\n"},
        {SPAN_LITERAL("a\r\nb"), "data: a\ndata: b\n\n"},
        {SPAN_LITERAL("a\n\rb"), "data: a\ndata: \ndata: b\n\n"},
        {SPAN_LITERAL("\n"), "data: \ndata: \n\n"},
        {SPAN_LITERAL("\r"), "data: \ndata: \n\n"},
        {SPAN_LITERAL("\r\n"), "data: \ndata: \n\n"},
        {SPAN_LITERAL("a\n"), "data: a\ndata: \n\n"},
        {SPAN_LITERAL("\r\r\n\n"), "data: \ndata: \ndata: \ndata: \n\n"},
        {SPAN_LITERAL(" a"), "data:  a\n\n"},
        {SPAN_LITERAL(": a"), "data: : a\n\n"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        encode_some(&(struct message){.id = some_id, .tag = "", .data = table[i].data}, table[i].frame);
}

/* What the client is to get of the data: repaired, and each line end as LF. */
static void add_normalised(struct buffer *out, struct span data)
{
    struct buffer lines = {0};
    for (size_t i = 0; i < data.len; i++) {
        bool is_second_of_crlf = i > 0 && data.data[i] == '\n' && data.data[i - 1] == '\r';
        if (!is_second_of_crlf)
            buffer_add_char(&lines, data.data[i] == '\r' ? '\n' : data.data[i]);
    }
    utf8_add_repaired(out, span_of_buffer(&lines));
    buffer_fini(&lines);
}

/* The event comes out as it went in, alone, and nothing in it was taken for another field. */
static void check_round_trip(struct span data)
{
    struct buffer frame = {0};
    struct buffer expected = {0};
    struct sse_reader reader = {0};

    format_sse.encode(&(struct message){.id = some_id, .tag = TAG, .event = span_of("e"), .data = data}, &frame);
    assert_true(utf8_is_valid(span_of_buffer(&frame)));
    sse_reader_feed(&reader, frame.data, frame.len);
    add_normalised(&expected, data);
    assert_int_equal(reader.count, 1);
    assert_span_equal(span_of_buffer(&reader.events[0].data), span_of_buffer(&expected));
    assert_buffer_equal(&reader.events[0].type, "e");
    assert_buffer_equal(&reader.events[0].last_id, "1700000000000-3." TAG);
    assert_true(reader.retry_ms == 0);
    assert_int_equal(reader.comments + reader.strange_lines, 0);
    assert_int_equal(reader.blank_lines, 1);
    assert_true(sse_reader_is_between_events(&reader));
    sse_reader_fini(&reader);
    buffer_fini(&expected);
    buffer_fini(&frame);
}

static void data_cannot_become_another_field(void **state)
{
    (void)state;
    static const char *const fields[] = {"id: 9",   "event: evil", "retry: 1", ":",
                                         "data: x", "id",          "",         "\xef\xbb\xbfid: 9"};
    static const char *const ends[] = {"\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n", "\n\r"};
    for (size_t field = 0; field < COUNT_OF(fields); field++)
        for (size_t before = 0; before < COUNT_OF(ends); before++)
            for (size_t behind = 0; behind < COUNT_OF(ends); behind++) {
                struct buffer data = {0};
                buffer_printf(&data, "x%s%s%s%s", ends[before], fields[field], ends[behind], fields[field]);
                check_round_trip(span_of_buffer(&data));
                buffer_fini(&data);
            }
}

static void all_short_mixes_of_line_ends_come_out_whole(void **state)
{
    (void)state;
    static const char alphabet[] = {'a', '\n', '\r', ' ', ':', '\0', '\xff'};
    enum { LENGTH = 5, BASE = sizeof(alphabet) };
    char data[LENGTH];
    size_t total = 1;
    for (size_t len = 0; len <= LENGTH; len++, total *= BASE)
        for (size_t number = 0; number < total; number++) {
            size_t rest = number;
            for (size_t i = 0; i < len; i++, rest /= BASE)
                data[i] = alphabet[rest % BASE];
            check_round_trip((struct span){data, len});
        }
}

static void random_bytes_come_out_repaired(void **state)
{
    (void)state;
    char data[300];
    srandom(1);
    for (int round = 0; round < 2000; round++) {
        size_t len = (size_t)random() % sizeof(data);
        for (size_t i = 0; i < len; i++) {
            long kind = random() % 8;
            data[i] = kind == 0 ? '\n' : kind == 1 ? '\r' : (char)random();
        }
        check_round_trip((struct span){data, len});
    }
}

static void a_character_that_a_line_end_cuts_is_repaired_on_both_sides(void **state)
{
    (void)state;
    check_round_trip(span_of("\xe2\x82\n\xac"));
    check_round_trip(span_of("\xf0\x9f\r\n\x98\x80"));
}

static void a_position_moves_the_cursor_without_an_event(void **state)
{
    (void)state;
    struct buffer block = {0};
    struct sse_reader reader = {0};
    format_sse.encode_id(some_id, TAG, &block);
    buffer_add_string(&block, format_sse.position);
    assert_buffer_equal(&block, "id: 1700000000000-3." TAG "\n\n");
    sse_reader_feed(&reader, block.data, block.len);
    assert_int_equal(reader.count, 0);
    assert_buffer_equal(&reader.last_id, "1700000000000-3." TAG);
    sse_reader_fini(&reader);
    buffer_fini(&block);
}

/* Those of Firefox, WebKit and npm keep an id only with an event; and an event is what has a line of data. */
static void a_position_may_be_an_event_of_its_own_type_without_data(void **state)
{
    (void)state;
    struct buffer block = {0};
    struct sse_reader reader = {0};
    format_sse.encode_id(some_id, TAG, &block);
    buffer_add_string(&block, format_sse.position_event);
    sse_reader_feed(&reader, block.data, block.len);
    assert_int_equal(reader.count, 1);
    assert_int_equal(reader.strange_lines, 0);
    assert_buffer_equal(&reader.events[0].type, "push-position");
    assert_buffer_equal(&reader.events[0].data, "");
    assert_buffer_equal(&reader.events[0].last_id, "1700000000000-3." TAG);
    sse_reader_fini(&reader);
    buffer_fini(&block);
}

static void opening_retry_and_heartbeat_are_no_events(void **state)
{
    (void)state;
    struct buffer text = {0};
    struct sse_reader reader = {0};
    buffer_add_string(&text, format_sse.opening);
    format_sse.encode_retry(86400000, &text);
    buffer_add_string(&text, format_sse.heartbeat);
    assert_buffer_equal(&text, ":\nretry: 86400000\n:\n");
    sse_reader_feed(&reader, text.data, text.len);
    assert_int_equal(reader.count + reader.blank_lines + reader.strange_lines, 0);
    assert_int_equal(reader.comments, 2);
    assert_true(reader.retry_ms == 86400000);
    sse_reader_fini(&reader);
    buffer_fini(&text);
}

static void the_visible_heartbeat_is_an_event_that_keeps_the_cursor(void **state)
{
    (void)state;
    struct sse_reader reader = {0};
    sse_reader_feed(&reader, "id: 1-2\n\n", 9);
    sse_reader_feed(&reader, format_sse.heartbeat_event, strlen(format_sse.heartbeat_event));
    assert_int_equal(reader.count, 1);
    assert_buffer_equal(&reader.events[0].type, "heartbeat");
    assert_buffer_equal(&reader.events[0].data, "{}");
    assert_buffer_equal(&reader.last_id, "1-2");
    sse_reader_fini(&reader);
}

static void the_content_type_is_that_of_event_streams(void **state)
{
    (void)state;
    assert_true(strncmp(format_sse.content_type, "text/event-stream", 17) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_has_its_fields_in_order),
        cmocka_unit_test(fields_that_say_nothing_are_left_out),
        cmocka_unit_test(every_line_end_begins_a_new_data_line),
        cmocka_unit_test(data_cannot_become_another_field),
        cmocka_unit_test(all_short_mixes_of_line_ends_come_out_whole),
        cmocka_unit_test(random_bytes_come_out_repaired),
        cmocka_unit_test(a_character_that_a_line_end_cuts_is_repaired_on_both_sides),
        cmocka_unit_test(a_position_moves_the_cursor_without_an_event),
        cmocka_unit_test(a_position_may_be_an_event_of_its_own_type_without_data),
        cmocka_unit_test(opening_retry_and_heartbeat_are_no_events),
        cmocka_unit_test(the_visible_heartbeat_is_an_event_that_keeps_the_cursor),
        cmocka_unit_test(the_content_type_is_that_of_event_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
