/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>

#include "unit.h"

static void a_zeroed_buffer_is_empty_and_valid(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    assert_int_equal(buffer.len, 0);
    buffer_clear(&buffer);
    buffer_fini(&buffer);
    buffer_fini(&buffer);
}

static void what_is_added_stands_in_order(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    buffer_add(&buffer, "ab", 2);
    buffer_add_char(&buffer, 'c');
    buffer_add_string(&buffer, "de");
    buffer_printf(&buffer, "%d%s", 42, "!");
    assert_buffer_equal(&buffer, "abcde42!");
    buffer_fini(&buffer);
}

static void numbers_are_decimal(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {0, 7, 10, 99, 100, 1700000000000, INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct buffer buffer = {0};
        char text[24];
        snprintf(text, sizeof(text), "%" PRIu64, numbers[i]);
        buffer_add_number(&buffer, numbers[i]);
        assert_buffer_equal(&buffer, text);
        buffer_fini(&buffer);
    }
}

/* Whatever room there is, what is printed is printed whole. */
static void what_is_printed_may_fit_or_not(void **state)
{
    (void)state;
    for (size_t before = 0; before < 200; before++)
        for (size_t len = 60; len < 70; len++) {
            struct buffer buffer = {0};
            while (buffer.len < before)
                buffer_add_char(&buffer, 'x');
            buffer_printf(&buffer, "%0*d%s", (int)len, 7, "!");
            assert_int_equal(buffer.len, before + len + 1);
            assert_int_equal(strlen(buffer.data), buffer.len);
            assert_string_equal(buffer.data + buffer.len - 3, "07!");
            buffer_fini(&buffer);
        }
}

static void the_content_ends_with_nul_whatever_was_added(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    /* Across several growths, so that each capacity is met exactly once on the way. */
    for (size_t i = 0; i < 1000; i++) {
        buffer_add_char(&buffer, 'x');
        assert_int_equal(buffer.len, i + 1);
        assert_int_equal(buffer.data[buffer.len], '\0');
    }
    for (size_t i = 0; i < 300; i++) {
        buffer_printf(&buffer, "%s", "seven77");
        assert_int_equal(buffer.len, 1000 + 7 * (i + 1));
        assert_int_equal(buffer.data[buffer.len], '\0');
    }
    assert_int_equal(strlen(buffer.data), buffer.len);
    buffer_fini(&buffer);
}

static void adding_nothing_changes_nothing(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    buffer_add(&buffer, NULL, 0);
    buffer_add_string(&buffer, "");
    buffer_printf(&buffer, "%s", "");
    assert_int_equal(buffer.len, 0);
    assert_string_equal(buffer.data, "");
    buffer_fini(&buffer);
}

static void nul_bytes_are_content(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    buffer_add(&buffer, "a\0b", 3);
    buffer_add_char(&buffer, '\0');
    assert_span_equal(span_of_buffer(&buffer), span_of_literal("a\0b\0"));
    buffer_fini(&buffer);
}

static void reserved_room_can_be_filled_by_the_caller(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    for (size_t more = 1; more < 300; more += 7) {
        size_t before = buffer.len;
        char *room = buffer_reserve(&buffer, more);
        assert_ptr_equal(room, buffer.data + before);
        assert_int_equal(buffer.len, before);
        memset(room, 'r', more); /* the address sanitizer watches the end */
        buffer.len += more;
    }
    buffer_add_char(&buffer, '.');
    assert_int_equal(strspn(buffer.data, "r"), buffer.len - 1);
    buffer_fini(&buffer);
}

static void reserved_room_keeps_spans_valid_until_it_is_full(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    buffer_reserve(&buffer, 1000);
    const char *before = buffer.data;
    for (int i = 0; i < 1000; i++)
        buffer_add_char(&buffer, 'x');
    assert_ptr_equal(buffer.data, before);
    buffer_fini(&buffer);
}

static void clearing_keeps_the_memory_and_leaves_an_empty_string(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    buffer_add_string(&buffer, "something");
    const char *before = buffer.data;
    buffer_clear(&buffer);
    assert_int_equal(buffer.len, 0);
    assert_string_equal(buffer.data, "");
    buffer_add_string(&buffer, "else");
    assert_ptr_equal(buffer.data, before);
    assert_buffer_equal(&buffer, "else");
    buffer_fini(&buffer);
}

static void a_finished_buffer_can_be_used_again(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    buffer_add_string(&buffer, "one");
    buffer_fini(&buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.len, 0);
    buffer_add_string(&buffer, "two");
    assert_buffer_equal(&buffer, "two");
    buffer_fini(&buffer);
}

static void shared_bytes_are_a_copy_of_the_content(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    buffer_add(&buffer, "a\0b", 3);
    struct bytes *bytes = buffer_to_bytes(&buffer);
    assert_int_equal(bytes->refs, 1);
    assert_span_equal(span_of_buffer(&buffer), span_of_literal("a\0b"));
    buffer_clear(&buffer);
    buffer_add_string(&buffer, "xyz");
    assert_int_equal(bytes->len, 3);
    assert_memory_equal(bytes->data, "a\0b", 3);
    bytes_unref(bytes);
    buffer_fini(&buffer);
}

static void an_empty_buffer_makes_empty_bytes(void **state)
{
    (void)state;
    const struct buffer buffer = {0};
    struct bytes *bytes = buffer_to_bytes(&buffer);
    assert_int_equal(bytes->len, 0);
    bytes_unref(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zeroed_buffer_is_empty_and_valid),
        cmocka_unit_test(what_is_added_stands_in_order),
        cmocka_unit_test(numbers_are_decimal),
        cmocka_unit_test(what_is_printed_may_fit_or_not),
        cmocka_unit_test(the_content_ends_with_nul_whatever_was_added),
        cmocka_unit_test(adding_nothing_changes_nothing),
        cmocka_unit_test(nul_bytes_are_content),
        cmocka_unit_test(reserved_room_can_be_filled_by_the_caller),
        cmocka_unit_test(reserved_room_keeps_spans_valid_until_it_is_full),
        cmocka_unit_test(clearing_keeps_the_memory_and_leaves_an_empty_string),
        cmocka_unit_test(a_finished_buffer_can_be_used_again),
        cmocka_unit_test(shared_bytes_are_a_copy_of_the_content),
        cmocka_unit_test(an_empty_buffer_makes_empty_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
