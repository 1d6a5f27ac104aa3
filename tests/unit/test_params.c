/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "http/params.h"

static char *const strings[] = {
    (char *)"REQUEST_METHOD=GET",    (char *)"QUERY_STRING=a=b&c=d", (char *)"EMPTY=",
    (char *)"PATH_INFO=/first",      (char *)"NO_EQUALS_SIGN",       (char *)"=nameless",
    (char *)"PATH_INFO_MORE=longer", (char *)"PATH_INFO=/last",      NULL,
};
static const struct params params = {.strings = strings};

static void a_variable_has_its_value(void **state)
{
    (void)state;
    assert_string_equal(params_get(&params, "REQUEST_METHOD"), "GET");
    assert_string_equal(params_text(&params, "REQUEST_METHOD"), "GET");
}

static void a_value_begins_behind_the_first_equals_sign(void **state)
{
    (void)state;
    assert_string_equal(params_get(&params, "QUERY_STRING"), "a=b&c=d");
}

static void an_unset_variable_is_null_or_empty_text(void **state)
{
    (void)state;
    assert_null(params_get(&params, "REMOTE_ADDR"));
    assert_string_equal(params_text(&params, "REMOTE_ADDR"), "");
    assert_null(params_get(&params, "NO_EQUALS_SIGN"));
}

static void an_empty_variable_is_set(void **state)
{
    (void)state;
    assert_non_null(params_get(&params, "EMPTY"));
    assert_string_equal(params_get(&params, "EMPTY"), "");
    assert_string_equal(params_text(&params, "EMPTY"), "");
}

static void names_are_compared_whole_and_with_their_case(void **state)
{
    (void)state;
    assert_null(params_get(&params, "REQUEST"));
    assert_null(params_get(&params, "REQUEST_METHODS"));
    assert_null(params_get(&params, "request_method"));
    assert_null(params_get(&params, "PATH_INFO_"));
    assert_string_equal(params_get(&params, "PATH_INFO_MORE"), "longer");
}

static void the_last_of_several_values_counts(void **state)
{
    (void)state;
    assert_string_equal(params_get(&params, "PATH_INFO"), "/last");
}

static void without_variables_none_is_set(void **state)
{
    (void)state;
    char *const none[] = {NULL};
    const struct params empty = {.strings = none};
    assert_null(params_get(&empty, "PATH_INFO"));
    assert_string_equal(params_text(&empty, "PATH_INFO"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_variable_has_its_value),
        cmocka_unit_test(a_value_begins_behind_the_first_equals_sign),
        cmocka_unit_test(an_unset_variable_is_null_or_empty_text),
        cmocka_unit_test(an_empty_variable_is_set),
        cmocka_unit_test(names_are_compared_whole_and_with_their_case),
        cmocka_unit_test(the_last_of_several_values_counts),
        cmocka_unit_test(without_variables_none_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
