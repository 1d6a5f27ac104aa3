/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/event_id.h"
#include "unit.h"

#define TAG "0badcafe"

static struct event_id id(uint64_t ms, uint64_t seq)
{
    return (struct event_id){.ms = ms, .seq = seq};
}

static void ids_order_by_milliseconds_and_then_by_number(void **state)
{
    (void)state;
    assert_true(event_id_compare(id(1, 9), id(2, 0)) < 0);
    assert_true(event_id_compare(id(2, 0), id(1, 9)) > 0);
    assert_true(event_id_compare(id(2, 1), id(2, 2)) < 0);
    assert_true(event_id_compare(id(2, 2), id(2, 1)) > 0);
    assert_true(event_id_compare(id(2, 2), id(2, 2)) == 0);
    assert_true(event_id_compare(id(0, 0), id(UINT64_MAX, UINT64_MAX)) < 0);
    assert_true(event_id_compare(id(UINT64_MAX, 0), id(0, UINT64_MAX)) > 0);
    assert_true(event_id_compare(EVENT_ID_NONE, id(0, 1)) < 0);
}

static void the_next_id_is_above_the_last_whatever_the_clock_says(void **state)
{
    (void)state;
    assert_true(event_id_compare(event_id_next(id(5, 3), 6), id(6, 0)) == 0);
    assert_true(event_id_compare(event_id_next(id(5, 3), 5), id(5, 4)) == 0);
    assert_true(event_id_compare(event_id_next(id(5, 3), 4), id(5, 4)) == 0);
    assert_true(event_id_compare(event_id_next(id(5, 3), 0), id(5, 4)) == 0);
    assert_true(event_id_compare(event_id_next(EVENT_ID_NONE, 7), id(7, 0)) == 0);
    assert_true(event_id_compare(event_id_next(EVENT_ID_NONE, 0), id(0, 1)) == 0);
}

static void an_id_is_printed_with_its_tag_if_it_has_one(void **state)
{
    (void)state;
    struct buffer out = {0};
    event_id_print(id(1700000000000, 7), "", &out);
    assert_buffer_equal(&out, "1700000000000-7");
    event_id_print(id(UINT64_MAX, UINT64_MAX), TAG, &out);
    assert_buffer_equal(&out, "1700000000000-718446744073709551615-18446744073709551615." TAG);
    buffer_fini(&out);
}

static void an_id_is_read_back_as_it_was_printed(void **state)
{
    (void)state;
    static const struct event_id ids[] = {{0, 0}, {0, 1}, {1, 0}, {1700000000000, 12}, {UINT64_MAX, UINT64_MAX}};
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        for (int has_tag = 0; has_tag < 2; has_tag++) {
            const char *tag = has_tag ? TAG : "";
            struct buffer out = {0};
            struct event_id read;
            event_id_print(ids[i], tag, &out);
            assert_true(event_id_parse(span_of_buffer(&out), tag, &read));
            assert_true(event_id_compare(read, ids[i]) == 0);
            buffer_fini(&out);
        }
}

static void an_application_id_behind_it_does_not_matter(void **state)
{
    (void)state;
    static const char *const endings[] = {"~", "~order-7", "~a~b", "~\xff\x01", "~5-6"};
    for (size_t i = 0; i < COUNT_OF(endings); i++)
        for (int has_tag = 0; has_tag < 2; has_tag++) {
            struct buffer text = {0};
            struct event_id read;
            buffer_printf(&text, "12-34%s%s", has_tag ? "." TAG : "", endings[i]);
            assert_true(event_id_parse(span_of_buffer(&text), has_tag ? TAG : "", &read));
            assert_true(event_id_compare(read, id(12, 34)) == 0);
            buffer_fini(&text);
        }
}

static void an_id_of_another_form_is_not_read(void **state)
{
    (void)state;
    static const struct {
        const char *tag;
        struct span text;
    } table[] = {
        {"", SPAN_LITERAL("")},
        {"", SPAN_LITERAL("0")},
        {"", SPAN_LITERAL("-")},
        {"", SPAN_LITERAL("1-")},
        {"", SPAN_LITERAL("-1")},
        {"", SPAN_LITERAL("1_2")},
        {"", SPAN_LITERAL("1-2x")},
        {"", SPAN_LITERAL("1-2 ")},
        {"", SPAN_LITERAL(" 1-2")},
        {"", SPAN_LITERAL("+1-2")},
        {"", SPAN_LITERAL("1--2")},
        {"", SPAN_LITERAL("1-2-3")},
        {"", SPAN_LITERAL("a-b")},
        {"", SPAN_LITERAL("0x1-2")},
        {"", SPAN_LITERAL("1-2\0")},
        {"", SPAN_LITERAL("1-2." TAG)},
        {"", SPAN_LITERAL("18446744073709551616-0")},
        {"", SPAN_LITERAL("0-18446744073709551616")},
        {"", SPAN_LITERAL("99999999999999999999999999-1")},
        {TAG, SPAN_LITERAL("1-2")},
        {TAG, SPAN_LITERAL("1-2~" TAG)},
        {TAG, SPAN_LITERAL("1-2.")},
        {TAG, SPAN_LITERAL("1-2.0badcaf")},
        {TAG, SPAN_LITERAL("1-2.0BADCAFE")},
        {TAG, SPAN_LITERAL("1-2.deadbeef")},
        {TAG, SPAN_LITERAL("1-2" TAG)},
        {TAG, SPAN_LITERAL("1-2." TAG "0")},
        {TAG, SPAN_LITERAL("1-2." TAG "." TAG)},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct event_id read;
        if (event_id_parse(table[i].text, table[i].tag, &read))
            fail_msg("read \"%s\" (row %zu)", table[i].text.data, i);
    }
}

static void reading_stays_within_the_span(void **state)
{
    (void)state;
    struct event_id read;
    assert_true(event_id_parse((struct span){"12-34567", 4}, "", &read));
    assert_true(event_id_compare(read, id(12, 3)) == 0);
    assert_false(event_id_parse((struct span){"1-2." TAG, 6}, TAG, &read));
}

static void a_tag_is_eight_hexadecimal_digits_and_differs(void **state)
{
    (void)state;
    char first[EVENT_TAG_LEN + 1];
    char tag[EVENT_TAG_LEN + 1];
    unsigned same = 0;

    event_tag_make(first);
    for (int i = 0; i < 20; i++) {
        event_tag_make(tag);
        assert_int_equal(strlen(tag), EVENT_TAG_LEN);
        assert_int_equal(strspn(tag, "0123456789abcdef"), EVENT_TAG_LEN);
        same += strcmp(first, tag) == 0;
    }
    assert_true(same < 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_order_by_milliseconds_and_then_by_number),
        cmocka_unit_test(the_next_id_is_above_the_last_whatever_the_clock_says),
        cmocka_unit_test(an_id_is_printed_with_its_tag_if_it_has_one),
        cmocka_unit_test(an_id_is_read_back_as_it_was_printed),
        cmocka_unit_test(an_application_id_behind_it_does_not_matter),
        cmocka_unit_test(an_id_of_another_form_is_not_read),
        cmocka_unit_test(reading_stays_within_the_span),
        cmocka_unit_test(a_tag_is_eight_hexadecimal_digits_and_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
