/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/history_ends.h"

#include "unit.h"

enum { LENGTH = 80, TRIM = LENGTH / 8, TTL_MS = 16000, LIFE_MS = TTL_MS / 16 };

struct fixture {
    struct keys keys;
    struct run run;
    struct history_ends ends;
};

static int make(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    if (f == NULL)
        return -1;
    keys_init(&f->keys, "push:");
    history_ends_init(&f->ends, LENGTH, TTL_MS);
    *state = f;
    return 0;
}

static int drop(void **state)
{
    struct fixture *f = *state;
    history_ends_fini(&f->ends);
    run_fini(&f->run);
    keys_fini(&f->keys);
    free(f);
    return 0;
}

/* A run of one item for each letter: an event of the channel of that name; 'M' is a marker. */
static void learn(struct fixture *f, const char *items, struct event_id log_end, int64_t now_ms)
{
    run_clear(&f->run);
    for (; *items != '\0'; items++) {
        struct span name = {items, 1};
        if (*items == 'M')
            run_add_marker(&f->run, &f->keys, span_of("1"), name);
        else
            run_add_event(&f->run, &f->keys, span_of("1"), name, EVENT_ID_NONE, &(struct envelope){0});
    }
    history_ends_learn(&f->ends, &f->run, log_end, now_ms);
}

#define check_end(f, channel, now_ms, expected_ms, expected_seq)                                                       \
    do {                                                                                                               \
        struct event_id end = history_ends_take(&(f)->ends, span_of(channel), now_ms);                                 \
        assert_int_equal(end.ms, expected_ms);                                                                         \
        assert_int_equal(end.seq, expected_seq);                                                                       \
    } while (0)

#define check_unknown(f, channel, now_ms) check_end(f, channel, now_ms, 0, 0)

static void nothing_is_known_at_first(void **state)
{
    struct fixture *f = *state;
    check_unknown(f, "a", 0);
    assert_int_equal(event_id_compare(f->ends.log_end, EVENT_ID_NONE), 0);
}

static void a_history_ends_with_the_channels_last_item(void **state)
{
    struct fixture *f = *state;
    learn(f, "abaM", (struct event_id){1000, 13}, 0);
    check_end(f, "a", 0, 1000, 12);
    check_end(f, "b", 0, 1000, 11);
    check_unknown(f, "M", 0);
    assert_int_equal(f->ends.log_end.seq, 13);
    learn(f, "cb", (struct event_id){1001, 1}, 0);
    check_end(f, "a", 0, 1000, 12);
    check_end(f, "b", 0, 1001, 1);
    check_end(f, "c", 0, 1001, 0);
}

static void a_name_of_any_length_is_told_apart(void **state)
{
    struct fixture *f = *state;
    char name[129];

    memset(name, 'x', sizeof(name));
    run_add_gap(&f->run, &f->keys, span_of("1"), (struct span){name, 128}, EVENT_ID_NONE);
    run_add_gap(&f->run, &f->keys, span_of("2"), (struct span){name, 127}, EVENT_ID_NONE);
    history_ends_learn(&f->ends, &f->run, (struct event_id){7, 1}, 0);
    assert_int_equal(history_ends_take(&f->ends, (struct span){name, 128}, 0).seq, 0);
    assert_int_equal(history_ends_take(&f->ends, (struct span){name, 127}, 0).seq, 1);
    assert_int_equal(history_ends_take(&f->ends, (struct span){name, 126}, 0).ms, 0);
}

static void the_script_looks_again_after_an_eighth_of_the_length(void **state)
{
    struct fixture *f = *state;
    for (uint64_t n = 0; n < TRIM; n++) {
        if (n > 0)
            check_end(f, "a", 0, 1000, n - 1);
        learn(f, "a", (struct event_id){1000, n}, 0);
    }
    check_unknown(f, "a", 0);
    learn(f, "a", (struct event_id){1001, 0}, 0);
    check_end(f, "a", 0, 1001, 0);
}

static void the_script_looks_again_after_a_16th_of_the_life(void **state)
{
    struct fixture *f = *state;
    learn(f, "a", (struct event_id){1000, 0}, 5000);
    check_end(f, "a", 5000 + LIFE_MS - 1, 1000, 0);
    check_unknown(f, "a", 5000 + LIFE_MS);
    learn(f, "a", (struct event_id){2000, 0}, 5000 + LIFE_MS);
    check_end(f, "a", 5000 + 2 * LIFE_MS - 1, 2000, 0);
    check_unknown(f, "a", 5000 + 2 * LIFE_MS);
}

static void a_short_history_is_always_looked_at(void **state)
{
    struct fixture *f = *state;
    struct history_ends ends;

    history_ends_init(&ends, 7, TTL_MS);
    run_add_gap(&f->run, &f->keys, span_of("1"), span_of("a"), EVENT_ID_NONE);
    history_ends_learn(&ends, &f->run, (struct event_id){7, 1}, 0);
    assert_int_equal(history_ends_take(&ends, span_of("a"), 0).ms, 0);
    history_ends_fini(&ends);
}

static void what_is_forgotten_is_not_known(void **state)
{
    struct fixture *f = *state;
    learn(f, "ab", (struct event_id){1000, 1}, 0);
    history_ends_forget(&f->ends, (struct event_id){2000, 5});
    check_unknown(f, "a", 0);
    assert_int_equal(f->ends.log_end.ms, 2000);
    learn(f, "b", (struct event_id){2000, 6}, 0);
    check_unknown(f, "a", 0);
    check_end(f, "b", 0, 2000, 6);
}

static void so_many_channels_are_known_at_most(void **state)
{
    struct fixture *f = *state;
    enum { MANY = 40000, LIMIT = 32768 };
    struct buffer name = {0};

    for (uint64_t n = 0; n < MANY; n++) {
        buffer_clear(&name);
        buffer_printf(&name, "c%d", (int)n);
        run_clear(&f->run);
        run_add_gap(&f->run, &f->keys, span_of("1"), span_of_buffer(&name), EVENT_ID_NONE);
        history_ends_learn(&f->ends, &f->run, (struct event_id){1000, n}, 0);
    }
    check_end(f, "c39999", 0, 1000, MANY - 1);
    check_end(f, "c32768", 0, 1000, LIMIT);
    check_unknown(f, "c32767", 0);
    buffer_fini(&name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_known_at_first, make, drop),
        cmocka_unit_test_setup_teardown(a_history_ends_with_the_channels_last_item, make, drop),
        cmocka_unit_test_setup_teardown(a_name_of_any_length_is_told_apart, make, drop),
        cmocka_unit_test_setup_teardown(the_script_looks_again_after_an_eighth_of_the_length, make, drop),
        cmocka_unit_test_setup_teardown(the_script_looks_again_after_a_16th_of_the_life, make, drop),
        cmocka_unit_test_setup_teardown(a_short_history_is_always_looked_at, make, drop),
        cmocka_unit_test_setup_teardown(what_is_forgotten_is_not_known, make, drop),
        cmocka_unit_test_setup_teardown(so_many_channels_are_known_at_most, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
