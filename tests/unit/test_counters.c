/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "base/counters.h"

static void a_registry_without_counters_reports_nothing(void **state)
{
    (void)state;
    struct counters counters;
    struct buffer out = {0};
    counters_init(&counters);
    counters_report(&counters, &out);
    assert_int_equal(out.len, 0);
    buffer_fini(&out);
}

static void counters_are_reported_in_order_of_registration(void **state)
{
    (void)state;
    struct counters counters;
    struct counter open = {0}, ended = {0}, bytes = {0};
    struct buffer out = {0};
    counters_init(&counters);
    counters_register(&counters, &open, "streams.open");
    counters_register(&counters, &ended, "streams.ended");
    counters_register(&counters, &bytes, "bytes");
    open.value = 3;
    bytes.value = UINT64_MAX;
    counters_report(&counters, &out);
    assert_buffer_equal(&out, "streams.open=3 streams.ended=0 bytes=18446744073709551615");
    buffer_fini(&out);
}

static void a_report_shows_the_values_of_its_moment_and_is_appended(void **state)
{
    (void)state;
    struct counters counters;
    struct counter one = {0};
    struct buffer out = {0};
    counters_init(&counters);
    counters_register(&counters, &one, "one");
    one.value++;
    counters_report(&counters, &out);
    one.value++;
    buffer_add_string(&out, "; ");
    counters_report(&counters, &out);
    assert_buffer_equal(&out, "one=1; one=2");
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registry_without_counters_reports_nothing),
        cmocka_unit_test(counters_are_reported_in_order_of_registration),
        cmocka_unit_test(a_report_shows_the_values_of_its_moment_and_is_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
