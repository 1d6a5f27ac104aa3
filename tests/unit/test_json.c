/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables follow JSONTestSuite (n_: must be refused, y_: must be accepted), with each value as a member's. */
#include "unit.h"

#include "base/json.h"

#define FFFD "\xef\xbf\xbd"

enum { LIMIT = 4 };

/* --- which texts are one strict object ---------------------------------------------------------------------------- */

static const struct span good_values[] = {
    /* y_number_* */
    SPAN_LITERAL("0"),
    SPAN_LITERAL("-0"),
    SPAN_LITERAL("1"),
    SPAN_LITERAL("-1"),
    SPAN_LITERAL("10"),
    SPAN_LITERAL("1.5"),
    SPAN_LITERAL("0.0"),
    SPAN_LITERAL("-0.10"),
    SPAN_LITERAL("1e5"),
    SPAN_LITERAL("1E5"),
    SPAN_LITERAL("1e+5"),
    SPAN_LITERAL("1E-5"),
    SPAN_LITERAL("0e0"),
    SPAN_LITERAL("1.5e00"),
    SPAN_LITERAL("123456789012345678901234567890.123456789012345678901234567890e99999"),
    /* y_structure_* and literals */
    SPAN_LITERAL("true"),
    SPAN_LITERAL("false"),
    SPAN_LITERAL("null"),
    /* y_string_* */
    SPAN_LITERAL("\"\""),
    SPAN_LITERAL("\"a\""),
    SPAN_LITERAL("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    SPAN_LITERAL("\"\\u0000\\uFFFF\\uabCD\""),
    SPAN_LITERAL("\"\\ud83d\\ude00\""),
    SPAN_LITERAL("\"\\ud800\""), /* lone surrogates keep the grammar (RFC 8259 section 8.2) */
    SPAN_LITERAL("\"\\udc00\\ud800\""),
    SPAN_LITERAL("\"\x7f\""),
    SPAN_LITERAL("\"\xe2\x82\xac\xf0\x9f\x98\x80\""),
    SPAN_LITERAL("\"\xe2\x80\xa8\xe2\x80\xa9\""),
    SPAN_LITERAL("\"// no comment, /* nor this */\""),
    /* y_array_*, y_object_* */
    SPAN_LITERAL("[]"),
    SPAN_LITERAL("[ ]"),
    SPAN_LITERAL("[1]"),
    SPAN_LITERAL("[ 1 , [ ] , { } , \"\" , null ]"),
    SPAN_LITERAL("{}"),
    SPAN_LITERAL("{ }"),
    SPAN_LITERAL("{\"\":0}"),
    SPAN_LITERAL("{ \"a\" : 1 , \"a\" : { \"b\" : [ ] } }"),
    SPAN_LITERAL("[\t1\r\n,\n2 ]"),
};

static const struct span bad_values[] = {
    /* n_number_* */
    SPAN_LITERAL("00"),
    SPAN_LITERAL("01"),
    SPAN_LITERAL("-01"),
    SPAN_LITERAL("-"),
    SPAN_LITERAL("--1"),
    SPAN_LITERAL("+1"),
    SPAN_LITERAL("1."),
    SPAN_LITERAL("-1."),
    SPAN_LITERAL("1.e1"),
    SPAN_LITERAL(".5"),
    SPAN_LITERAL("-.5"),
    SPAN_LITERAL("1e"),
    SPAN_LITERAL("1e+"),
    SPAN_LITERAL("1E-"),
    SPAN_LITERAL("1e+-1"),
    SPAN_LITERAL("1e1.5"),
    SPAN_LITERAL("1eE2"),
    SPAN_LITERAL("0e"),
    SPAN_LITERAL("1.2.3"),
    SPAN_LITERAL("1 000"),
    SPAN_LITERAL("1,000"),
    SPAN_LITERAL("1_000"),
    SPAN_LITERAL("0x1"),
    SPAN_LITERAL("0b1"),
    SPAN_LITERAL("1a"),
    SPAN_LITERAL("NaN"),
    SPAN_LITERAL("-NaN"),
    SPAN_LITERAL("nan"),
    SPAN_LITERAL("Infinity"),
    SPAN_LITERAL("-Infinity"),
    SPAN_LITERAL("inf"),
    SPAN_LITERAL("\xef\xbc\x91"), /* a fullwidth digit one */
    SPAN_LITERAL("1\0"),
    /* n_structure_*: literals */
    SPAN_LITERAL("True"),
    SPAN_LITERAL("TRUE"),
    SPAN_LITERAL("tru"),
    SPAN_LITERAL("truE"),
    SPAN_LITERAL("truee"),
    SPAN_LITERAL("fals"),
    SPAN_LITERAL("nul"),
    SPAN_LITERAL("nulll"),
    SPAN_LITERAL("undefined"),
    SPAN_LITERAL(""),
    SPAN_LITERAL("a"),
    SPAN_LITERAL("\0"),
    /* n_string_* */
    SPAN_LITERAL("'a'"),
    SPAN_LITERAL("\""),
    SPAN_LITERAL("\"a"),
    SPAN_LITERAL("\"a\\\""),
    SPAN_LITERAL("\"\\"),
    SPAN_LITERAL("\"a\"b\""),
    SPAN_LITERAL("\"\t\""),
    SPAN_LITERAL("\"\n\""),
    SPAN_LITERAL("\"\r\""),
    SPAN_LITERAL("\"\0\""),
    SPAN_LITERAL("\"\x1f\""),
    SPAN_LITERAL("\"\\a\""),
    SPAN_LITERAL("\"\\'\""),
    SPAN_LITERAL("\"\\x41\""),
    SPAN_LITERAL("\"\\0\""),
    SPAN_LITERAL("\"\\v\""),
    SPAN_LITERAL("\"\\U0041\""),
    SPAN_LITERAL("\"\\\0\""),
    SPAN_LITERAL("\"\\\n\""),
    SPAN_LITERAL("\"\\\xc3\xa5\""),
    SPAN_LITERAL("\"\\u\""),
    SPAN_LITERAL("\"\\u1\""),
    SPAN_LITERAL("\"\\u12\""),
    SPAN_LITERAL("\"\\u123\""),
    SPAN_LITERAL("\"\\u123g\""),
    SPAN_LITERAL("\"\\u-123\""),
    SPAN_LITERAL("\"\\u123\0\""),
    SPAN_LITERAL("\"\\u 123\""),
    SPAN_LITERAL("\"\\ud83d\\u\""),
    SPAN_LITERAL("\"\\u123"),
    /* n_array_* */
    SPAN_LITERAL("["),
    SPAN_LITERAL("]"),
    SPAN_LITERAL("[1"),
    SPAN_LITERAL("[1,"),
    SPAN_LITERAL("[1,]"),
    SPAN_LITERAL("[,]"),
    SPAN_LITERAL("[,1]"),
    SPAN_LITERAL("[1,,2]"),
    SPAN_LITERAL("[1 2]"),
    SPAN_LITERAL("[1}"),
    SPAN_LITERAL("[1]]"),
    SPAN_LITERAL("[\"a\":1]"),
    SPAN_LITERAL("[\x0b]"),
    SPAN_LITERAL("[\x0c]"),
    SPAN_LITERAL("[\0]"),
    SPAN_LITERAL("[\xc2\xa0]"), /* a no-break space is no white space */
    SPAN_LITERAL("[\xef\xbb\xbf]"),
    /* n_object_* */
    SPAN_LITERAL("{"),
    SPAN_LITERAL("{\"a\""),
    SPAN_LITERAL("{\"a\":"),
    SPAN_LITERAL("{\"a\":1"),
    SPAN_LITERAL("{\"a\":1,"),
    SPAN_LITERAL("{\"a\":1,}"),
    SPAN_LITERAL("{,}"),
    SPAN_LITERAL("{\"a\"}"),
    SPAN_LITERAL("{\"a\" 1}"),
    SPAN_LITERAL("{\"a\"::1}"),
    SPAN_LITERAL("{\"a\",1}"),
    SPAN_LITERAL("{\"a\":1 \"b\":2}"),
    SPAN_LITERAL("{\"a\":1]"),
    SPAN_LITERAL("{a:1}"),
    SPAN_LITERAL("{'a':1}"),
    SPAN_LITERAL("{1:1}"),
    SPAN_LITERAL("{null:1}"),
    SPAN_LITERAL("{\"\n\":1}"),
    SPAN_LITERAL("{\"\\x\":1}"),
    SPAN_LITERAL("{[]:1}"),
    /* comments */
    SPAN_LITERAL("1 // one"),
    SPAN_LITERAL("/* one */ 1"),
    SPAN_LITERAL("1 /* one */"),
    SPAN_LITERAL("# one\n1"),
    /* not UTF-8 */
    SPAN_LITERAL("\"\xff\""),
    SPAN_LITERAL("\"\xc0\xaf\""),
    SPAN_LITERAL("\"\xed\xa0\x80\""),
    SPAN_LITERAL("\"\xe2\x82\""),
    SPAN_LITERAL("\"\xf4\x90\x80\x80\""),
};

static const struct span bad_texts[] = {
    SPAN_LITERAL(""),
    SPAN_LITERAL(" "),
    SPAN_LITERAL("{"),
    SPAN_LITERAL("}"),
    SPAN_LITERAL("{}}"),
    SPAN_LITERAL("{}{}"),
    SPAN_LITERAL("{} x"),
    SPAN_LITERAL("{},"),
    SPAN_LITERAL("{}\0"),
    SPAN_LITERAL("\0{}"),
    SPAN_LITERAL("{\0}"),
    SPAN_LITERAL("{\"a\":1}\xff"),
    SPAN_LITERAL("\xef\xbb\xbf{}"),
    SPAN_LITERAL("\xff\xfe{\0}\0"),
    SPAN_LITERAL("{,}"),
    SPAN_LITERAL("{\"a\":1,}"),
    SPAN_LITERAL("{,\"a\":1}"),
    SPAN_LITERAL("{\"a\":1,,\"b\":2}"),
    SPAN_LITERAL("{\"a\"}"),
    SPAN_LITERAL("{\"a\":}"),
    SPAN_LITERAL("{\"a\" 1}"),
    SPAN_LITERAL("{\"a\":1 \"b\":2}"),
    SPAN_LITERAL("{\"a\":1"),
    SPAN_LITERAL("{\"a\":"),
    SPAN_LITERAL("{\"a\""),
    SPAN_LITERAL("{\"a"),
    SPAN_LITERAL("{\""),
    SPAN_LITERAL("{a:1}"),
    SPAN_LITERAL("{'a':1}"),
    SPAN_LITERAL("{1:1}"),
    SPAN_LITERAL("{\"a\":1]"),
    SPAN_LITERAL("{\"a\":1}//"),
    SPAN_LITERAL("{/**/}"),
    SPAN_LITERAL("{\"\xff\":1}"),
    SPAN_LITERAL("{\"a\":\"\x80\"}"),
    SPAN_LITERAL("[]"),
    SPAN_LITERAL("[{}]"),
    SPAN_LITERAL("\"a\""),
    SPAN_LITERAL("1"),
    SPAN_LITERAL("true"),
    SPAN_LITERAL("null"),
    SPAN_LITERAL("hello"),
};

/* Parses a copy of exactly that length, so that the address sanitizer sees a read behind the text. */
static int members_of(struct span text)
{
    struct json_member members[LIMIT];
    char *copy = malloc(text.len > 0 ? text.len : 1); /* test_malloc would put a margin behind it */
    assert_non_null(copy);
    if (text.len > 0)
        memcpy(copy, text.data, text.len);
    int count = json_object_members((struct span){copy, text.len}, members, LIMIT);
    free(copy);
    return count;
}

static int members_with_value(struct span value)
{
    struct buffer text = {0};
    buffer_add_string(&text, "{\"a\":");
    buffer_add(&text, value.data, value.len);
    buffer_add_string(&text, "}");
    int count = members_of(span_of_buffer(&text));
    buffer_fini(&text);
    return count;
}

static void what_rfc_8259_allows_is_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good_values); i++)
        if (members_with_value(good_values[i]) != 1)
            fail_msg("refused: {\"a\":%.*s}", (int)good_values[i].len, good_values[i].data);
}

static void what_rfc_8259_does_not_allow_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_values); i++)
        if (members_with_value(bad_values[i]) != -1)
            fail_msg("accepted, number %zu: {\"a\":%.*s}", i, (int)bad_values[i].len, bad_values[i].data);
}

static void what_is_not_one_object_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_texts); i++)
        if (members_of(bad_texts[i]) != -1)
            fail_msg("accepted, number %zu: %.*s", i, (int)bad_texts[i].len, bad_texts[i].data);
    assert_int_equal(json_object_members((struct span){0}, NULL, 0), -1);
}

static void a_text_cut_anywhere_is_refused(void **state)
{
    (void)state;
    const struct span whole = span_of_literal(" {\"a\\u00e4\" : [1.5e-3, {\"b\":\"\\\\\"}, true], \"c\": null}");
    assert_int_equal(members_of(whole), 2);
    for (size_t len = 0; len < whole.len; len++)
        assert_int_equal(members_of((struct span){whole.data, len}), -1);
}

/* --- nesting ------------------------------------------------------------------------------------------------------ */

/* {"a": … } with `depth` values nested in one another in all, the object itself the first and the scalar the last. */
static struct buffer nested(int depth, const char *open, const char *scalar, const char *close)
{
    struct buffer text = {0};
    buffer_add_string(&text, "{\"a\":");
    for (int i = 2; i < depth; i++)
        buffer_add_string(&text, open);
    buffer_add_string(&text, scalar);
    for (int i = 2; i < depth; i++)
        buffer_add_string(&text, close);
    buffer_add_string(&text, "}");
    return text;
}

static void values_nest_up_to_the_limit_and_no_deeper(void **state)
{
    (void)state;
    static const struct {
        const char *open, *scalar, *close;
    } forms[] = {{"[", "0", "]"},
                 {"[", "[]", "]"},
                 {"{\"b\":", "\"\"", "}"},
                 {"{\"b\":", "{}", "}"},
                 {"[ 1, [{\"x\":", "0", "}]]"}};
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        int step = i == 4 ? 3 : 1; /* the last form opens three at once */
        for (int depth = JSON_DEPTH_LIMIT - 4; depth <= JSON_DEPTH_LIMIT + 4; depth++) {
            if ((depth - 2) % step != 0)
                continue;
            struct buffer text = nested(2 + (depth - 2) / step, forms[i].open, forms[i].scalar, forms[i].close);
            int expected = depth <= JSON_DEPTH_LIMIT ? 1 : -1;
            if (members_of(span_of_buffer(&text)) != expected)
                fail_msg("form %zu, depth %d: not %d", i, depth, expected);
            buffer_fini(&text);
        }
    }
}

static void nesting_without_end_is_refused_and_harmless(void **state)
{
    (void)state;
    struct buffer text = {0};
    buffer_add_string(&text, "{\"a\":");
    for (int i = 0; i < 1000000; i++)
        buffer_add_char(&text, '[');
    assert_int_equal(members_of(span_of_buffer(&text)), -1);
    buffer_clear(&text);
    for (int i = 0; i < 1000000; i++)
        buffer_add_string(&text, "{\"a\":");
    assert_int_equal(members_of(span_of_buffer(&text)), -1);
    buffer_fini(&text);
}

static void values_side_by_side_do_not_count_as_nested(void **state)
{
    (void)state;
    struct buffer text = {0};
    buffer_add_string(&text, "{\"a\":[");
    for (int i = 0; i < 1000; i++)
        buffer_printf(&text, "%s[{\"b\":[]}]", i > 0 ? "," : "");
    buffer_add_string(&text, "]}");
    assert_int_equal(members_of(span_of_buffer(&text)), 1);
    buffer_fini(&text);
}

/* --- members ------------------------------------------------------------------------------------------------------ */

static void members_are_found_with_their_exact_source(void **state)
{
    (void)state;
    static const char text[] =
        " \t{ \"id\"\r\n:  17.50e0 ,\"d\\u0061ta\":{ \"x\" : [ 1 , 2 ] } , \"\" : \" } \\\" , \" ,\"n\":null } \n";
    struct json_member members[LIMIT];
    assert_int_equal(json_object_members(span_of(text), members, LIMIT), 4);
    assert_span_equal(members[0].name, span_of("\"id\""));
    assert_span_equal(members[0].value, span_of("17.50e0"));
    assert_span_equal(members[1].name, span_of("\"d\\u0061ta\""));
    assert_span_equal(members[1].value, span_of("{ \"x\" : [ 1 , 2 ] }"));
    assert_span_equal(members[2].name, span_of("\"\""));
    assert_span_equal(members[2].value, span_of("\" } \\\" , \""));
    assert_span_equal(members[3].name, span_of("\"n\""));
    assert_span_equal(members[3].value, span_of("null"));
    for (int i = 0; i < 4; i++)
        assert_true(members[i].name.data > text && members[i].value.data < text + sizeof(text));
}

static void every_accepted_value_is_found_as_it_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good_values); i++) {
        struct buffer text = {0};
        struct json_member member;
        buffer_add_string(&text, "{\"a\": ");
        buffer_add(&text, good_values[i].data, good_values[i].len);
        buffer_add_string(&text, "\t}");
        assert_int_equal(json_object_members(span_of_buffer(&text), &member, 1), 1);
        assert_span_equal(member.value, good_values[i]);
        buffer_fini(&text);
    }
}

static void an_object_without_members_has_none(void **state)
{
    (void)state;
    assert_int_equal(json_object_members(span_of("{}"), NULL, 0), 0);
    assert_int_equal(json_object_members(span_of(" { \n } "), NULL, 0), 0);
}

static void members_with_one_name_are_all_found(void **state)
{
    (void)state;
    struct json_member members[LIMIT];
    assert_int_equal(json_object_members(span_of("{\"a\":1,\"a\":2}"), members, LIMIT), 2);
    assert_span_equal(members[0].value, span_of("1"));
    assert_span_equal(members[1].value, span_of("2"));
}

static void members_are_accepted_up_to_the_limit_and_no_more(void **state)
{
    (void)state;
    struct json_member members[LIMIT];
    assert_int_equal(json_object_members(span_of("{\"a\":1,\"b\":2}"), members, 2), 2);
    assert_int_equal(json_object_members(span_of("{\"a\":1,\"b\":2,\"c\":3}"), members, 2), -1);
    assert_int_equal(json_object_members(span_of("{\"a\":1}"), members, 0), -1);
}

/* --- strings ------------------------------------------------------------------------------------------------------ */

static void assert_decoded(struct span source, struct span expected)
{
    struct buffer out = {0};
    json_add_decoded(&out, source);
    assert_span_equal(span_of_buffer(&out), expected);
    buffer_fini(&out);
}

static void strings_are_decoded_with_all_their_escapes(void **state)
{
    (void)state;
    static const struct {
        struct span source, expected;
    } strings[] = {
        {SPAN_LITERAL("\"\""), SPAN_LITERAL("")},
        {SPAN_LITERAL("\"plain 'text' // \xe2\x82\xac \x7f\""), SPAN_LITERAL("plain 'text' // \xe2\x82\xac \x7f")},
        {SPAN_LITERAL("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), SPAN_LITERAL("\"\\/\b\f\n\r\t")},
        {SPAN_LITERAL("\"\\u0041\\u00e4\\u20AC\\uFFFF\""), SPAN_LITERAL("A\xc3\xa4\xe2\x82\xac\xef\xbf\xbf")},
        {SPAN_LITERAL("\"\\u007f\\u0080\\u07ff\\u0800\""), SPAN_LITERAL("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80")},
        {SPAN_LITERAL("\"a\\u0000b\""), SPAN_LITERAL("a\0b")},
        {SPAN_LITERAL("\"\\u0000\""), SPAN_LITERAL("\0")},
        {SPAN_LITERAL("\"\\u005c\\u0022\\\\n\""), SPAN_LITERAL("\\\"\\n")},
        {SPAN_LITERAL("\"\\ud83d\\ude00\""), SPAN_LITERAL("\xf0\x9f\x98\x80")},
        {SPAN_LITERAL("\"\\uD800\\uDC00\\uDBFF\\uDFFF\""), SPAN_LITERAL("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")},
        {SPAN_LITERAL("\"\xc3\xa4\\u00e4\xc3\xa4\""), SPAN_LITERAL("\xc3\xa4\xc3\xa4\xc3\xa4")},
    };
    for (size_t i = 0; i < COUNT_OF(strings); i++)
        assert_decoded(strings[i].source, strings[i].expected);
}

static void a_lone_surrogate_becomes_u_fffd(void **state)
{
    (void)state;
    static const struct {
        struct span source, expected;
    } strings[] = {
        {SPAN_LITERAL("\"\\ud800\""), SPAN_LITERAL(FFFD)},
        {SPAN_LITERAL("\"\\udbff\""), SPAN_LITERAL(FFFD)},
        {SPAN_LITERAL("\"\\udc00\""), SPAN_LITERAL(FFFD)},
        {SPAN_LITERAL("\"\\udfff\""), SPAN_LITERAL(FFFD)},
        {SPAN_LITERAL("\"a\\ud800b\""), SPAN_LITERAL("a" FFFD "b")},
        {SPAN_LITERAL("\"a\\udc00b\""), SPAN_LITERAL("a" FFFD "b")},
        {SPAN_LITERAL("\"\\ud800\\n\""), SPAN_LITERAL(FFFD "\n")},
        {SPAN_LITERAL("\"\\ud800\\\\\""), SPAN_LITERAL(FFFD "\\")},
        {SPAN_LITERAL("\"\\ud800\\u0041\""), SPAN_LITERAL(FFFD "A")},
        {SPAN_LITERAL("\"\\ud800\\u0000\""), SPAN_LITERAL(FFFD "\0")},
        {SPAN_LITERAL("\"\\ud800\\u00e4\""), SPAN_LITERAL(FFFD "\xc3\xa4")},
        {SPAN_LITERAL("\"\\ud800\xe2\x82\xac\""), SPAN_LITERAL(FFFD "\xe2\x82\xac")},
        {SPAN_LITERAL("\"\\ud800\\ud800\""), SPAN_LITERAL(FFFD FFFD)},
        {SPAN_LITERAL("\"\\ud800\\ud83d\\ude00\""), SPAN_LITERAL(FFFD "\xf0\x9f\x98\x80")},
        {SPAN_LITERAL("\"\\udc00\\ud800\""), SPAN_LITERAL(FFFD FFFD)},
        {SPAN_LITERAL("\"\\udc00\\udc00\""), SPAN_LITERAL(FFFD FFFD)},
        {SPAN_LITERAL("\"\\ud83d\\ude00\\ude00\""), SPAN_LITERAL("\xf0\x9f\x98\x80" FFFD)},
    };
    for (size_t i = 0; i < COUNT_OF(strings); i++)
        assert_decoded(strings[i].source, strings[i].expected);
}

static void a_decoded_string_is_appended_and_may_be_long(void **state)
{
    (void)state;
    enum { REPEATS = 100000 };
    struct buffer source = {0}, out = {0};
    buffer_add_char(&source, '"');
    for (int i = 0; i < REPEATS; i++)
        buffer_add_string(&source, "\\u20ac");
    buffer_add_char(&source, '"');
    buffer_add_string(&out, "before");
    json_add_decoded(&out, span_of_buffer(&source));
    assert_int_equal(out.len, 6 + 3 * REPEATS);
    assert_memory_equal(out.data, "before\xe2\x82\xac", 9);
    assert_memory_equal(out.data + out.len - 3, "\xe2\x82\xac", 3);
    buffer_fini(&source);
    buffer_fini(&out);
}

static void text_is_written_as_a_string_with_what_must_be_escaped(void **state)
{
    (void)state;
    static const struct {
        struct span text;
        const char *expected;
    } texts[] = {
        {SPAN_LITERAL(""), "\"\""},
        {SPAN_LITERAL("plain /'\x7f"), "\"plain /'\x7f\""},
        {SPAN_LITERAL("a\"b\\c"), "\"a\\\"b\\\\c\""},
        {SPAN_LITERAL("\r\n\t"), "\"\\u000d\\u000a\\u0009\""},
        {SPAN_LITERAL("\0\x1f "), "\"\\u0000\\u001f \""},
        {SPAN_LITERAL("\xe2\x82\xac"), "\"\xe2\x82\xac\""},
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct buffer out = {0};
        json_add_string(&out, texts[i].text);
        assert_buffer_equal(&out, texts[i].expected);
        buffer_fini(&out);
    }
}

static void what_was_written_as_a_string_is_strict_json_and_decodes_to_itself(void **state)
{
    (void)state;
    struct buffer text = {0}, source = {0}, out = {0};
    for (int c = 0; c < 0x80; c++)
        buffer_add_char(&text, (char)c);
    buffer_add_string(&text, "\xc2\x80\xe2\x80\xa8\xf0\x9f\x98\x80");
    json_add_string(&source, span_of_buffer(&text));
    assert_int_equal(members_with_value(span_of_buffer(&source)), 1);
    json_add_decoded(&out, span_of_buffer(&source));
    assert_span_equal(span_of_buffer(&out), span_of_buffer(&text));
    buffer_fini(&text);
    buffer_fini(&source);
    buffer_fini(&out);
}

/* --- compact ------------------------------------------------------------------------------------------------------ */

static void compact_removes_white_space_outside_strings_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *source, *expected;
    } values[] = {
        {"1", "1"},
        {" [ 1 ,\t2\r\n] ", "[1,2]"},
        {"{ \"a b\" : \" c \" }", "{\"a b\":\" c \"}"},
        {"[ \"\\\"\" , \" \" ]", "[\"\\\"\",\" \"]"},
        {"[ \"\\\\\" , \" \" ]", "[\"\\\\\",\" \"]"},
        {"[ \"\\\\\\\" \" , 1 ]", "[\"\\\\\\\" \",1]"},
        {"[ \"\\u0020 \\t\" ]", "[\"\\u0020 \\t\"]"},
        {"{ }", "{}"},
        {"[ true , false , null ]", "[true,false,null]"},
        {"\" \xc2\xa0 \"", "\" \xc2\xa0 \""},
    };
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct buffer out = {0};
        json_add_compact(&out, span_of(values[i].source));
        assert_buffer_equal(&out, values[i].expected);
        buffer_fini(&out);
    }
}

static void compact_keeps_numbers_as_they_are(void **state)
{
    (void)state;
    static const char *const numbers[] = {
        "1.0", "-0", "1E+05", "0.10000000000000000000000001", "12345678901234567890123", "1e400"};
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct buffer source = {0}, expected = {0}, out = {0};
        buffer_printf(&source, "{ \"n\" : [ %s ] }", numbers[i]);
        buffer_printf(&expected, "{\"n\":[%s]}", numbers[i]);
        json_add_compact(&out, span_of_buffer(&source));
        assert_span_equal(span_of_buffer(&out), span_of_buffer(&expected));
        buffer_fini(&source);
        buffer_fini(&expected);
        buffer_fini(&out);
    }
}

static void compact_keeps_the_order_and_the_number_of_members(void **state)
{
    (void)state;
    struct buffer out = {0};
    buffer_add_string(&out, "data: ");
    json_add_compact(&out, span_of("{ \"b\" : 1, \"a\" : 2, \"b\" : 3 }"));
    assert_buffer_equal(&out, "data: {\"b\":1,\"a\":2,\"b\":3}");
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_rfc_8259_allows_is_accepted),
        cmocka_unit_test(what_rfc_8259_does_not_allow_is_refused),
        cmocka_unit_test(what_is_not_one_object_is_refused),
        cmocka_unit_test(a_text_cut_anywhere_is_refused),
        cmocka_unit_test(values_nest_up_to_the_limit_and_no_deeper),
        cmocka_unit_test(nesting_without_end_is_refused_and_harmless),
        cmocka_unit_test(values_side_by_side_do_not_count_as_nested),
        cmocka_unit_test(members_are_found_with_their_exact_source),
        cmocka_unit_test(every_accepted_value_is_found_as_it_stands),
        cmocka_unit_test(an_object_without_members_has_none),
        cmocka_unit_test(members_with_one_name_are_all_found),
        cmocka_unit_test(members_are_accepted_up_to_the_limit_and_no_more),
        cmocka_unit_test(strings_are_decoded_with_all_their_escapes),
        cmocka_unit_test(a_lone_surrogate_becomes_u_fffd),
        cmocka_unit_test(a_decoded_string_is_appended_and_may_be_long),
        cmocka_unit_test(text_is_written_as_a_string_with_what_must_be_escaped),
        cmocka_unit_test(what_was_written_as_a_string_is_strict_json_and_decodes_to_itself),
        cmocka_unit_test(compact_removes_white_space_outside_strings_and_nothing_else),
        cmocka_unit_test(compact_keeps_numbers_as_they_are),
        cmocka_unit_test(compact_keeps_the_order_and_the_number_of_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
