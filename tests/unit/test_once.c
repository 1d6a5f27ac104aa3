/* SPDX-License-Identifier: BSD-2-Clause */
#include "../bench/once.h"

#include "unit.h"

static void the_median_is_the_one_in_the_middle_or_the_mean_of_two(void **state)
{
    (void)state;
    static const struct {
        uint64_t times_ns[5];
        unsigned count;
        uint64_t median;
    } cases[] = {
        {{0}, 0, 0},           {{7}, 1, 7},
        {{9, 3}, 2, 6},        {{3000, 8, 5}, 3, 8}, /* one hiccup does not count */
        {{4, 40, 2, 1}, 4, 3}, {{5, 4, 3, 2, 1}, 5, 3},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(once_median(cases[i].times_ns, cases[i].count), cases[i].median);
}

static void every_message_has_both_of_its_times(void **state)
{
    (void)state;
    static struct once once;
    for (unsigned i = 0; i < ONCE_MAX; i++)
        once_add(&once, i, 2 * i);
    assert_int_equal(once.count, ONCE_MAX);
    assert_int_equal(once.written_ns[ONCE_MAX - 1], ONCE_MAX - 1);
    assert_int_equal(once_median(once.read_ns, once.count), ONCE_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_median_is_the_one_in_the_middle_or_the_mean_of_two),
        cmocka_unit_test(every_message_has_both_of_its_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
