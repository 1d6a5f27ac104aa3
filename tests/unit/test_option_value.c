/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "base/option_value.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static void numbers_are_read_with_their_units(void **state)
{
    (void)state;
    static const struct {
        enum option_type type;
        const char *text;
        int64_t value;
    } good[] = {
        {OPTION_NUMBER, "0", 0},
        {OPTION_NUMBER, "1", 1},
        {OPTION_NUMBER, "007", 7}, /* decimal, whatever it begins with */
        {OPTION_NUMBER, "010", 10},
        {OPTION_NUMBER, "1000000", 1000000},
        {OPTION_NUMBER, "9223372036854775807", INT64_MAX},
        {OPTION_MODE, "0", 0},
        {OPTION_MODE, "0660", 0660},
        {OPTION_MODE, "660", 0660},
        {OPTION_MODE, "0777", 0777},
        {OPTION_SIZE, "0", 0},
        {OPTION_SIZE, "0k", 0},
        {OPTION_SIZE, "1", 1},
        {OPTION_SIZE, "64k", 65536},
        {OPTION_SIZE, "64K", 65536},
        {OPTION_SIZE, "1m", 1048576},
        {OPTION_SIZE, "2g", INT64_C(2147483648)},
        {OPTION_SIZE, "2G", INT64_C(2147483648)},
        {OPTION_SIZE, "1024g", INT64_C(1) << 40},
        {OPTION_SIZE, "9223372036854775807", INT64_MAX},
        {OPTION_SIZE, "8589934591g", INT64_C(8589934591) << 30},
        {OPTION_DURATION, "0", 0},
        {OPTION_DURATION, "0s", 0},
        {OPTION_DURATION, "500ms", 500},
        {OPTION_DURATION, "500MS", 500},
        {OPTION_DURATION, "15s", 15000},
        {OPTION_DURATION, "10m", 10 * MINUTE},
        {OPTION_DURATION, "1h", HOUR},
        {OPTION_DURATION, "1d", DAY},
        {OPTION_DURATION, "9223372036854775807ms", INT64_MAX},
        {OPTION_DURATION, "106751991167d", 106751991167 * DAY},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        int64_t value = -1;
        if (option_value_parse(good[i].type, good[i].text, &value) != 0 || value != good[i].value)
            fail_msg("'%s' was read as %lld", good[i].text, (long long)value);
    }
}

static void what_is_no_number_lacks_a_unit_or_overflows_is_refused(void **state)
{
    (void)state;
    static const struct {
        enum option_type type;
        const char *text;
    } bad[] = {
        {OPTION_NUMBER, ""},
        {OPTION_NUMBER, " "},
        {OPTION_NUMBER, "x"},
        {OPTION_NUMBER, "-1"},
        {OPTION_NUMBER, "-0"},
        {OPTION_NUMBER, "+1"},
        {OPTION_NUMBER, " 1"},
        {OPTION_NUMBER, "1 "},
        {OPTION_NUMBER, "1x"},
        {OPTION_NUMBER, "1.5"},
        {OPTION_NUMBER, "1e3"},
        {OPTION_NUMBER, "0x10"},
        {OPTION_NUMBER, "1k"},
        {OPTION_NUMBER, "1s"},
        {OPTION_NUMBER, "9223372036854775808"},
        {OPTION_NUMBER, "99999999999999999999999"},
        {OPTION_MODE, ""},
        {OPTION_MODE, "0680"},
        {OPTION_MODE, "8"},
        {OPTION_MODE, "08"},
        {OPTION_MODE, "rw"},
        {OPTION_MODE, "0x1ff"},
        {OPTION_MODE, "-0660"},
        {OPTION_MODE, "0660k"},
        {OPTION_SIZE, ""},
        {OPTION_SIZE, "k"},
        {OPTION_SIZE, "64kb"},
        {OPTION_SIZE, "64 k"},
        {OPTION_SIZE, "64q"},
        {OPTION_SIZE, "1.5m"},
        {OPTION_SIZE, "-1k"},
        {OPTION_SIZE, "1mm"},
        {OPTION_SIZE, "1s"},
        {OPTION_SIZE, "1t"},
        {OPTION_SIZE, "8589934592g"},
        {OPTION_SIZE, "9007199254740992k"},
        {OPTION_DURATION, ""},
        {OPTION_DURATION, "15"},
        {OPTION_DURATION, "1"},
        {OPTION_DURATION, "s"},
        {OPTION_DURATION, "15 s"},
        {OPTION_DURATION, "15sec"},
        {OPTION_DURATION, "1h30m"},
        {OPTION_DURATION, "1.5h"},
        {OPTION_DURATION, "-5s"},
        {OPTION_DURATION, "1k"},
        {OPTION_DURATION, "1y"},
        {OPTION_DURATION, "106751991168d"},
        {OPTION_DURATION, "9223372036854775808ms"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int64_t value = -1;
        if (option_value_parse(bad[i].type, bad[i].text, &value) != -1)
            fail_msg("'%s' was read as %lld", bad[i].text, (long long)value);
    }
}

static void values_are_printed_in_the_largest_unit_that_divides_them(void **state)
{
    (void)state;
    static const struct {
        enum option_type type;
        int64_t value;
        const char *expected;
    } values[] = {
        {OPTION_NUMBER, 0, "0"},
        {OPTION_NUMBER, 65536, "65536"},
        {OPTION_NUMBER, INT64_MAX, "9223372036854775807"},
        {OPTION_MODE, 0660, "0660"},
        {OPTION_SIZE, 0, "0"},
        {OPTION_SIZE, 1, "1"},
        {OPTION_SIZE, 1023, "1023"},
        {OPTION_SIZE, 1024, "1k"},
        {OPTION_SIZE, 1025, "1025"},
        {OPTION_SIZE, 1536, "1536"},
        {OPTION_SIZE, 1048576, "1m"},
        {OPTION_SIZE, 1049600, "1025k"},
        {OPTION_SIZE, INT64_C(1) << 40, "1024g"},
        {OPTION_DURATION, 0, "0"},
        {OPTION_DURATION, 1, "1ms"},
        {OPTION_DURATION, 999, "999ms"},
        {OPTION_DURATION, 1000, "1s"},
        {OPTION_DURATION, 1500, "1500ms"},
        {OPTION_DURATION, 90000, "90s"},
        {OPTION_DURATION, 90 * MINUTE, "90m"},
        {OPTION_DURATION, 36 * HOUR, "36h"},
        {OPTION_DURATION, 7 * DAY, "7d"},
    };
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct buffer out = {0};
        option_value_print(values[i].type, values[i].value, &out);
        assert_buffer_equal(&out, values[i].expected);
        buffer_fini(&out);
    }
}

static void what_is_printed_can_be_read_again(void **state)
{
    (void)state;
    static const enum option_type types[] = {OPTION_NUMBER, OPTION_MODE, OPTION_SIZE, OPTION_DURATION};
    static const int64_t values[] = {
        0, 1, 7, 8, 63, 1000, 1024, 60000, 65536, 3600000, 86400000, 1048576, 123456789, INT64_C(1) << 40, INT64_MAX};
    for (size_t i = 0; i < COUNT_OF(types); i++)
        for (size_t j = 0; j < COUNT_OF(values); j++) {
            struct buffer out = {0};
            int64_t value = -1;
            option_value_print(types[i], values[j], &out);
            assert_int_equal(option_value_parse(types[i], out.data, &value), 0);
            assert_true(value == values[j]);
            buffer_fini(&out);
        }
}

static void the_form_names_all_units(void **state)
{
    (void)state;
    assert_string_equal(option_value_form(OPTION_NUMBER), "a whole number");
    assert_contains(option_value_form(OPTION_MODE), "octal");
    assert_contains(option_value_form(OPTION_SIZE), "k, m or g");
    assert_contains(option_value_form(OPTION_DURATION), "ms, s, m, h or d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_with_their_units),
        cmocka_unit_test(what_is_no_number_lacks_a_unit_or_overflows_is_refused),
        cmocka_unit_test(values_are_printed_in_the_largest_unit_that_divides_them),
        cmocka_unit_test(what_is_printed_can_be_read_again),
        cmocka_unit_test(the_form_names_all_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
