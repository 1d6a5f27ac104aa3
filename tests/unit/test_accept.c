/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "http/accept.h"

static void a_type_that_is_named_is_found_in_any_case_and_at_any_place(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "text/event-stream",
        "text/event-stream, */*",
        "text/html,text/event-stream",
        "text/html;q=0.9,\ttext/event-stream;q=0.5",
        "Text/Event-Stream",
        " text/event-stream ",
        "text/event-stream ; charset=utf-8",
        ",,text/event-stream,",
    };
    for (size_t i = 0; i < COUNT_OF(headers); i++)
        assert_true(accept_names(headers[i], "text/event-stream"));
}

static void neither_a_wildcard_nor_a_part_nor_a_parameter_names_it(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "",
        " ",
        ",",
        ";",
        "*/*",
        "text/*",
        "text",
        "text/html",
        "text/event-streams",
        "event-stream",
        "text/event-strea",
        "x;a=text/event-stream",
        "x; text/event-stream",
        "text /event-stream",
        "text/event-stream/",
        "\"text/event-stream\"",
        "\xff\xfe",
    };
    for (size_t i = 0; i < COUNT_OF(headers); i++)
        assert_false(accept_names(headers[i], "text/event-stream"));
    assert_false(accept_names(NULL, "text/event-stream"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_that_is_named_is_found_in_any_case_and_at_any_place),
        cmocka_unit_test(neither_a_wildcard_nor_a_part_nor_a_parameter_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
