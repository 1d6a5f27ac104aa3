/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "http/query.h"

enum { PAIRS = 4 };

static void a_query_is_read_as_names_and_values_in_its_order(void **state)
{
    (void)state;
    static const struct {
        struct span text;
        size_t count;
        struct {
            struct span name, value;
        } pairs[PAIRS];
    } queries[] = {
        {SPAN_LITERAL(""), 0, {{{0}}}},
        {SPAN_LITERAL("&"), 0, {{{0}}}},
        {SPAN_LITERAL("&&&"), 0, {{{0}}}},
        {SPAN_LITERAL("a=b"), 1, {{SPAN_LITERAL("a"), SPAN_LITERAL("b")}}},
        {SPAN_LITERAL("?a=b"), 1, {{SPAN_LITERAL("?a"), SPAN_LITERAL("b")}}},
        {SPAN_LITERAL("a"), 1, {{SPAN_LITERAL("a"), SPAN_LITERAL("")}}},
        {SPAN_LITERAL("a="), 1, {{SPAN_LITERAL("a"), SPAN_LITERAL("")}}},
        {SPAN_LITERAL("=b"), 1, {{SPAN_LITERAL(""), SPAN_LITERAL("b")}}},
        {SPAN_LITERAL("="), 1, {{SPAN_LITERAL(""), SPAN_LITERAL("")}}},
        {SPAN_LITERAL("a=b=c"), 1, {{SPAN_LITERAL("a"), SPAN_LITERAL("b=c")}}},
        {SPAN_LITERAL("a==b"), 1, {{SPAN_LITERAL("a"), SPAN_LITERAL("=b")}}},
        {SPAN_LITERAL("&a=b&&c=d&"),
         2,
         {{SPAN_LITERAL("a"), SPAN_LITERAL("b")}, {SPAN_LITERAL("c"), SPAN_LITERAL("d")}}},
        {SPAN_LITERAL("c=1&c=2&c=1"),
         3,
         {{SPAN_LITERAL("c"), SPAN_LITERAL("1")},
          {SPAN_LITERAL("c"), SPAN_LITERAL("2")},
          {SPAN_LITERAL("c"), SPAN_LITERAL("1")}}},
        {SPAN_LITERAL("a+b=c+d+"), 1, {{SPAN_LITERAL("a b"), SPAN_LITERAL("c d ")}}},
        {SPAN_LITERAL("%61%3D=%26%2B%25"), 1, {{SPAN_LITERAL("a="), SPAN_LITERAL("&+%")}}},
        {SPAN_LITERAL("a=%2541"), 1, {{SPAN_LITERAL("a"), SPAN_LITERAL("%41")}}},
        {SPAN_LITERAL("a=%2B+%2b"), 1, {{SPAN_LITERAL("a"), SPAN_LITERAL("+ +")}}},
        {SPAN_LITERAL("a=%&b=%4&c=%g1%"),
         3,
         {{SPAN_LITERAL("a"), SPAN_LITERAL("%")},
          {SPAN_LITERAL("b"), SPAN_LITERAL("%4")},
          {SPAN_LITERAL("c"), SPAN_LITERAL("%g1%")}}},
        {SPAN_LITERAL("a=%4&1"), 2, {{SPAN_LITERAL("a"), SPAN_LITERAL("%4")}, {SPAN_LITERAL("1"), SPAN_LITERAL("")}}},
        {SPAN_LITERAL("a=%+41"), 1, {{SPAN_LITERAL("a"), SPAN_LITERAL("% 41")}}},
        {SPAN_LITERAL("a=%4+1"), 1, {{SPAN_LITERAL("a"), SPAN_LITERAL("%4 1")}}},
        {SPAN_LITERAL("a%=41"), 1, {{SPAN_LITERAL("a%"), SPAN_LITERAL("41")}}},
        {SPAN_LITERAL("a=x%00y"), 1, {{SPAN_LITERAL("a"), SPAN_LITERAL("x\0y")}}},
        {SPAN_LITERAL("a=x\0y"), 1, {{SPAN_LITERAL("a"), SPAN_LITERAL("x\0y")}}},
        {SPAN_LITERAL("a=%ff\xfe"), 1, {{SPAN_LITERAL("a"), SPAN_LITERAL("\xff\xfe")}}},
        {SPAN_LITERAL("a=b;c=d"), 1, {{SPAN_LITERAL("a"), SPAN_LITERAL("b;c=d")}}},
    };
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        struct query query = {0};
        query_parse(&query, queries[i].text);
        assert_int_equal(query.count, queries[i].count);
        for (size_t j = 0; j < query.count; j++) {
            assert_span_equal(query.pairs[j].name, queries[i].pairs[j].name);
            assert_span_equal(query.pairs[j].value, queries[i].pairs[j].value);
        }
        query_fini(&query);
    }
}

static void the_first_pair_with_a_name_is_found(void **state)
{
    (void)state;
    struct query query = {0};
    query_parse(&query, span_of("a=1&b=&a=2&c&%64=4"));
    assert_span_equal(*query_get(&query, "a"), span_of("1"));
    assert_span_equal(*query_get(&query, "b"), span_of(""));
    assert_span_equal(*query_get(&query, "c"), span_of(""));
    assert_span_equal(*query_get(&query, "d"), span_of("4"));
    query_fini(&query);
}

static void a_name_that_is_not_there_is_not_found(void **state)
{
    (void)state;
    struct query query = {0};
    assert_null(query_get(&query, "a"));
    query_parse(&query, span_of("ab=1&A=2&a%00=3"));
    assert_null(query_get(&query, "a"));
    assert_null(query_get(&query, ""));
    assert_null(query_get(&query, "b"));
    query_fini(&query);
}

/* Everything decoded stands in one buffer: growing it must not move what the first pairs point to. */
static void all_pairs_of_a_long_query_stay_valid(void **state)
{
    (void)state;
    enum { MANY = 2000 };
    struct query query = {0};
    struct buffer text = {0};
    for (int i = 0; i < MANY; i++)
        buffer_printf(&text, "%sname%d=%%41+value%d", i > 0 ? "&" : "", i, i);
    query_parse(&query, span_of_buffer(&text));
    buffer_fini(&text);
    assert_int_equal(query.count, MANY);
    for (int i = 0; i < MANY; i++) {
        struct buffer name = {0}, value = {0};
        buffer_printf(&name, "name%d", i);
        buffer_printf(&value, "A value%d", i);
        assert_span_equal(query.pairs[i].name, span_of_buffer(&name));
        assert_span_equal(query.pairs[i].value, span_of_buffer(&value));
        buffer_fini(&name);
        buffer_fini(&value);
    }
    query_fini(&query);
}

static void no_query_at_all_has_no_pairs(void **state)
{
    (void)state;
    struct query query = {0};
    query_parse(&query, span_of(NULL));
    assert_int_equal(query.count, 0);
    query_fini(&query);
    assert_null(query.pairs);
    query_fini(&query);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_read_as_names_and_values_in_its_order),
        cmocka_unit_test(the_first_pair_with_a_name_is_found),
        cmocka_unit_test(a_name_that_is_not_there_is_not_found),
        cmocka_unit_test(all_pairs_of_a_long_query_stay_valid),
        cmocka_unit_test(no_query_at_all_has_no_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
