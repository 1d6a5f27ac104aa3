/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "base/bytes.h"

static void new_bytes_are_a_copy_with_one_reference(void **state)
{
    (void)state;
    char source[] = "a\0b";
    struct bytes *bytes = bytes_new(source, 3);
    memset(source, 'x', sizeof(source));
    assert_int_equal(bytes->refs, 1);
    assert_int_equal(bytes->len, 3);
    assert_memory_equal(bytes->data, "a\0b", 3);
    bytes_unref(bytes);
}

static void no_bytes_at_all_are_allowed(void **state)
{
    (void)state;
    struct bytes *bytes = bytes_new("", 0);
    assert_int_equal(bytes->len, 0);
    bytes_unref(bytes);
}

static void uninitialised_bytes_can_be_filled_to_their_end(void **state)
{
    (void)state;
    struct bytes *bytes = bytes_new_uninitialised(100);
    assert_int_equal(bytes->refs, 1);
    assert_int_equal(bytes->len, 100);
    memset(bytes->data, 'x', 100); /* the address sanitizer watches the end */
    bytes_unref(bytes);
}

/* Too few frees are a leak, one too many a use after free: the sanitizers tell. */
static void the_last_one_to_let_go_frees(void **state)
{
    (void)state;
    struct bytes *bytes = bytes_new("shared", 6);
    assert_ptr_equal(bytes_ref(bytes), bytes);
    assert_ptr_equal(bytes_ref(bytes), bytes);
    assert_int_equal(bytes->refs, 3);
    bytes_unref(bytes);
    bytes_unref(bytes);
    assert_int_equal(bytes->refs, 1);
    assert_memory_equal(bytes->data, "shared", 6);
    bytes_unref(bytes);
}

static void letting_go_of_null_is_allowed(void **state)
{
    (void)state;
    bytes_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_bytes_are_a_copy_with_one_reference),
        cmocka_unit_test(no_bytes_at_all_are_allowed),
        cmocka_unit_test(uninitialised_bytes_can_be_filled_to_their_end),
        cmocka_unit_test(the_last_one_to_let_go_frees),
        cmocka_unit_test(letting_go_of_null_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
