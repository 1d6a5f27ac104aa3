/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/place.h"

#include "unit.h"

static void a_place_is_read_word_by_word(void **state)
{
    (void)state;
    static const struct {
        struct span text;
        bool is_given;
        struct event_id last;
        const char *marker;
        uint64_t position;
    } rows[] = {
        {SPAN_LITERAL("5-7"), true, {5, 7}, "", 0},
        {SPAN_LITERAL("5-7 m 9"), true, {5, 7}, "m", 9},
        {SPAN_LITERAL("0-0 m 18446744073709551615"), true, {0, 0}, "m", UINT64_MAX},
        {SPAN_LITERAL("5-7 m"), true, {5, 7}, "m", 0},
        {SPAN_LITERAL("5-7 m 9 more"), true, {5, 7}, "m", 9},
        {SPAN_LITERAL("no-id m 9"), true, {0, 0}, "m", 9},
        {SPAN_LITERAL("18446744073709551616-1"), true, {0, 0}, "", 0},
        {SPAN_LITERAL(""), false, {0, 0}, "", 0},
        {SPAN_LITERAL("  "), false, {0, 0}, "", 0},
        {{NULL, 0}, false, {0, 0}, "", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        print_message("%zu\n", i);
        struct place place = place_read(rows[i].text);
        assert_int_equal(place.is_given, rows[i].is_given);
        assert_int_equal(event_id_compare(place.last, rows[i].last), 0);
        assert_span_equal(place.marker, span_of(rows[i].marker));
        assert_true(place.position == rows[i].position);
    }
}

static void a_position_that_is_no_number_is_0(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "18446744073709551616", "99999999999999999999999", "-1", "+1", "1.0", "1e3", "0x10", "12a", "\xd9\xa1",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        char text[100];
        snprintf(text, sizeof(text), "5-7 m %s", texts[i]);
        print_message("%s\n", text);
        struct place place = place_read(span_of(text));
        assert_span_equal(place.marker, span_of("m"));
        assert_true(place.position == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_is_read_word_by_word),
        cmocka_unit_test(a_position_that_is_no_number_is_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
