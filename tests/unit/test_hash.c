/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hash.h"

#include "unit.h"

enum { LEN = 40 };

static uint64_t hash(const void *data, size_t len)
{
    return hash_add(HASH_INIT, data, len);
}

static void the_same_content_has_the_same_hash_wherever_it_stands(void **state)
{
    (void)state;
    char store[LEN + 8];
    for (size_t at = 0; at < 8; at++) {
        memset(store, 'x', sizeof(store));
        memcpy(store + at, "the same content of some length", 31);
        assert_true(hash(store + at, 31) == hash("the same content of some length", 31));
    }
}

static void each_bit_and_each_byte_more_counts(void **state)
{
    (void)state;
    char content[LEN] = {0};
    uint64_t seen[LEN + 1 + LEN * 8];
    size_t count = 0;

    for (size_t len = 0; len <= LEN; len++)
        seen[count++] = hash(content, len);
    for (size_t bit = 0; bit < sizeof(content) * 8; bit++) {
        content[bit / 8] = (char)(1 << bit % 8);
        seen[count++] = hash(content, LEN);
        content[bit / 8] = 0;
    }
    assert_int_equal(count, COUNT_OF(seen));
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            assert_true(seen[i] != seen[k]);
}

/* Differences at the top of two words must not meet there and make up for each other. */
static void two_changes_do_not_cancel_out(void **state)
{
    (void)state;
    uint64_t plain[3] = {0};
    uint64_t none = hash(plain, sizeof(plain));
    for (unsigned first = 1; first < 256; first++)
        for (unsigned second = 0; second < 256; second++) {
            uint64_t words[3] = {(uint64_t)first << 56, (uint64_t)second << 56, 0};
            assert_true(hash(words, sizeof(words)) != none);
        }
}

static void what_was_hashed_before_counts(void **state)
{
    (void)state;
    assert_true(hash_add(hash("a", 1), "b", 1) != hash_add(hash("b", 1), "a", 1));
    assert_true(hash_add(hash("a", 1), "b", 1) == hash_add(hash("a", 1), "b", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_content_has_the_same_hash_wherever_it_stands),
        cmocka_unit_test(each_bit_and_each_byte_more_counts),
        cmocka_unit_test(two_changes_do_not_cancel_out),
        cmocka_unit_test(what_was_hashed_before_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
