/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

static void a_span_of_a_string_lacks_its_nul(void **state)
{
    (void)state;
    const char *text = "abc";
    struct span span = span_of(text);
    assert_ptr_equal(span.data, text);
    assert_int_equal(span.len, 3);
    assert_int_equal(span_of("").len, 0);
}

static void a_span_of_null_is_empty(void **state)
{
    (void)state;
    struct span span = span_of(NULL);
    assert_null(span.data);
    assert_int_equal(span.len, 0);
    assert_true(span_equals(span, ""));
    assert_false(span_equals(span, "a"));
    assert_false(span_has(span, 'a'));
    assert_false(span_has(span, '\0'));
}

static void a_span_between_ends_before_its_end(void **state)
{
    (void)state;
    const char *text = "abcdef";
    struct span span = span_between(text + 1, text + 4);
    assert_true(span_equals(span, "bcd"));
    assert_int_equal(span_between(text, text).len, 0);
}

static void only_the_very_same_characters_are_equal(void **state)
{
    (void)state;
    assert_true(span_equals(span_of("news"), "news"));
    assert_false(span_equals(span_of("news"), "new"));
    assert_false(span_equals(span_of("new"), "news"));
    assert_false(span_equals(span_of("news"), "News"));
    assert_false(span_equals(span_of("news"), ""));
    assert_true(span_equals(span_of(""), ""));
    assert_false(span_equals(span_of_literal("a\0b"), "a"));
    assert_false(span_equals(span_of_literal("a\0"), "a"));
}

static void a_character_is_found_only_inside_the_span(void **state)
{
    (void)state;
    struct span span = {.data = "abcd", .len = 3};
    assert_true(span_has(span, 'a'));
    assert_true(span_has(span, 'c'));
    assert_false(span_has(span, 'd'));
    assert_false(span_has(span, '\0'));
    assert_true(span_has(span_of_literal("a\0b"), '\0'));
    assert_true(span_has(span_of_literal("a\xff"), '\xff'));
}

static void items_are_taken_off_a_list_one_by_one(void **state)
{
    (void)state;
    static const struct {
        const char *list, *separators, *items; /* each item behind a '|' */
    } rows[] = {
        {"a,b", ",", "|a|b"}, {",,a,,b,,", ",", "|a|b"},
        {"a b", ",", "|a b"}, {" a, b\tc ", ", \t", "|a|b|c"},
        {"", ",", ""},        {",", ",", ""},
        {"a", ",", "|a"},     {NULL, ",", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct span list = span_of(rows[i].list), item;
        struct buffer items = {0};
        while (span_take_item(&list, rows[i].separators, &item))
            buffer_printf(&items, "|%.*s", (int)item.len, item.data);
        assert_buffer_equal(&items, rows[i].items);
        assert_false(span_take_item(&list, rows[i].separators, &item));
        buffer_fini(&items);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_span_of_a_string_lacks_its_nul),
        cmocka_unit_test(a_span_of_null_is_empty),
        cmocka_unit_test(a_span_between_ends_before_its_end),
        cmocka_unit_test(only_the_very_same_characters_are_equal),
        cmocka_unit_test(a_character_is_found_only_inside_the_span),
        cmocka_unit_test(items_are_taken_off_a_list_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
