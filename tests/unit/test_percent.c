/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <stdio.h>

#include "http/percent.h"

static void assert_decoded(struct span text, struct span expected)
{
    struct buffer out = {0};
    /* A copy of exactly that length, so that the address sanitizer sees a read behind it. */
    char *copy = malloc(text.len + 1); /* test_malloc would put a margin behind it */
    assert_non_null(copy);
    memcpy(copy + 1, text.data, text.len);
    percent_add_decoded(&out, (struct span){copy + 1, text.len});
    free(copy);
    assert_span_equal(span_of_buffer(&out), expected);
    buffer_fini(&out);
}

static void every_byte_can_be_encoded_in_either_case(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char lower[4], upper[4], expected = (char)byte;
        snprintf(lower, sizeof(lower), "%%%02x", (unsigned)byte);
        snprintf(upper, sizeof(upper), "%%%02X", (unsigned)byte);
        assert_decoded(span_of(lower), (struct span){&expected, 1});
        assert_decoded(span_of(upper), (struct span){&expected, 1});
    }
}

static void text_is_decoded_once_and_what_is_no_pair_stands_for_itself(void **state)
{
    (void)state;
    static const struct {
        struct span text, expected;
    } texts[] = {
        {SPAN_LITERAL(""), SPAN_LITERAL("")},
        {SPAN_LITERAL("plain"), SPAN_LITERAL("plain")},
        {SPAN_LITERAL("a%20b%2Fc"), SPAN_LITERAL("a b/c")},
        {SPAN_LITERAL("%e2%82%AC"), SPAN_LITERAL("\xe2\x82\xac")},
        {SPAN_LITERAL("%2541"), SPAN_LITERAL("%41")},
        {SPAN_LITERAL("a+b"), SPAN_LITERAL("a+b")},
        {SPAN_LITERAL("a%00b"), SPAN_LITERAL("a\0b")},
        {SPAN_LITERAL("a\0%41"), SPAN_LITERAL("a\0A")},
        {SPAN_LITERAL("%"), SPAN_LITERAL("%")},
        {SPAN_LITERAL("%4"), SPAN_LITERAL("%4")},
        {SPAN_LITERAL("a%"), SPAN_LITERAL("a%")},
        {SPAN_LITERAL("%%"), SPAN_LITERAL("%%")},
        {SPAN_LITERAL("%%41"), SPAN_LITERAL("%A")},
        {SPAN_LITERAL("%4%41"), SPAN_LITERAL("%4A")},
        {SPAN_LITERAL("%g0%0g"), SPAN_LITERAL("%g0%0g")},
        {SPAN_LITERAL("%/0%0/%:0%0:"), SPAN_LITERAL("%/0%0/%:0%0:")},
        {SPAN_LITERAL("%@0%0@%`0%0`"), SPAN_LITERAL("%@0%0@%`0%0`")},
        {SPAN_LITERAL("%G0%-1% 1%+1"), SPAN_LITERAL("%G0%-1% 1%+1")},
        {SPAN_LITERAL("%u0041%x41"), SPAN_LITERAL("%u0041%x41")},
        {SPAN_LITERAL("%\xff\x34\x31"), SPAN_LITERAL("%\xff\x34\x31")},
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_decoded(texts[i].text, texts[i].expected);
}

static void a_pair_cut_at_the_end_is_not_completed_by_what_lies_behind(void **state)
{
    (void)state;
    static const char text[] = "%41";
    struct buffer out = {0};
    percent_add_decoded(&out, (struct span){text, 2});
    assert_buffer_equal(&out, "%4");
    buffer_fini(&out);
}

static void the_decoded_text_is_appended(void **state)
{
    (void)state;
    struct buffer out = {0};
    buffer_add_string(&out, "before ");
    percent_add_decoded(&out, span_of("%41"));
    percent_add_decoded(&out, (struct span){0});
    assert_buffer_equal(&out, "before A");
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_can_be_encoded_in_either_case),
        cmocka_unit_test(text_is_decoded_once_and_what_is_no_pair_stands_for_itself),
        cmocka_unit_test(a_pair_cut_at_the_end_is_not_completed_by_what_lies_behind),
        cmocka_unit_test(the_decoded_text_is_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
