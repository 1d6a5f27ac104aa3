/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <stdbool.h>

#include "base/utf8.h"

#define FFFD "\xef\xbf\xbd"

/* --- an independent reference: the decoder of WHATWG Encoding §8.1.1, one byte at a time ------------------------- */

struct decoder {
    uint32_t code_point;
    int seen, needed;
    unsigned char lower, upper;
};

enum step { STEP_CONTINUE, STEP_CODE_POINT, STEP_ERROR, STEP_ERROR_AND_AGAIN };

static void decoder_reset(struct decoder *d)
{
    *d = (struct decoder){.lower = 0x80, .upper = 0xbf};
}

static enum step decoder_begin(struct decoder *d, unsigned char byte)
{
    if (byte <= 0x7f) {
        d->code_point = byte;
        return STEP_CODE_POINT;
    }
    if (byte >= 0xc2 && byte <= 0xdf) {
        d->needed = 1;
        d->code_point = byte & 0x1fu;
    } else if (byte >= 0xe0 && byte <= 0xef) {
        if (byte == 0xe0)
            d->lower = 0xa0;
        if (byte == 0xed)
            d->upper = 0x9f;
        d->needed = 2;
        d->code_point = byte & 0xfu;
    } else if (byte >= 0xf0 && byte <= 0xf4) {
        if (byte == 0xf0)
            d->lower = 0x90;
        if (byte == 0xf4)
            d->upper = 0x8f;
        d->needed = 3;
        d->code_point = byte & 0x7u;
    } else {
        return STEP_ERROR;
    }
    return STEP_CONTINUE;
}

static enum step decoder_step(struct decoder *d, unsigned char byte)
{
    if (d->needed == 0)
        return decoder_begin(d, byte);
    if (byte < d->lower || byte > d->upper) {
        decoder_reset(d);
        return STEP_ERROR_AND_AGAIN;
    }
    d->lower = 0x80;
    d->upper = 0xbf;
    d->code_point = (d->code_point << 6) | (byte & 0x3fu);
    d->seen++;
    if (d->seen != d->needed)
        return STEP_CONTINUE;
    d->seen = d->needed = 0;
    return STEP_CODE_POINT;
}

static size_t encode(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(leads[len] | c);
    return len;
}

/* What a browser would show, in UTF-8; *has_error tells whether the decoder met one. */
static size_t reference_repair(char *out, const unsigned char *text, size_t len, bool *has_error)
{
    struct decoder d;
    size_t written = 0;
    decoder_reset(&d);
    *has_error = false;
    for (size_t i = 0; i < len;) {
        enum step step = decoder_step(&d, text[i]);
        if (step == STEP_CODE_POINT)
            written += encode(out + written, d.code_point);
        if (step == STEP_ERROR || step == STEP_ERROR_AND_AGAIN) {
            written += encode(out + written, 0xfffd);
            *has_error = true;
        }
        if (step != STEP_ERROR_AND_AGAIN)
            i++;
    }
    if (d.needed != 0) {
        written += encode(out + written, 0xfffd);
        *has_error = true;
    }
    return written;
}

/* --- tables ------------------------------------------------------------------------------------------------------ */

static const struct {
    struct span text;
} valid[] = {
    {SPAN_LITERAL("")},
    {SPAN_LITERAL("plain")},
    {SPAN_LITERAL("\0")},
    {SPAN_LITERAL("a\0b")},
    {SPAN_LITERAL("\x7f")},
    {SPAN_LITERAL("\xc2\x80")},
    {SPAN_LITERAL("\xdf\xbf")},
    {SPAN_LITERAL("\xe0\xa0\x80")},
    {SPAN_LITERAL("\xed\x9f\xbf")},
    {SPAN_LITERAL("\xee\x80\x80")},
    {SPAN_LITERAL("\xef\xbb\xbf")},
    {SPAN_LITERAL("\xef\xbf\xbd")},
    {SPAN_LITERAL("\xef\xbf\xbe")}, /* noncharacters are characters */
    {SPAN_LITERAL("\xef\xbf\xbf")},
    {SPAN_LITERAL("\xf0\x90\x80\x80")},
    {SPAN_LITERAL("\xf4\x8f\xbf\xbf")},
    {SPAN_LITERAL("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80!")},
};

static const struct {
    struct span text;
    const char *repaired;
} broken[] = {
    {SPAN_LITERAL("\x80"), FFFD},
    {SPAN_LITERAL("\xbf"), FFFD},
    {SPAN_LITERAL("\x80\x80\x80"), FFFD FFFD FFFD},
    /* overlong forms: each byte for itself */
    {SPAN_LITERAL("\xc0\xaf"), FFFD FFFD},
    {SPAN_LITERAL("\xc1\xbf"), FFFD FFFD},
    {SPAN_LITERAL("\xe0\x80"), FFFD FFFD},
    {SPAN_LITERAL("\xe0\x80\xaf"), FFFD FFFD FFFD},
    {SPAN_LITERAL("\xe0\x9f\xbf"), FFFD FFFD FFFD},
    {SPAN_LITERAL("\xf0\x80\x80\xaf"), FFFD FFFD FFFD FFFD},
    {SPAN_LITERAL("\xf0\x8f\xbf\xbf"), FFFD FFFD FFFD FFFD},
    {SPAN_LITERAL("\xf8\x80\x80\x80\xaf"), FFFD FFFD FFFD FFFD FFFD},
    /* surrogates */
    {SPAN_LITERAL("\xed\xa0\x80"), FFFD FFFD FFFD},
    {SPAN_LITERAL("\xed\xbf\xbf"), FFFD FFFD FFFD},
    {SPAN_LITERAL("\xed\xa0\xbd\xed\xb8\x80"), FFFD FFFD FFFD FFFD FFFD FFFD},
    /* above U+10FFFF */
    {SPAN_LITERAL("\xf4\x90\x80\x80"), FFFD FFFD FFFD FFFD},
    {SPAN_LITERAL("\xf5"), FFFD},
    {SPAN_LITERAL("\xf5\x80\x80\x80"), FFFD FFFD FFFD FFFD},
    {SPAN_LITERAL("\xfe\xff"), FFFD FFFD},
    /* cut short at the end: the whole part for one */
    {SPAN_LITERAL("\xc2"), FFFD},
    {SPAN_LITERAL("\xe2\x82"), FFFD},
    {SPAN_LITERAL("\xf0\x90\x80"), FFFD},
    {SPAN_LITERAL("\xf0\x90"), FFFD},
    {SPAN_LITERAL("\xf0"), FFFD},
    {SPAN_LITERAL("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf"), FFFD FFFD FFFD FFFD},
    /* cut short by what follows */
    {SPAN_LITERAL("\xf0\x90\x80\x41"), FFFD "A"},
    {SPAN_LITERAL("\xe2\x82\x41"), FFFD "A"},
    {SPAN_LITERAL("\xc3("), FFFD "("},
    {SPAN_LITERAL("\xe2\x82\xe2\x82\xac"), FFFD "\xe2\x82\xac"},
    {SPAN_LITERAL("\xc2\xc2\x80"), FFFD "\xc2\x80"},
    {SPAN_LITERAL("\xf4\x8f\xbf\xf4\x8f\xbf\xbf"), FFFD "\xf4\x8f\xbf\xbf"},
    /* The Unicode Standard, table 3-8 */
    {SPAN_LITERAL("\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64"),
     "a" FFFD FFFD FFFD "b" FFFD "c" FFFD FFFD "d"},
};

static void valid_text_is_valid_and_stays_as_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(valid); i++) {
        struct buffer out = {0};
        assert_true(utf8_is_valid(valid[i].text));
        utf8_add_repaired(&out, valid[i].text);
        assert_span_equal(span_of_buffer(&out), valid[i].text);
        buffer_fini(&out);
    }
}

static void every_maximal_broken_part_becomes_one_u_fffd(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        struct buffer out = {0};
        assert_false(utf8_is_valid(broken[i].text));
        utf8_add_repaired(&out, broken[i].text);
        assert_buffer_equal(&out, broken[i].repaired);
        buffer_fini(&out);
    }
}

/* ASCII is skipped in steps of eight bytes: what is broken is found wherever it stands among them. */
static void what_is_broken_is_found_at_every_offset_of_a_longer_text(void **state)
{
    (void)state;
    static const char filler[] = "abcdefghijklmnopqrstuvwxyz";
    for (size_t i = 0; i < COUNT_OF(broken); i++)
        for (int before = 0; before <= 17; before++)
            for (int after = 0; after <= 9; after++) {
                struct buffer text = {0}, expected = {0}, out = {0};
                buffer_printf(&text, "%.*s", before, filler);
                buffer_add(&text, broken[i].text.data, broken[i].text.len);
                buffer_printf(&text, "%.*s", after, filler);
                buffer_printf(&expected, "%.*s%s%.*s", before, filler, broken[i].repaired, after, filler);
                assert_false(utf8_is_valid(span_of_buffer(&text)));
                utf8_add_repaired(&out, span_of_buffer(&text));
                assert_span_equal(span_of_buffer(&out), span_of_buffer(&expected));
                buffer_fini(&text);
                buffer_fini(&expected);
                buffer_fini(&out);
            }
}

static void no_text_at_all_is_valid(void **state)
{
    (void)state;
    struct buffer out = {0};
    assert_true(utf8_is_valid((struct span){0}));
    utf8_add_repaired(&out, (struct span){0});
    assert_int_equal(out.len, 0);
    buffer_fini(&out);
}

static void the_repaired_text_is_appended(void **state)
{
    (void)state;
    struct buffer out = {0};
    buffer_add_string(&out, "before ");
    utf8_add_repaired(&out, span_of_literal("a\x80"));
    assert_buffer_equal(&out, "before a" FFFD);
    buffer_fini(&out);
}

/* The text stands in memory of its exact length, so that the address sanitizer sees a read behind it. */
static void nothing_behind_the_text_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        struct buffer out = {0};
        char *text = malloc(broken[i].text.len); /* test_malloc would put a margin behind it */
        assert_non_null(text);
        memcpy(text, broken[i].text.data, broken[i].text.len);
        utf8_add_repaired(&out, (struct span){text, broken[i].text.len});
        assert_false(utf8_is_valid((struct span){text, broken[i].text.len}));
        free(text);
        buffer_fini(&out);
    }
}

static void assert_read_as_the_standard_says(const unsigned char *text, size_t len, struct buffer *out)
{
    struct span span = {(const char *)text, len};
    char expected[12];
    bool has_error;
    size_t expected_len = reference_repair(expected, text, len, &has_error);
    buffer_clear(out);
    utf8_add_repaired(out, span);
    if (utf8_is_valid(span) != has_error && out->len == expected_len && memcmp(out->data, expected, out->len) == 0)
        return;
    for (size_t i = 0; i < len; i++)
        print_error("%02x ", text[i]);
    fail_msg("is read otherwise than the standard says");
}

static void all_sequences_of_one_to_three_bytes_are_read_as_the_standard_says(void **state)
{
    (void)state;
    struct buffer out = {0};
    for (size_t len = 1; len <= 3; len++)
        for (uint32_t n = 0; n < (uint32_t)1 << (8 * len); n++)
            assert_read_as_the_standard_says(
                (unsigned char[]){(unsigned char)n, (unsigned char)(n >> 8), (unsigned char)(n >> 16)}, len, &out);
    buffer_fini(&out);
}

/* Four bytes are too many for all; these are all beginnings with all bytes at the borders of the ranges. */
static void sequences_of_four_bytes_are_read_as_the_standard_says(void **state)
{
    (void)state;
    static const unsigned char borders[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0,
                                            0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff};
    const size_t count = COUNT_OF(borders);
    struct buffer out = {0};
    for (unsigned first = 0xc0; first <= 0xff; first++)
        for (size_t i = 0; i < count * count * count; i++)
            assert_read_as_the_standard_says((unsigned char[]){(unsigned char)first, borders[i % count],
                                                               borders[i / count % count], borders[i / count / count]},
                                             4, &out);
    buffer_fini(&out);
}

static void repaired_text_is_valid_and_at_most_three_times_as_long(void **state)
{
    (void)state;
    struct buffer out = {0};
    char text[1000];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(i * 151 % 256);
    utf8_add_repaired(&out, (struct span){text, sizeof(text)});
    assert_true(utf8_is_valid(span_of_buffer(&out)));
    assert_in_range(out.len, 1, 3 * sizeof(text));
    memset(text, 0xff, sizeof(text));
    buffer_clear(&out);
    utf8_add_repaired(&out, (struct span){text, sizeof(text)});
    assert_true(utf8_is_valid(span_of_buffer(&out)));
    assert_int_equal(out.len, 3 * sizeof(text));
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_text_is_valid_and_stays_as_it_is),
        cmocka_unit_test(every_maximal_broken_part_becomes_one_u_fffd),
        cmocka_unit_test(what_is_broken_is_found_at_every_offset_of_a_longer_text),
        cmocka_unit_test(no_text_at_all_is_valid),
        cmocka_unit_test(the_repaired_text_is_appended),
        cmocka_unit_test(nothing_behind_the_text_is_read),
        cmocka_unit_test(all_sequences_of_one_to_three_bytes_are_read_as_the_standard_says),
        cmocka_unit_test(sequences_of_four_bytes_are_read_as_the_standard_says),
        cmocka_unit_test(repaired_text_is_valid_and_at_most_three_times_as_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
