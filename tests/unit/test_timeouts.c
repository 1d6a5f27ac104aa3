/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "base/timeouts.h"

enum { LENGTH_MS = 100 };

struct fixture {
    struct timeouts timeouts;
    struct timeout first, second, third;
};

static int make(void **state)
{
    static struct fixture fixture;
    timeouts_init(&fixture.timeouts, LENGTH_MS);
    timeout_init(&fixture.first);
    timeout_init(&fixture.second);
    timeout_init(&fixture.third);
    *state = &fixture;
    return 0;
}

static void without_timeouts_nothing_ever_falls_due(void **state)
{
    struct fixture *f = *state;
    assert_true(timeouts_due(&f->timeouts) == TIMEOUT_NEVER);
    assert_null(timeouts_take_due(&f->timeouts, INT64_MAX - 1));
    assert_true(f->first.due_ms == TIMEOUT_NEVER);
}

static void a_timeout_falls_due_after_its_length_and_not_a_millisecond_before(void **state)
{
    struct fixture *f = *state;
    timeout_start(&f->timeouts, &f->first, 1000);
    assert_int_equal(f->first.due_ms, 1100);
    assert_int_equal(timeouts_due(&f->timeouts), 1100);
    assert_null(timeouts_take_due(&f->timeouts, 1099));
    assert_ptr_equal(timeouts_take_due(&f->timeouts, 1100), &f->first);
}

static void a_taken_timeout_is_stopped(void **state)
{
    struct fixture *f = *state;
    timeout_start(&f->timeouts, &f->first, 0);
    assert_ptr_equal(timeouts_take_due(&f->timeouts, 5000), &f->first);
    assert_true(f->first.due_ms == TIMEOUT_NEVER);
    assert_true(timeouts_due(&f->timeouts) == TIMEOUT_NEVER);
    assert_null(timeouts_take_due(&f->timeouts, 5000));
    timeout_start(&f->timeouts, &f->first, 5000);
    assert_int_equal(timeouts_due(&f->timeouts), 5100);
}

static void timeouts_fall_due_in_the_order_in_which_they_were_started(void **state)
{
    struct fixture *f = *state;
    timeout_start(&f->timeouts, &f->second, 10);
    timeout_start(&f->timeouts, &f->first, 20);
    timeout_start(&f->timeouts, &f->third, 20);
    assert_int_equal(timeouts_due(&f->timeouts), 110);
    assert_ptr_equal(timeouts_take_due(&f->timeouts, 120), &f->second);
    assert_ptr_equal(timeouts_take_due(&f->timeouts, 120), &f->first);
    assert_ptr_equal(timeouts_take_due(&f->timeouts, 120), &f->third);
    assert_null(timeouts_take_due(&f->timeouts, 120));
}

static void only_those_are_taken_that_are_due(void **state)
{
    struct fixture *f = *state;
    timeout_start(&f->timeouts, &f->first, 10);
    timeout_start(&f->timeouts, &f->second, 11);
    assert_ptr_equal(timeouts_take_due(&f->timeouts, 110), &f->first);
    assert_null(timeouts_take_due(&f->timeouts, 110));
    assert_int_equal(timeouts_due(&f->timeouts), 111);
}

static void starting_again_counts_from_now(void **state)
{
    struct fixture *f = *state;
    timeout_start(&f->timeouts, &f->first, 0);
    timeout_start(&f->timeouts, &f->second, 10);
    timeout_start(&f->timeouts, &f->first, 50);
    assert_int_equal(timeouts_due(&f->timeouts), 110);
    assert_ptr_equal(timeouts_take_due(&f->timeouts, 149), &f->second);
    assert_null(timeouts_take_due(&f->timeouts, 149));
    assert_ptr_equal(timeouts_take_due(&f->timeouts, 150), &f->first);
}

static void a_stopped_timeout_does_not_fall_due(void **state)
{
    struct fixture *f = *state;
    timeout_start(&f->timeouts, &f->first, 0);
    timeout_start(&f->timeouts, &f->second, 10);
    timeout_stop(&f->first);
    assert_true(f->first.due_ms == TIMEOUT_NEVER);
    assert_int_equal(timeouts_due(&f->timeouts), 110);
    assert_ptr_equal(timeouts_take_due(&f->timeouts, 1000), &f->second);
    assert_null(timeouts_take_due(&f->timeouts, 1000));
}

static void stopping_what_does_not_run_is_harmless(void **state)
{
    struct fixture *f = *state;
    timeout_stop(&f->first);
    timeout_start(&f->timeouts, &f->second, 0);
    timeout_stop(&f->first);
    timeout_stop(&f->second);
    timeout_stop(&f->second);
    assert_true(timeouts_due(&f->timeouts) == TIMEOUT_NEVER);
}

static void a_length_of_nothing_is_due_at_once(void **state)
{
    struct fixture *f = *state;
    timeouts_init(&f->timeouts, 0);
    timeout_start(&f->timeouts, &f->first, 7);
    assert_ptr_equal(timeouts_take_due(&f->timeouts, 7), &f->first);
}

static void the_earliest_of_several_moments_is_found(void **state)
{
    const int64_t dues[] = {TIMEOUT_NEVER, 7, -3, 5, TIMEOUT_NEVER};
    (void)state;
    assert_int_equal(timeout_earliest(dues, 5), -3);
    assert_int_equal(timeout_earliest(dues, 2), 7);
    assert_true(timeout_earliest(dues, 1) == TIMEOUT_NEVER);
    assert_true(timeout_earliest(dues, 0) == TIMEOUT_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_earliest_of_several_moments_is_found),
        cmocka_unit_test_setup(without_timeouts_nothing_ever_falls_due, make),
        cmocka_unit_test_setup(a_timeout_falls_due_after_its_length_and_not_a_millisecond_before, make),
        cmocka_unit_test_setup(a_taken_timeout_is_stopped, make),
        cmocka_unit_test_setup(timeouts_fall_due_in_the_order_in_which_they_were_started, make),
        cmocka_unit_test_setup(only_those_are_taken_that_are_due, make),
        cmocka_unit_test_setup(starting_again_counts_from_now, make),
        cmocka_unit_test_setup(a_stopped_timeout_does_not_fall_due, make),
        cmocka_unit_test_setup(stopping_what_does_not_run_is_harmless, make),
        cmocka_unit_test_setup(a_length_of_nothing_is_due_at_once, make),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
