/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/channel_name.h"
#include "unit.h"

#define TEN "0123456789"
#define LONGEST TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "01234567"

static void exactly_the_alphabet_is_valid(void **state)
{
    (void)state;
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
    for (int c = 0; c < 256; c++) {
        bool is_in_alphabet = c != 0 && strchr(alphabet, c) != NULL;
        char name[] = {'a', (char)c, 'b'};
        assert_int_equal(channel_char_is_valid((char)c), is_in_alphabet);
        assert_int_equal(channel_name_is_valid((struct span){name, sizeof(name)}), is_in_alphabet);
    }
}

static void names_have_1_to_128_bytes(void **state)
{
    (void)state;
    assert_int_equal(strlen(LONGEST), 128);
    assert_false(channel_name_is_valid(span_of("")));
    assert_true(channel_name_is_valid(span_of("a")));
    assert_true(channel_name_is_valid(span_of(LONGEST)));
    assert_false(channel_name_is_valid(span_of(LONGEST "x")));
}

static void the_names_of_the_protocol_are_reserved(void **state)
{
    (void)state;
    static const char *const reserved[] = {"inbox",    "log",       "recorder",    "lease",     "break",
                                           "history:", "history:a", "history:a:b", "recorded:", "recorded:1"};
    static const char *const free_names[] = {"Inbox",    "inbox2",   "logs",      "lo",         "my:log",    "history",
                                             "recorded", "History:", "recorder2", "a:history:", "breakfast", "lease:",
                                             "-",        ".",        ":",         "_"};
    for (size_t i = 0; i < COUNT_OF(reserved); i++)
        if (channel_name_is_valid(span_of(reserved[i])) || channel_pattern_is_valid(span_of(reserved[i])))
            fail_msg("%s is reserved", reserved[i]);
    for (size_t i = 0; i < COUNT_OF(free_names); i++)
        if (!channel_name_is_valid(span_of(free_names[i])) || !channel_pattern_is_valid(span_of(free_names[i])))
            fail_msg("%s is a name", free_names[i]);
}

static void a_pattern_is_a_name_or_a_beginning_with_a_star(void **state)
{
    (void)state;
    static const char *const good[] = {"*", "a*", "user:*", LONGEST "*", "news", "log*", "inbox*", "history:*"};
    static const char *const bad[] = {"",   "**",   "*a",  "a*b",        "a**",      "a b*",
                                      "a?", "[a]*", "a,*", LONGEST "0*", "\xc3\xa9*"};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (!channel_pattern_is_valid(span_of(good[i])))
            fail_msg("%s is a pattern", good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (channel_pattern_is_valid(span_of(bad[i])))
            fail_msg("%s is no pattern", bad[i]);
}

static void a_pattern_matches_its_name_or_what_begins_like_it(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool matches;
    } table[] = {
        {"*", "a", true},         {"*", LONGEST, true},    {"news", "news", true},  {"news", "new", false},
        {"news", "newsy", false}, {"news", "News", false}, {"news*", "news", true}, {"news*", "newsy", true},
        {"news*", "new", false},  {"a:*", "a:b", true},    {"a:*", "a", false},     {"a:*", "b:a:", false},
        {"a.*", "axb", false},    {"a.*", "a.b", true},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (channel_pattern_matches(span_of(table[i].pattern), span_of(table[i].name)) != table[i].matches)
            fail_msg("%s and %s", table[i].pattern, table[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_the_alphabet_is_valid),
        cmocka_unit_test(names_have_1_to_128_bytes),
        cmocka_unit_test(the_names_of_the_protocol_are_reserved),
        cmocka_unit_test(a_pattern_is_a_name_or_a_beginning_with_a_star),
        cmocka_unit_test(a_pattern_matches_its_name_or_what_begins_like_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
