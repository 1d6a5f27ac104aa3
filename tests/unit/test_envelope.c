/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/envelope.h"

#include <stdbool.h>

#include "unit.h"

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define ID_LIMIT SIXTY "0123"
#define EVENT_LIMIT SIXTY SIXTY "01234567"
#define NESTED_10(inner) "[[[[[[[[[[" inner "]]]]]]]]]]"
#define NESTED_50(inner) NESTED_10(NESTED_10(NESTED_10(NESTED_10(NESTED_10(inner)))))

struct row {
    struct span payload;
    struct span data;
    const char *event;
    const char *id;
    int64_t retry_ms;
    unsigned dropped;
};

static void check(const struct row *row)
{
    struct envelope envelope = {0};
    envelope_parse(&envelope, row->payload);
    print_message("%.*s\n", (int)(row->payload.len < 100 ? row->payload.len : 100), row->payload.data);
    assert_span_equal(envelope.data, row->data);
    assert_span_equal(envelope.event, span_of(row->event));
    assert_span_equal(envelope.id, span_of(row->id));
    assert_true(envelope.retry_ms == row->retry_ms);
    assert_int_equal(envelope.dropped, row->dropped);
    envelope_fini(&envelope);
}

static void check_all(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(&rows[i]);
}

static void an_object_of_data_and_known_members_is_an_envelope(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {SPAN_LITERAL("{\"data\":\"hello\"}"), SPAN_LITERAL("hello")},
        {SPAN_LITERAL("{\"data\":\"\"}"), SPAN_LITERAL("")},
        {SPAN_LITERAL(" \t\r\n{ \"data\" : \"a b\" } \n"), SPAN_LITERAL("a b")},
        {SPAN_LITERAL("{\"event\":\"e\",\"id\":\"7\",\"retry\":100,\"data\":\"x\"}"), SPAN_LITERAL("x"), "e", "7", 100},
        {SPAN_LITERAL("{\"data\":\"x\",\"retry\":1}"), SPAN_LITERAL("x"), .retry_ms = 1},
        {SPAN_LITERAL("{\"d\\u0061ta\":\"x\",\"\\u0069d\":\"1\"}"), SPAN_LITERAL("x"), .id = "1"},
        {SPAN_LITERAL("{\"data\":\"x\",\"data\":\"y\"}"), SPAN_LITERAL("y")},
        {SPAN_LITERAL("{\"id\":\"1\",\"data\":\"x\",\"id\":\"2\"}"), SPAN_LITERAL("x"), .id = "2"},
    };
    check_all(rows, COUNT_OF(rows));
}

static void any_other_payload_is_data_byte_for_byte(void **state)
{
    (void)state;
    static const struct span payloads[] = {
        SPAN_LITERAL(""),
        SPAN_LITERAL("hello"),
        SPAN_LITERAL("\"hello\""),
        SPAN_LITERAL("12"),
        SPAN_LITERAL("null"),
        SPAN_LITERAL("{}"),
        SPAN_LITERAL("{ }"),
        SPAN_LITERAL("[{\"data\":\"x\"}]"),
        SPAN_LITERAL("{\"Data\":\"x\"}"),
        SPAN_LITERAL("{\"event\":\"e\"}"),
        SPAN_LITERAL("{\"event\":\"e\",\"id\":\"1\",\"retry\":5}"),
        SPAN_LITERAL("{\"data\":\"x\",\"user\":\"u\"}"),
        SPAN_LITERAL("{\"data\":\"x\",\"\":1}"),
        SPAN_LITERAL("{\"data\":\"x\",\"data\\u0000\":1}"),
        SPAN_LITERAL("{\"data\":\"x\"} x"),
        SPAN_LITERAL("{\"data\":\"x\"}{\"data\":\"x\"}"),
        SPAN_LITERAL("{\"data\":\"x\"}\0"),
        SPAN_LITERAL("\xef\xbb\xbf{\"data\":\"x\"}"),
        SPAN_LITERAL("\v{\"data\":\"x\"}"),
        SPAN_LITERAL("{\"data\":\"x\",}"),
        SPAN_LITERAL("{,\"data\":\"x\"}"),
        SPAN_LITERAL("{\"data\":\"x\""),
        SPAN_LITERAL("{\"data\":\"x"),
        SPAN_LITERAL("{\"data\":}"),
        SPAN_LITERAL("{\"data\"}"),
        SPAN_LITERAL("{\"data\" \"x\"}"),
        SPAN_LITERAL("{'data':'x'}"),
        SPAN_LITERAL("{data:\"x\"}"),
        SPAN_LITERAL("{\"data\":\"x\" /* c */}"),
        SPAN_LITERAL("{\"data\":NaN}"),
        SPAN_LITERAL("{\"data\":Infinity}"),
        SPAN_LITERAL("{\"data\":True}"),
        SPAN_LITERAL("{\"data\":nul}"),
        SPAN_LITERAL("{\"data\":01}"),
        SPAN_LITERAL("{\"data\":+1}"),
        SPAN_LITERAL("{\"data\":.5}"),
        SPAN_LITERAL("{\"data\":1.}"),
        SPAN_LITERAL("{\"data\":1e}"),
        SPAN_LITERAL("{\"data\":-}"),
        SPAN_LITERAL("{\"data\":0x10}"),
        SPAN_LITERAL("{\"data\":[1,]}"),
        SPAN_LITERAL("{\"data\":{\"a\"}}"),
        SPAN_LITERAL("{\"data\":\"\\x\"}"),
        SPAN_LITERAL("{\"data\":\"\\u12g4\"}"),
        SPAN_LITERAL("{\"data\":\"\\u12\"}"),
        SPAN_LITERAL("{\"data\":\"a\nb\"}"),
        SPAN_LITERAL("{\"data\":\"a\tb\"}"),
        SPAN_LITERAL("{\"data\":\"a\0b\"}"),
        SPAN_LITERAL("{\"data\":\"\xff\"}"),
        SPAN_LITERAL("{\"data\":\"\xc0\xaf\"}"),
        SPAN_LITERAL("{\"data\":\"\xed\xa0\x80\"}"),
        SPAN_LITERAL("{\"data\":\"x\",\"event\":\"\xe2\x82\"}"),
        SPAN_LITERAL("{\"data\":" NESTED_50(NESTED_50(NESTED_50("1"))) "}"),
    };
    for (size_t i = 0; i < COUNT_OF(payloads); i++)
        check(&(struct row){.payload = payloads[i], .data = payloads[i]});
}

static void data_that_is_a_string_is_sent_as_its_characters(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {SPAN_LITERAL("{\"data\":\"a\\nb\\r\\tc\\b\\f\\/\\\\\\\"\"}"), SPAN_LITERAL("a\nb\r\tc\b\f/\\\"")},
        {SPAN_LITERAL("{\"data\":\"\\u00e9\\u20AC\"}"), SPAN_LITERAL("\xc3\xa9\xe2\x82\xac")},
        {SPAN_LITERAL("{\"data\":\"\xc3\xa9\\n\"}"), SPAN_LITERAL("\xc3\xa9\n")},
        {SPAN_LITERAL("{\"data\":\"\\ud83d\\ude00\"}"), SPAN_LITERAL("\xf0\x9f\x98\x80")},
        {SPAN_LITERAL("{\"data\":\"a\\u0000b\"}"), SPAN_LITERAL("a\0b")},
        {SPAN_LITERAL("{\"data\":\"\\ud83dx\"}"), SPAN_LITERAL("\xef\xbf\xbdx")},
        {SPAN_LITERAL("{\"data\":\"\\ude00\"}"), SPAN_LITERAL("\xef\xbf\xbd")},
        {SPAN_LITERAL("{\"data\":\"x\\ud83d\"}"), SPAN_LITERAL("x\xef\xbf\xbd")},
        {SPAN_LITERAL("{\"data\":\"{\\\"data\\\":1}\"}"), SPAN_LITERAL("{\"data\":1}")},
    };
    check_all(rows, COUNT_OF(rows));
}

static void other_data_is_its_source_without_white_space(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {SPAN_LITERAL("{\"data\":null}"), SPAN_LITERAL("null")},
        {SPAN_LITERAL("{\"data\":true}"), SPAN_LITERAL("true")},
        {SPAN_LITERAL("{\"data\": false }"), SPAN_LITERAL("false")},
        {SPAN_LITERAL("{\"data\":1.10}"), SPAN_LITERAL("1.10")},
        {SPAN_LITERAL("{\"data\":-0}"), SPAN_LITERAL("-0")},
        {SPAN_LITERAL("{\"data\":1E+400}"), SPAN_LITERAL("1E+400")},
        {SPAN_LITERAL("{\"data\":12345678901234567890123}"), SPAN_LITERAL("12345678901234567890123")},
        {SPAN_LITERAL("{\"data\":0.1000000000000000055511151231257827}"),
         SPAN_LITERAL("0.1000000000000000055511151231257827")},
        {SPAN_LITERAL("{\"data\": { \"b\" : [ 1 , 2.0 ] ,\r\n\t\"a b\" : \" x \\\" y \" } }"),
         SPAN_LITERAL("{\"b\":[1,2.0],\"a b\":\" x \\\" y \"}")},
        {SPAN_LITERAL("{\"data\":[]}"), SPAN_LITERAL("[]")},
        {SPAN_LITERAL("{\"data\":[ \"\\\\\" , \" \" ]}"), SPAN_LITERAL("[\"\\\\\",\" \"]")},
        {SPAN_LITERAL("{\"data\":{\"data\":1,\"x\":2}}"), SPAN_LITERAL("{\"data\":1,\"x\":2}")},
        {SPAN_LITERAL("{\"data\":\"x\",\"data\":{}}"), SPAN_LITERAL("{}")},
        {SPAN_LITERAL("{\"data\":" NESTED_50(NESTED_50("1")) "}"), SPAN_LITERAL(NESTED_50(NESTED_50("1")))},
    };
    check_all(rows, COUNT_OF(rows));
}

#define EVENT_ROW(event) SPAN_LITERAL("{\"data\":\"x\",\"event\":" event "}"), SPAN_LITERAL("x")

static void an_event_has_1_to_128_bytes_without_line_ends(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {EVENT_ROW("\"e\""), .event = "e"},
        {EVENT_ROW("\" \""), .event = " "},
        {EVENT_ROW("\"message\""), .event = "message"},
        {EVENT_ROW("\"\\u00e9: x\""), .event = "\xc3\xa9: x"},
        {EVENT_ROW("\"" EVENT_LIMIT "\""), .event = EVENT_LIMIT},
        {EVENT_ROW("\"Gap\""), .event = "Gap"},
        {EVENT_ROW("\"gaps\""), .event = "gaps"},
        {EVENT_ROW("\"" EVENT_LIMIT "x\""), .dropped = 1},
        {EVENT_ROW("\"" SIXTY SIXTY "0123456\xc3\xa9\""), .dropped = 1},
        {EVENT_ROW("\"\""), .dropped = 1},
        {EVENT_ROW("\"a\\nb\""), .dropped = 1},
        {EVENT_ROW("\"a\\r\""), .dropped = 1},
        {EVENT_ROW("\"\\u000d\""), .dropped = 1},
        {EVENT_ROW("\"\\u000Aid: 1\""), .dropped = 1},
        {EVENT_ROW("\"a\\u0000b\""), .dropped = 1},
        {EVENT_ROW("\"gap\""), .dropped = 1},
        {EVENT_ROW("\"g\\u0061p\""), .dropped = 1},
        {EVENT_ROW("\"heartbeat\""), .dropped = 1},
        {EVENT_ROW("1"), .dropped = 1},
        {EVENT_ROW("null"), .dropped = 1},
        {EVENT_ROW("true"), .dropped = 1},
        {EVENT_ROW("[\"e\"]"), .dropped = 1},
        {EVENT_ROW("{}"), .dropped = 1},
    };
    check_all(rows, COUNT_OF(rows));
}

#define ID_ROW(id) SPAN_LITERAL("{\"data\":\"x\",\"id\":" id "}"), SPAN_LITERAL("x")

static void an_id_has_1_to_64_visible_safe_characters(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {ID_ROW("\"a\""), .id = "a"},
        {ID_ROW("\"" ID_LIMIT "\""), .id = ID_LIMIT},
        {ID_ROW("\"!#$%&'*+,-./0;=^_`|\""), .id = "!#$%&'*+,-./0;=^_`|"},
        {ID_ROW("\"\\u0041\""), .id = "A"},
        {ID_ROW("7"), .id = "7"},
        {ID_ROW("-7"), .id = "-7"},
        {ID_ROW("0"), .id = "0"},
        {ID_ROW("12345678901234567890123"), .id = "12345678901234567890123"},
        {ID_ROW("1" SIXTY "012"), .id = "1" SIXTY "012"},
        {ID_ROW("1" SIXTY "0123"), .dropped = 1},
        {ID_ROW("\"" ID_LIMIT "x\""), .dropped = 1},
        {ID_ROW("\"\""), .dropped = 1},
        {ID_ROW("1.0"), .dropped = 1},
        {ID_ROW("1e3"), .dropped = 1},
        {ID_ROW("null"), .dropped = 1},
        {ID_ROW("true"), .dropped = 1},
        {ID_ROW("[7]"), .dropped = 1},
        {ID_ROW("{}"), .dropped = 1},
        {ID_ROW("\"a\\u0000\""), .dropped = 1},
        {ID_ROW("\"a\\nb\""), .dropped = 1},
        {ID_ROW("\"\\u007f\""), .dropped = 1},
        {ID_ROW("\"\\u00e9\""), .dropped = 1},
        {ID_ROW("\"\\\"\""), .dropped = 1},
        {ID_ROW("\"\\\\\""), .dropped = 1},
    };
    check_all(rows, COUNT_OF(rows));
    for (const char *c = " ():<>?@[]{}~"; *c != '\0'; c++) {
        char payload[] = "{\"data\":\"x\",\"id\":\"a?b\"}";
        *strchr(payload, '?') = *c;
        check(&(struct row){.payload = span_of(payload), .data = span_of("x"), .dropped = 1});
    }
}

#define RETRY_ROW(retry) SPAN_LITERAL("{\"data\":\"x\",\"retry\":" retry "}"), SPAN_LITERAL("x")

static void retry_is_an_integer_from_1_ms_to_a_day(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {RETRY_ROW("1"), .retry_ms = 1},
        {RETRY_ROW("3000"), .retry_ms = 3000},
        {RETRY_ROW("86400000"), .retry_ms = 86400000},
        {RETRY_ROW("86400001"), .dropped = 1},
        {RETRY_ROW("864000000"), .dropped = 1},
        {RETRY_ROW("18446744073709551617"), .dropped = 1},
        {RETRY_ROW("99999999999999999999999999999999"), .dropped = 1},
        {RETRY_ROW("0"), .dropped = 1},
        {RETRY_ROW("-0"), .dropped = 1},
        {RETRY_ROW("-1"), .dropped = 1},
        {RETRY_ROW("1.5"), .dropped = 1},
        {RETRY_ROW("1e3"), .dropped = 1},
        {RETRY_ROW("\"3000\""), .dropped = 1},
        {RETRY_ROW("null"), .dropped = 1},
        {RETRY_ROW("false"), .dropped = 1},
        {RETRY_ROW("[1]"), .dropped = 1},
    };
    check_all(rows, COUNT_OF(rows));
}

static void members_that_break_rules_are_dropped_and_counted_each(void **state)
{
    (void)state;
    check(&(struct row){span_of("{\"event\":\"gap\",\"id\":\"(\",\"retry\":0,\"data\":[1, 2]}"), span_of("[1,2]"),
                        .dropped = 3});
    check(&(struct row){span_of("{\"event\":\"gap\",\"id\":\"ok\",\"retry\":9,\"data\":\"x\"}"), span_of("x"),
                        .id = "ok", .retry_ms = 9, .dropped = 1});
}

static void an_envelope_can_be_used_again_and_again(void **state)
{
    (void)state;
    struct envelope envelope = {0};
    for (int round = 0; round < 3; round++) {
        envelope_parse(&envelope,
                       span_of("{\"event\":\"e\\t\",\"id\":\"i\\u0031\",\"retry\":5,\"data\":\"long\\ndata\"}"));
        assert_span_equal(envelope.event, span_of("e\t"));
        assert_span_equal(envelope.id, span_of("i1"));
        envelope_parse(&envelope, span_of("{\"data\":\"\",\"retry\":0}"));
        assert_int_equal(envelope.data.len, 0);
        assert_int_equal(envelope.event.len, 0);
        assert_int_equal(envelope.id.len, 0);
        assert_true(envelope.retry_ms == 0);
        assert_int_equal(envelope.dropped, 1);
        envelope_parse(&envelope, span_of("plain"));
        assert_span_equal(envelope.data, span_of("plain"));
        assert_int_equal(envelope.dropped, 0);
        envelope_parse(&envelope, span_of("{\"data\":\"x\",\"event\":\"e\",\"id\":\"i\",\"retry\":5}"));
        envelope_parse(&envelope, span_of("plain"));
        assert_int_equal(envelope.event.len + envelope.id.len, 0);
        assert_true(envelope.retry_ms == 0);
    }
    envelope_fini(&envelope);
}

/* --- members apart ----------------------------------------------------------------------------------------------- */

struct set_row {
    struct envelope_fields given;
    const char *event;
    const char *id;
    int64_t retry_ms;
    unsigned dropped;
};

static void check_set(const struct set_row *row)
{
    struct envelope envelope = {0};
    const struct envelope_fields *given = &row->given;

    print_message("%.*s, %.*s, %.*s\n", (int)given->event.len, given->event.len > 0 ? given->event.data : "",
                  (int)given->id.len, given->id.len > 0 ? given->id.data : "", (int)given->retry.len,
                  given->retry.len > 0 ? given->retry.data : "");
    envelope_set(&envelope, given);
    assert_span_equal(envelope.data, given->data);
    assert_span_equal(envelope.event, span_of(row->event));
    assert_span_equal(envelope.id, span_of(row->id));
    assert_true(envelope.retry_ms == row->retry_ms);
    assert_int_equal(envelope.dropped, row->dropped);
    envelope_fini(&envelope);
}

static void check_all_set(const struct set_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_set(&rows[i]);
}

static void data_that_comes_apart_is_taken_byte_for_byte(void **state)
{
    (void)state;
    static const struct set_row rows[] = {
        {{.data = {NULL, 0}}},
        {{.data = SPAN_LITERAL("hello")}},
        {{.data = SPAN_LITERAL("{\"data\":\"x\",\"id\":\"1\"}")}},
        {{.data = SPAN_LITERAL("\"x\"")}},
        {{.data = SPAN_LITERAL(" 1.0 ")}},
        {{.data = SPAN_LITERAL("a\0b\xff\r\n")}},
    };
    check_all_set(rows, COUNT_OF(rows));
}

static void members_that_come_apart_are_kept_by_the_same_rules(void **state)
{
    (void)state;
    static const struct set_row rows[] = {
        {{.event = SPAN_LITERAL("e")}, .event = "e"},
        {{.event = SPAN_LITERAL("\"e\"")}, .event = "\"e\""},
        {{.event = SPAN_LITERAL("message")}, .event = "message"},
        {{.event = SPAN_LITERAL("\xc3\xa9: \t")}, .event = "\xc3\xa9: \t"},
        {{.event = SPAN_LITERAL(EVENT_LIMIT)}, .event = EVENT_LIMIT},
        {{.id = SPAN_LITERAL("7")}, .id = "7"},
        {{.id = SPAN_LITERAL("1.0")}, .id = "1.0"},
        {{.id = SPAN_LITERAL(ID_LIMIT)}, .id = ID_LIMIT},
        {{.id = SPAN_LITERAL("!#$%&'*+,-./0;=^_`|")}, .id = "!#$%&'*+,-./0;=^_`|"},
        {{.retry = SPAN_LITERAL("1")}, .retry_ms = 1},
        {{.retry = SPAN_LITERAL("0250")}, .retry_ms = 250},
        {{.retry = SPAN_LITERAL("86400000")}, .retry_ms = 86400000},
        {{.data = SPAN_LITERAL("x"), .event = SPAN_LITERAL("e"), .id = SPAN_LITERAL("i"), .retry = SPAN_LITERAL("9")},
         .event = "e",
         .id = "i",
         .retry_ms = 9},
    };
    check_all_set(rows, COUNT_OF(rows));
}

static void members_that_come_apart_and_break_rules_are_dropped_and_counted(void **state)
{
    (void)state;
    static const struct set_row rows[] = {
        {{.event = SPAN_LITERAL("gap")}, .dropped = 1},
        {{.event = SPAN_LITERAL("heartbeat")}, .dropped = 1},
        {{.event = SPAN_LITERAL(EVENT_LIMIT "x")}, .dropped = 1},
        {{.event = SPAN_LITERAL("a\rb")}, .dropped = 1},
        {{.event = SPAN_LITERAL("a\nid: 1")}, .dropped = 1},
        {{.event = SPAN_LITERAL("a\0b")}, .dropped = 1},
        {{.event = SPAN_LITERAL("\0")}, .dropped = 1},
        {{.id = SPAN_LITERAL(ID_LIMIT "x")}, .dropped = 1},
        {{.id = SPAN_LITERAL("a b")}, .dropped = 1},
        {{.id = SPAN_LITERAL("a~b")}, .dropped = 1},
        {{.id = SPAN_LITERAL("\"7\"")}, .dropped = 1},
        {{.id = SPAN_LITERAL("a\0")}, .dropped = 1},
        {{.id = SPAN_LITERAL("\x7f")}, .dropped = 1},
        {{.id = SPAN_LITERAL("\xc3\xa9")}, .dropped = 1},
        {{.retry = SPAN_LITERAL("0")}, .dropped = 1},
        {{.retry = SPAN_LITERAL("-1")}, .dropped = 1},
        {{.retry = SPAN_LITERAL("-")}, .dropped = 1},
        {{.retry = SPAN_LITERAL("+1")}, .dropped = 1},
        {{.retry = SPAN_LITERAL(" 1")}, .dropped = 1},
        {{.retry = SPAN_LITERAL("1.5")}, .dropped = 1},
        {{.retry = SPAN_LITERAL("1e3")}, .dropped = 1},
        {{.retry = SPAN_LITERAL("1\0")}, .dropped = 1},
        {{.retry = SPAN_LITERAL("3s")}, .dropped = 1},
        {{.retry = SPAN_LITERAL("86400001")}, .dropped = 1},
        {{.retry = SPAN_LITERAL("18446744073709551617")}, .dropped = 1},
        {{.data = SPAN_LITERAL("x"), .event = SPAN_LITERAL("gap"), .id = SPAN_LITERAL("("), .retry = SPAN_LITERAL("x")},
         .dropped = 3},
        {{.event = SPAN_LITERAL("gap"), .id = SPAN_LITERAL("i"), .retry = SPAN_LITERAL("9")},
         .id = "i",
         .retry_ms = 9,
         .dropped = 1},
    };
    check_all_set(rows, COUNT_OF(rows));
}

static void nothing_is_left_of_what_an_envelope_held_before(void **state)
{
    (void)state;
    struct envelope envelope = {0};
    for (int round = 0; round < 2; round++) {
        envelope_parse(&envelope, span_of("{\"event\":\"e\",\"id\":\"(\",\"retry\":5,\"data\":\"x\"}"));
        envelope_set(&envelope, &(struct envelope_fields){.data = span_of("y")});
        assert_span_equal(envelope.data, span_of("y"));
        assert_int_equal(envelope.event.len + envelope.id.len + envelope.dropped, 0);
        assert_true(envelope.retry_ms == 0);
        envelope_set(&envelope, &(struct envelope_fields){.event = span_of("gap"), .id = span_of("i")});
        assert_int_equal(envelope.data.len, 0);
        assert_int_equal(envelope.dropped, 1);
        envelope_parse(&envelope, span_of("plain"));
        assert_span_equal(envelope.data, span_of("plain"));
        assert_int_equal(envelope.id.len + envelope.dropped, 0);
    }
    envelope_fini(&envelope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_of_data_and_known_members_is_an_envelope),
        cmocka_unit_test(any_other_payload_is_data_byte_for_byte),
        cmocka_unit_test(data_that_is_a_string_is_sent_as_its_characters),
        cmocka_unit_test(other_data_is_its_source_without_white_space),
        cmocka_unit_test(an_event_has_1_to_128_bytes_without_line_ends),
        cmocka_unit_test(an_id_has_1_to_64_visible_safe_characters),
        cmocka_unit_test(retry_is_an_integer_from_1_ms_to_a_day),
        cmocka_unit_test(members_that_break_rules_are_dropped_and_counted_each),
        cmocka_unit_test(an_envelope_can_be_used_again_and_again),
        cmocka_unit_test(data_that_comes_apart_is_taken_byte_for_byte),
        cmocka_unit_test(members_that_come_apart_are_kept_by_the_same_rules),
        cmocka_unit_test(members_that_come_apart_and_break_rules_are_dropped_and_counted),
        cmocka_unit_test(nothing_is_left_of_what_an_envelope_held_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
