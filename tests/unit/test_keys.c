/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/keys.h"

#include "unit.h"

static void all_names_stand_under_the_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *prefix, *log, *inbox, *lease, *last_break, *recorder;
    } rows[] = {
        {"push:", "push:log", "push:inbox", "push:lease", "push:break", "push:recorder"},
        {"p", "plog", "pinbox", "please", "pbreak", "precorder"},
        {"{a}:", "{a}:log", "{a}:inbox", "{a}:lease", "{a}:break", "{a}:recorder"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct keys keys;
        keys_init(&keys, rows[i].prefix);
        assert_string_equal(keys.prefix, rows[i].prefix);
        assert_string_equal(keys.log, rows[i].log);
        assert_string_equal(keys.inbox, rows[i].inbox);
        assert_string_equal(keys.lease, rows[i].lease);
        assert_string_equal(keys.last_break, rows[i].last_break);
        assert_string_equal(keys.recorder, rows[i].recorder);
        keys_fini(&keys);
    }
}

static void a_prefix_of_64_characters_is_kept_whole(void **state)
{
    (void)state;
    char prefix[65], log[80];
    struct keys keys;
    struct buffer name = {0};

    memset(prefix, 'x', 64);
    prefix[64] = '\0';
    snprintf(log, sizeof(log), "%slog", prefix);
    keys_init(&keys, prefix);
    assert_string_equal(keys.log, log);
    keys_add_history(&keys, span_of("a"), &name);
    assert_int_equal(name.len, 64 + strlen("history:a"));
    buffer_fini(&name);
    keys_fini(&keys);
}

static void names_of_channels_and_markers_are_appended_to_what_is_there(void **state)
{
    (void)state;
    struct keys keys;
    struct buffer name = {0};

    keys_init(&keys, "push:");
    keys_add_history(&keys, span_of("news"), &name);
    assert_buffer_equal(&name, "push:history:news");
    keys_add_counter(&keys, span_of("0123abcd"), &name);
    assert_buffer_equal(&name, "push:history:newspush:recorded:0123abcd");
    buffer_fini(&name);
    keys_fini(&keys);
}

static void a_name_is_the_bytes_of_the_span_and_no_more(void **state)
{
    (void)state;
    static const char text[] = "news and more";
    struct keys keys;
    struct buffer name = {0};

    keys_init(&keys, "push:");
    keys_add_history(&keys, (struct span){text, 4}, &name);
    assert_buffer_equal(&name, "push:history:news");
    buffer_clear(&name);
    keys_add_counter(&keys, (struct span){text, 4}, &name);
    assert_buffer_equal(&name, "push:recorded:news");
    buffer_clear(&name);
    keys_add_history(&keys, span_of_literal("a%s\0b"), &name);
    assert_span_equal(span_of_buffer(&name), span_of_literal("push:history:a%s\0b"));
    buffer_fini(&name);
    keys_fini(&keys);
}

static void a_name_in_a_used_buffer_is_that_of_this_channel(void **state)
{
    (void)state;
    struct keys keys;
    struct buffer name = {0};

    keys_init(&keys, "push:");
    keys_add_history(&keys, span_of("a-long-name"), &name);
    buffer_clear(&name);
    keys_add_history(&keys, span_of("b"), &name);
    assert_buffer_equal(&name, "push:history:b");
    buffer_fini(&name);
    keys_fini(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_names_stand_under_the_prefix),
        cmocka_unit_test(a_prefix_of_64_characters_is_kept_whole),
        cmocka_unit_test(names_of_channels_and_markers_are_appended_to_what_is_there),
        cmocka_unit_test(a_name_is_the_bytes_of_the_span_and_no_more),
        cmocka_unit_test(a_name_in_a_used_buffer_is_that_of_this_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
