/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/request.h"

#include "unit.h"

/* Compares the whole command. */
#define assert_whole(request, literal) assert_span_equal(request_whole(request), span_of_literal(literal))

static void a_command_is_an_array_of_bulk_strings(void **state)
{
    (void)state;
    struct request request = {0};
    request_add_text(&request, "SET");
    request_add_text(&request, "key");
    request_add_text(&request, "the value");
    assert_int_equal(request.count, 3);
    assert_whole(&request, "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$9\r\nthe value\r\n");
    request_fini(&request);
}

static void a_word_is_sent_byte_for_byte(void **state)
{
    (void)state;
    static const struct {
        struct span word, whole;
    } rows[] = {
        {SPAN_LITERAL(""), SPAN_LITERAL("*1\r\n$0\r\n\r\n")},
        {{NULL, 0}, SPAN_LITERAL("*1\r\n$0\r\n\r\n")},
        {SPAN_LITERAL(" "), SPAN_LITERAL("*1\r\n$1\r\n \r\n")},
        {SPAN_LITERAL("\0"), SPAN_LITERAL("*1\r\n$1\r\n\0\r\n")},
        {SPAN_LITERAL("a\0b"), SPAN_LITERAL("*1\r\n$3\r\na\0b\r\n")},
        {SPAN_LITERAL("\r\n"), SPAN_LITERAL("*1\r\n$2\r\n\r\n\r\n")},
        {SPAN_LITERAL("\r\n*1\r\n"), SPAN_LITERAL("*1\r\n$6\r\n\r\n*1\r\n\r\n")},
        {SPAN_LITERAL("%s%n%d"), SPAN_LITERAL("*1\r\n$6\r\n%s%n%d\r\n")},
        {SPAN_LITERAL("\xff\xfe\x80"), SPAN_LITERAL("*1\r\n$3\r\n\xff\xfe\x80\r\n")},
        {SPAN_LITERAL("\"q\" \\"), SPAN_LITERAL("*1\r\n$5\r\n\"q\" \\\r\n")},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct request request = {0};
        request_add(&request, rows[i].word);
        assert_span_equal(request_whole(&request), rows[i].whole);
        request_fini(&request);
    }
}

/* At each number of digits that a length may have. */
static void a_length_is_written_in_decimal_whatever_its_size(void **state)
{
    (void)state;
    static const size_t lens[] = {1, 9, 10, 11, 99, 100, 101, 999, 1000, 65535, 65536, 1000000, 1 << 20};
    struct buffer word = {0};
    struct buffer expected = {0};
    struct request request = {0};

    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        buffer_clear(&word);
        while (word.len < lens[i])
            buffer_add_char(&word, (char)('a' + word.len % 26));
        buffer_clear(&expected);
        buffer_printf(&expected, "*1\r\n$%zu\r\n%s\r\n", lens[i], word.data);
        request_clear(&request);
        request_add(&request, span_of_buffer(&word));
        assert_span_equal(request_whole(&request), span_of_buffer(&expected));
    }
    request_fini(&request);
    buffer_fini(&expected);
    buffer_fini(&word);
}

static void any_number_is_one_word_in_decimal(void **state)
{
    (void)state;
    static const struct {
        int64_t number;
        const char *whole;
    } rows[] = {
        {0, "*1\r\n$1\r\n0\r\n"},
        {7, "*1\r\n$1\r\n7\r\n"},
        {-1, "*1\r\n$2\r\n-1\r\n"},
        {3600000, "*1\r\n$7\r\n3600000\r\n"},
        {INT64_MAX, "*1\r\n$19\r\n9223372036854775807\r\n"},
        {INT64_MIN, "*1\r\n$20\r\n-9223372036854775808\r\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct request request = {0};
        request_add_number(&request, rows[i].number);
        assert_int_equal(request.count, 1);
        assert_span_equal(request_whole(&request), span_of(rows[i].whole));
        request_fini(&request);
    }
}

static void the_words_of_another_follow_and_are_counted(void **state)
{
    (void)state;
    struct request head = {0};
    struct request tail = {0};

    request_add_text(&head, "EVALSHA");
    request_join(&head, &tail); /* of no words */
    assert_whole(&head, "*1\r\n$7\r\nEVALSHA\r\n");
    request_add(&tail, (struct span){0});
    request_add_number(&tail, 12);
    request_join(&head, &tail);
    assert_int_equal(head.count, 3);
    assert_whole(&head, "*3\r\n$7\r\nEVALSHA\r\n$0\r\n\r\n$2\r\n12\r\n");
    assert_int_equal(tail.count, 2);
    assert_whole(&tail, "*2\r\n$0\r\n\r\n$2\r\n12\r\n");
    request_add_text(&head, "x");
    assert_whole(&head, "*4\r\n$7\r\nEVALSHA\r\n$0\r\n\r\n$2\r\n12\r\n$1\r\nx\r\n");
    assert_whole(&tail, "*2\r\n$0\r\n\r\n$2\r\n12\r\n");
    request_fini(&tail);
    request_fini(&head);
}

static void an_empty_one_can_be_joined_with_an_empty_one(void **state)
{
    (void)state;
    struct request request = {0};
    struct request other = {0};
    request_join(&request, &other);
    assert_int_equal(request.count, 0);
    assert_whole(&request, "*0\r\n");
    request_fini(&other);
    request_fini(&request);
}

static void asking_for_the_whole_changes_nothing(void **state)
{
    (void)state;
    struct request request = {0};
    request_add_text(&request, "PING");
    assert_whole(&request, "*1\r\n$4\r\nPING\r\n");
    assert_whole(&request, "*1\r\n$4\r\nPING\r\n");
    request_add_text(&request, "x");
    assert_whole(&request, "*2\r\n$4\r\nPING\r\n$1\r\nx\r\n");
    request_fini(&request);
}

static void a_cleared_one_is_as_new(void **state)
{
    (void)state;
    struct request request = {0};
    request_clear(&request);
    for (int round = 0; round < 3; round++) {
        request_add_text(&request, "a word longer than what comes after it");
        request_add_text(&request, "and another");
        request_whole(&request);
        request_clear(&request);
        assert_int_equal(request.count, 0);
        assert_whole(&request, "*0\r\n");
        request_add_text(&request, "GET");
        assert_whole(&request, "*1\r\n$3\r\nGET\r\n");
        request_clear(&request);
    }
    request_fini(&request);
}

static void the_number_of_words_is_written_in_decimal(void **state)
{
    (void)state;
    struct request request = {0};
    struct buffer expected = {0};

    for (size_t count = 1; count <= 1803; count++) {
        request_add_text(&request, "w");
        if (count != 9 && count != 10 && count != 99 && count != 100 && count != 1803)
            continue;
        buffer_clear(&expected);
        buffer_printf(&expected, "*%zu\r\n", count);
        for (size_t i = 0; i < count; i++)
            buffer_add_string(&expected, "$1\r\nw\r\n");
        assert_span_equal(request_whole(&request), span_of_buffer(&expected));
    }
    buffer_fini(&expected);
    request_fini(&request);
}

static void an_id_is_a_word_and_none_is_an_empty_one(void **state)
{
    (void)state;
    static const struct {
        struct event_id id;
        const char *word;
    } rows[] = {
        {{0, 0}, ""},
        {{0, 1}, "0-1"},
        {{1, 0}, "1-0"},
        {{1700000000000, 12}, "1700000000000-12"},
        {{UINT64_MAX, UINT64_MAX}, "18446744073709551615-18446744073709551615"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct request request = {0}, expected = {0};
        request_add_id(&request, rows[i].id);
        request_add_text(&expected, rows[i].word);
        assert_int_equal(request.count, 1);
        assert_span_equal(request_whole(&request), request_whole(&expected));
        request_fini(&request);
        request_fini(&expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_an_array_of_bulk_strings),
        cmocka_unit_test(a_word_is_sent_byte_for_byte),
        cmocka_unit_test(a_length_is_written_in_decimal_whatever_its_size),
        cmocka_unit_test(any_number_is_one_word_in_decimal),
        cmocka_unit_test(the_words_of_another_follow_and_are_counted),
        cmocka_unit_test(an_empty_one_can_be_joined_with_an_empty_one),
        cmocka_unit_test(asking_for_the_whole_changes_nothing),
        cmocka_unit_test(a_cleared_one_is_as_new),
        cmocka_unit_test(the_number_of_words_is_written_in_decimal),
        cmocka_unit_test(an_id_is_a_word_and_none_is_an_empty_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
