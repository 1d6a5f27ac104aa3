/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/decoder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fcgi/record.h"
#include "unit.h"

static void add(struct buffer *params, const char *name, const char *value)
{
    record_add_pair(params, span_of(name), span_of(value));
}

/* How many variables there are, but for FCGI_ROLE, which the library adds. */
static size_t count(const struct params *params)
{
    size_t count = 0;
    for (char *const *string = params->strings; *string != NULL; string++)
        count += strncmp(*string, "FCGI_ROLE=", 10) != 0;
    return count;
}

/* A plain request decodes: whatever happened before has left nothing behind. */
static void check_next(void)
{
    struct buffer raw = {0};
    add(&raw, "REQUEST_METHOD", "GET");
    add(&raw, "QUERY_STRING", "channel=a");
    struct decoded *decoded = decoder_decode(1, &raw);
    assert_non_null(decoded);
    struct params params = decoded_params(decoded);
    assert_string_equal(params_text(&params, "REQUEST_METHOD"), "GET");
    assert_string_equal(params_text(&params, "QUERY_STRING"), "channel=a");
    assert_int_equal(count(&params), 2);
    decoded_free(decoded);
    buffer_fini(&raw);
}

static void pairs_become_variables(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        check_next();
}

static void a_request_may_have_none(void **state)
{
    (void)state;
    struct decoded *decoded = decoder_decode(1, &(struct buffer){0});
    assert_non_null(decoded);
    struct params params = decoded_params(decoded);
    assert_int_equal(count(&params), 0);
    decoded_free(decoded);
    check_next();
}

static void values_may_be_empty_or_hold_any_character(void **state)
{
    (void)state;
    struct buffer raw = {0};
    add(&raw, "EMPTY", "");
    add(&raw, "EQUALS", "a=b=c");
    add(&raw, "BYTES", "\xff\x01\r\n \"");
    struct decoded *decoded = decoder_decode(1, &raw);
    struct params params = decoded_params(decoded);
    assert_string_equal(params_get(&params, "EMPTY"), "");
    assert_string_equal(params_get(&params, "EQUALS"), "a=b=c");
    assert_string_equal(params_get(&params, "BYTES"), "\xff\x01\r\n \"");
    assert_null(params_get(&params, "OTHER"));
    decoded_free(decoded);
    buffer_fini(&raw);
}

static void of_a_name_given_twice_the_last_counts(void **state)
{
    (void)state;
    struct buffer raw = {0};
    add(&raw, "PUSH_CHANNELS", "first");
    add(&raw, "OTHER", "x");
    add(&raw, "PUSH_CHANNELS", "second");
    struct decoded *decoded = decoder_decode(1, &raw);
    struct params params = decoded_params(decoded);
    assert_string_equal(params_get(&params, "PUSH_CHANNELS"), "second");
    decoded_free(decoded);
    buffer_fini(&raw);
}

/* `names` pairs with values of `len` bytes. */
static void check_many(unsigned names, size_t len)
{
    struct buffer raw = {0};
    char name[24];
    char *value = malloc(len + 1);
    memset(value, 'v', len);
    value[len] = '\0';
    for (unsigned i = 0; i < names; i++) {
        snprintf(name, sizeof(name), "NAME_%u", i);
        add(&raw, name, value);
    }
    struct decoded *decoded = decoder_decode(65535, &raw);
    assert_non_null(decoded);
    struct params params = decoded_params(decoded);
    assert_int_equal(count(&params), names);
    for (unsigned i = 0; i < names; i += 1 + names / 20) {
        snprintf(name, sizeof(name), "NAME_%u", i);
        assert_string_equal(params_text(&params, name), value);
    }
    decoded_free(decoded);
    free(value);
    buffer_fini(&raw);
    check_next();
}

static void there_may_be_many_and_long_ones(void **state)
{
    (void)state;
    check_many(2000, 3);
    check_many(1, 60000);
    check_many(1, 65500);
    check_many(600, 100);
    check_many(60, 1000);
}

static void more_than_one_record_of_them_is_decoded(void **state)
{
    (void)state;
    check_many(1, 65535);
    check_many(1, 200000);
    check_many(1000, 127);
    check_many(1000, 128);
    check_many(20, 40000);
}

static void malformed_pairs_are_refused_and_the_next_request_decodes(void **state)
{
    (void)state;
    static const struct span table[] = {
        SPAN_LITERAL("\x05"),
        SPAN_LITERAL("\x05\x05"
                     "name"),
        SPAN_LITERAL("\x04\x05"
                     "nameval"),
        SPAN_LITERAL("\x80"),
        SPAN_LITERAL("\x80\0"),
        SPAN_LITERAL("\x80\0\0\x04\x01nam"),
        SPAN_LITERAL("\xff\xff\xff\xff\x01nam"),
        SPAN_LITERAL("\x01\xff\xff\xff\xff"
                     "nam"),
        SPAN_LITERAL("\x80\x7f\xff\xff\x80\x7f\xff\xff"
                     "x"),
        SPAN_LITERAL("\x01\x01"
                     "ab\x01"),
        SPAN_LITERAL("\x01\x01"
                     "ab\x09\x01"
                     "x"),
    };
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < COUNT_OF(table); i++) {
            struct buffer raw = {0};
            buffer_add(&raw, table[i].data, table[i].len);
            struct decoded *decoded = decoder_decode(1, &raw);
            if (decoded != NULL)
                fail_msg("row %zu was decoded", i);
            buffer_fini(&raw);
            check_next();
        }
}

static void random_bytes_do_no_harm(void **state)
{
    (void)state;
    srandom(4);
    for (int round = 0; round < 3000; round++) {
        struct buffer raw = {0};
        for (long len = random() % 100; len > 0; len--)
            buffer_add_char(&raw, (char)(random() % 3 == 0 ? random() : random() % 6));
        decoded_free(decoder_decode(1, &raw));
        buffer_fini(&raw);
    }
    check_next();
}

static void two_requests_may_be_decoded_side_by_side(void **state)
{
    (void)state;
    struct buffer raw = {0};
    add(&raw, "WHICH", "first");
    struct decoded *first = decoder_decode(1, &raw);
    buffer_clear(&raw);
    add(&raw, "WHICH", "second");
    struct decoded *second = decoder_decode(2, &raw);
    struct params params = decoded_params(first);
    assert_string_equal(params_text(&params, "WHICH"), "first");
    params = decoded_params(second);
    assert_string_equal(params_text(&params, "WHICH"), "second");
    decoded_free(first);
    decoded_free(second);
    decoded_free(NULL);
    buffer_fini(&raw);
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    assert_non_null(directory);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static void no_descriptor_is_lost_on_errors(void **state)
{
    (void)state;
    struct buffer raw = {0};
    check_next();
    size_t before = open_descriptors();
    buffer_add_string(&raw, "\x05\x05"
                            "name");
    for (int i = 0; i < 50; i++) {
        assert_null(decoder_decode(1, &raw));
        check_next();
    }
    assert_int_equal(open_descriptors(), before);
    buffer_fini(&raw);
}

static int set_up(void **state)
{
    (void)state;
    return decoder_init();
}

static int tear_down(void **state)
{
    (void)state;
    decoder_fini();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_become_variables),
        cmocka_unit_test(a_request_may_have_none),
        cmocka_unit_test(values_may_be_empty_or_hold_any_character),
        cmocka_unit_test(of_a_name_given_twice_the_last_counts),
        cmocka_unit_test(there_may_be_many_and_long_ones),
        cmocka_unit_test(more_than_one_record_of_them_is_decoded),
        cmocka_unit_test(malformed_pairs_are_refused_and_the_next_request_decodes),
        cmocka_unit_test(random_bytes_do_no_harm),
        cmocka_unit_test(two_requests_may_be_decoded_side_by_side),
        cmocka_unit_test(no_descriptor_is_lost_on_errors),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
