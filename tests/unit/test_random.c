/* SPDX-License-Identifier: BSD-2-Clause */
/* Bounds are checked over so many draws that a wrong one shows; a right one never fails for bad luck (below 1e-80). */
#include "unit.h"

#include <stdbool.h>

#include "base/random.h"

enum { DRAWS = 20000 };

static void a_range_is_kept_and_both_its_ends_are_reached(void **state)
{
    (void)state;
    static const struct {
        int64_t low, high;
    } ranges[] = {{0, 1}, {1, 6}, {-3, 3}, {-90, -80}, {INT64_MAX - 4, INT64_MAX}, {INT64_MIN, INT64_MIN + 4}};
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        bool has_low = false, has_high = false;
        for (int draw = 0; draw < DRAWS; draw++) {
            int64_t number = random_between(ranges[i].low, ranges[i].high);
            assert_true(number >= ranges[i].low && number <= ranges[i].high);
            has_low = has_low || number == ranges[i].low;
            has_high = has_high || number == ranges[i].high;
        }
        assert_true(has_low && has_high);
    }
}

static void a_range_of_one_number_gives_that_number(void **state)
{
    (void)state;
    assert_int_equal(random_between(0, 0), 0);
    assert_int_equal(random_between(-7, -7), -7);
    assert_true(random_between(INT64_MAX, INT64_MAX) == INT64_MAX);
}

static void a_wide_range_is_kept(void **state)
{
    (void)state;
    for (int draw = 0; draw < DRAWS; draw++)
        assert_true(random_between(0, INT64_MAX) >= 0);
}

static void numbers_are_evenly_distributed(void **state)
{
    (void)state;
    enum { FACES = 8, ROLLS = 80000 };
    int seen[FACES] = {0};
    for (int roll = 0; roll < ROLLS; roll++)
        seen[random_between(0, FACES - 1)]++;
    /* 10,000 each are expected with a deviation of 94: 20 deviations never happen. */
    for (int face = 0; face < FACES; face++)
        assert_in_range(seen[face], 8000, 12000);
}

static void a_jittered_value_stays_within_a_third_and_reaches_both_ends(void **state)
{
    (void)state;
    bool has_low = false, has_high = false;
    for (int draw = 0; draw < DRAWS; draw++) {
        int64_t number = random_jitter(30);
        assert_in_range(number, 20, 40);
        has_low = has_low || number == 20;
        has_high = has_high || number == 40;
    }
    assert_true(has_low && has_high);
    for (int draw = 0; draw < DRAWS; draw++)
        assert_in_range(random_jitter(3000), 2000, 4000);
}

static void values_without_a_third_stay_what_they_are(void **state)
{
    (void)state;
    assert_int_equal(random_jitter(0), 0);
    assert_int_equal(random_jitter(1), 1);
    assert_int_equal(random_jitter(2), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_is_kept_and_both_its_ends_are_reached),
        cmocka_unit_test(a_range_of_one_number_gives_that_number),
        cmocka_unit_test(a_wide_range_is_kept),
        cmocka_unit_test(numbers_are_evenly_distributed),
        cmocka_unit_test(a_jittered_value_stays_within_a_third_and_reaches_both_ends),
        cmocka_unit_test(values_without_a_third_stay_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
