/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/record.h"

#include <stdlib.h>

#include "unit.h"

static void a_header_is_read_back_as_it_was_written(void **state)
{
    (void)state;
    static const struct record_header headers[] = {
        {1, RECORD_STDOUT, 1, 0, 0}, {1, RECORD_PARAMS, 0x1234, 0xfffe, 255}, {255, 255, 65535, 65535, 7}};
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        uint8_t bytes[RECORD_HEADER_LEN];
        struct record_header read;
        record_header_encode(&headers[i], bytes);
        record_header_decode(bytes, &read);
        assert_int_equal(read.version, headers[i].version);
        assert_int_equal(read.type, headers[i].type);
        assert_int_equal(read.request_id, headers[i].request_id);
        assert_int_equal(read.content_len, headers[i].content_len);
        assert_int_equal(read.padding_len, headers[i].padding_len);
    }
    uint8_t bytes[RECORD_HEADER_LEN];
    record_header_encode(&(struct record_header){1, 6, 0x0102, 0x0304, 5}, bytes);
    assert_memory_equal(bytes, "\x01\x06\x01\x02\x03\x04\x05\x00", 8);
}

static void padding_rounds_up_to_eight(void **state)
{
    (void)state;
    for (size_t len = 0; len <= RECORD_CONTENT_LIMIT; len++) {
        assert_int_equal((len + record_padding(len)) % 8, 0);
        assert_true(record_padding(len) < 8);
    }
}

static void a_record_is_header_content_and_zero_padding(void **state)
{
    (void)state;
    struct buffer out = {0};
    record_add(&out, RECORD_STDOUT, 258, "hello", 5);
    assert_span_equal(span_of_buffer(&out), span_of_literal("\x01\x06\x01\x02\x00\x05\x03\x00hello\0\0\0"));
    buffer_clear(&out);
    record_add(&out, RECORD_PARAMS, 1, NULL, 0);
    assert_span_equal(span_of_buffer(&out), span_of_literal("\x01\x04\x00\x01\x00\x00\x00\x00"));
    buffer_fini(&out);
}

static void the_largest_record_fits(void **state)
{
    (void)state;
    struct buffer out = {0};
    char *content = calloc(1, RECORD_CONTENT_LIMIT);
    record_add(&out, RECORD_STDIN, 1, content, RECORD_CONTENT_LIMIT);
    assert_int_equal(out.len, RECORD_HEADER_LEN + 65536);
    assert_memory_equal(out.data, "\x01\x05\x00\x01\xff\xff\x01\x00", 8);
    free(content);
    buffer_fini(&out);
}

static void a_part_of_a_stream_is_cut_into_records_of_which_only_the_last_is_padded(void **state)
{
    (void)state;
    static const struct {
        size_t len, records;
    } cases[] = {{0, 0}, {1, 1}, {65528, 1}, {65529, 2}, {131056, 2}, {200000, 4}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t len = cases[i].len, size = record_stream_size(len), at = 0, taken = 0, records = 0;
        char *content = malloc(len + 1);
        char *out = malloc(size + 1);
        for (size_t j = 0; j < len; j++)
            content[j] = (char)(j * 31 >> 3);
        assert_ptr_equal(record_put_stream(out, RECORD_PARAMS, 7, (struct span){content, len}), out + size);
        for (; at < size; records++) {
            struct record_header header;
            record_header_decode((const uint8_t *)out + at, &header);
            assert_int_equal(header.type, RECORD_PARAMS);
            assert_int_equal(header.request_id, 7);
            assert_memory_equal(out + at + RECORD_HEADER_LEN, content + taken, header.content_len);
            taken += header.content_len;
            assert_true(header.padding_len == 0 || taken == len);
            at += record_size(header.content_len);
        }
        assert_int_equal(at, size);
        assert_int_equal(taken, len);
        assert_int_equal(records, cases[i].records);
        free(content);
        free(out);
    }
}

static void the_fixed_bodies_are_those_of_the_specification(void **state)
{
    (void)state;
    struct buffer out = {0};
    record_add_begin(&out, 1, RECORD_ROLE_FILTER, RECORD_FLAG_KEEP_CONN);
    assert_span_equal(span_of_buffer(&out), span_of_literal("\x01\x01\0\x01\0\x08\0\0"
                                                            "\0\x03\x01\0\0\0\0\0"));
    buffer_clear(&out);
    record_add_end(&out, 1, RECORD_OVERLOADED);
    assert_span_equal(span_of_buffer(&out), span_of_literal("\x01\x03\0\x01\0\x08\0\0"
                                                            "\0\0\0\0\x02\0\0\0"));
    buffer_clear(&out);
    record_add_unknown_type(&out, 77);
    assert_span_equal(span_of_buffer(&out), span_of_literal("\x01\x0b\0\0\0\x08\0\0"
                                                            "M\0\0\0\0\0\0\0"));
    buffer_fini(&out);
}

static void lengths_below_128_take_one_byte_and_others_four(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        struct span encoded;
    } table[] = {
        {0, SPAN_LITERAL("\0")},
        {1, SPAN_LITERAL("\x01")},
        {127, SPAN_LITERAL("\x7f")},
        {128, SPAN_LITERAL("\x80\0\0\x80")},
        {65535, SPAN_LITERAL("\x80\0\xff\xff")},
        {65536, SPAN_LITERAL("\x80\x01\0\0")},
        {100000, SPAN_LITERAL("\x80\x01\x86\xa0")},
    };
    char *value = calloc(1, 100000);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer out = {0};
        record_add_pair(&out, span_of("n"), (struct span){value, table[i].len});
        assert_int_equal(out.data[0], 1);
        assert_span_equal(((struct span){out.data + 1, table[i].encoded.len}), table[i].encoded);
        assert_int_equal(out.len, 2 + table[i].encoded.len + table[i].len);
        buffer_fini(&out);
    }
    free(value);
}

static void pairs_are_read_back_as_they_were_written(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 127, 128, 129, 255, 256, 70000};
    char *text = malloc(70000);
    struct buffer out = {0};
    memset(text, 'x', 70000);
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        for (size_t j = 0; j < COUNT_OF(lengths); j++)
            record_add_pair(&out, (struct span){text, lengths[i]}, (struct span){text, lengths[j]});
    struct span rest = span_of_buffer(&out);
    struct span name, value;
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        for (size_t j = 0; j < COUNT_OF(lengths); j++) {
            assert_true(record_take_pair(&rest, &name, &value));
            assert_span_equal(name, ((struct span){text, lengths[i]}));
            assert_span_equal(value, ((struct span){text, lengths[j]}));
        }
    assert_int_equal(rest.len, 0);
    assert_false(record_take_pair(&rest, &name, &value));
    buffer_fini(&out);
    free(text);
}

static void a_pair_that_is_not_whole_is_not_taken(void **state)
{
    (void)state;
    struct buffer out = {0};
    char value[200] = {0};
    record_add_pair(&out, span_of("name"), (struct span){value, sizeof(value)});
    for (size_t len = 0; len < out.len; len++) {
        /* A copy of its own, so that a byte read too far is noticed. */
        char *copy = malloc(len + 1);
        struct span content = {copy, len};
        struct span taken_name, taken_value;
        memcpy(copy, out.data, len);
        assert_false(record_take_pair(&content, &taken_name, &taken_value));
        assert_ptr_equal(content.data, copy);
        assert_int_equal(content.len, len);
        free(copy);
    }
    buffer_fini(&out);
}

static void lengths_up_to_2_31_are_read_and_found_too_long(void **state)
{
    (void)state;
    static const struct span contents[] = {
        SPAN_LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff"
                     "abc"),
        SPAN_LITERAL("\xff\xff\xff\xff\x01"
                     "abc"),
        SPAN_LITERAL("\x01\xff\xff\xff\xff"
                     "abc"),
        SPAN_LITERAL("\x80\0\0\x03\x01"
                     "abc"),
        SPAN_LITERAL("\x03\x01"
                     "abc"),
    };
    for (size_t i = 0; i < COUNT_OF(contents); i++) {
        struct span content = contents[i];
        struct span name, value;
        assert_false(record_take_pair(&content, &name, &value));
    }
    struct span content = SPAN_LITERAL("\x80\0\0\x01\x80\0\0\x01"
                                       "nv");
    struct span name, value;
    assert_true(record_take_pair(&content, &name, &value));
    assert_span_equal(name, span_of("n"));
    assert_span_equal(value, span_of("v"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_read_back_as_it_was_written),
        cmocka_unit_test(padding_rounds_up_to_eight),
        cmocka_unit_test(a_record_is_header_content_and_zero_padding),
        cmocka_unit_test(the_largest_record_fits),
        cmocka_unit_test(a_part_of_a_stream_is_cut_into_records_of_which_only_the_last_is_padded),
        cmocka_unit_test(the_fixed_bodies_are_those_of_the_specification),
        cmocka_unit_test(lengths_below_128_take_one_byte_and_others_four),
        cmocka_unit_test(pairs_are_read_back_as_they_were_written),
        cmocka_unit_test(a_pair_that_is_not_whole_is_not_taken),
        cmocka_unit_test(lengths_up_to_2_31_are_read_and_found_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
