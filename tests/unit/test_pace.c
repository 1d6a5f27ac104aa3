/* SPDX-License-Identifier: BSD-2-Clause */
/* Work waits when it takes a large share of the time, and only then. Times are in microseconds. */
#include "base/pace.h"

#include "base/timeouts.h"
#include "unit.h"

enum { BOUND_MS = 20, BOUND_US = 20000, START_US = 5000000, MS = 1000 };

/* Work of one length that is wanted at a steady rate, as a process meets it that is told of each by a turn. */
struct load {
    int64_t every_us;
    int64_t takes_us;
};

struct outcome {
    int64_t pieces, waited, longest_us, spent_us, passed_us;
};

/* Ten seconds of it, from rest. The loop turns whenever something is wanted, and when the pace says so. */
static struct outcome work(struct pace *pace, const struct load *load)
{
    struct outcome outcome = {.passed_us = 10000 * MS};
    int64_t now_us = START_US;
    int64_t next_us = START_US;
    bool is_wanted = false;

    while (now_us < START_US + outcome.passed_us) {
        for (; next_us <= now_us; next_us += load->every_us)
            is_wanted = true;
        int64_t waited_us = pace_waited_us(pace, now_us);
        if (is_wanted && pace_allows(pace, now_us)) {
            pace_spend(pace, now_us, load->takes_us);
            now_us += load->takes_us;
            is_wanted = false;
            outcome.pieces++;
            outcome.waited += waited_us > 0;
            outcome.spent_us += load->takes_us;
            outcome.longest_us = waited_us > outcome.longest_us ? waited_us : outcome.longest_us;
            continue;
        }
        int64_t due_ms = pace_due(pace);
        int64_t timer_us = due_ms == TIMEOUT_NEVER ? INT64_MAX : due_ms * MS;
        if (timer_us <= now_us)
            timer_us = now_us + MS;
        now_us = next_us < timer_us ? next_us : timer_us;
    }
    return outcome;
}

static void an_overload_is_forgotten_soon(void **state)
{
    struct pace pace;
    int64_t now_us = START_US;

    (void)state;
    pace_init(&pace, BOUND_MS);
    for (size_t i = 0; i < 1000; i++, now_us += 25 * MS)
        pace_spend(&pace, now_us, 25 * MS);
    assert_false(pace_allows(&pace, now_us));
    assert_true(pace_allows(&pace, now_us + BOUND_US + PACE_PARTS * 25 * MS));
    pace_spend(&pace, now_us + 1000 * MS, MS);
    assert_true(pace_allows(&pace, now_us + 1001 * MS));
}

static void what_leaves_most_of_the_time_never_waits(void **state)
{
    static const struct load loads[] = {
        {1000 * MS, 3 * MS},  /* a message a second to many */
        {20 * MS, 4 * MS},    /* 50 a second to 1,000 streams, on a slow machine */
        {1 * MS, 10},         /* 1,000 a second to a few */
        {100, 5},             /* 10,000 a second to one each */
        {1000 * MS, 19 * MS}, /* a message a second to very many */
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(loads); i++) {
        struct pace pace;
        pace_init(&pace, BOUND_MS);
        struct outcome outcome = work(&pace, &loads[i]);
        assert_int_equal(outcome.pieces, outcome.passed_us / loads[i].every_us);
        assert_int_equal(outcome.waited, 0);
    }
}

static void what_would_take_more_than_its_share_is_kept_to_it(void **state)
{
    static const struct load loads[] = {{1 * MS, 2500}, {1 * MS, 900}, {3 * MS, 3 * MS}, {500, 1500}, {5 * MS, 4 * MS}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(loads); i++) {
        struct pace pace;
        pace_init(&pace, BOUND_MS);
        struct outcome outcome = work(&pace, &loads[i]);
        assert_true(outcome.waited > outcome.pieces / 2);
        assert_in_range(outcome.spent_us, outcome.passed_us / PACE_PARTS * 8 / 10,
                        outcome.passed_us / PACE_PARTS + PACE_SAVED_US);
        assert_true(outcome.longest_us <= BOUND_US);
    }
}

static void nothing_ever_waits_beyond_the_bound(void **state)
{
    static const struct load loads[] = {{1 * MS, 2500},     {1 * MS, 12 * MS}, {1 * MS, 60 * MS},
                                        {30 * MS, 25 * MS}, {700, 33333},      {100 * MS, 500 * MS}};
    static const int64_t bounds_ms[] = {1, 2, 20, 100, 1000};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(loads); i++) {
        for (size_t j = 0; j < COUNT_OF(bounds_ms); j++) {
            struct pace pace;
            pace_init(&pace, bounds_ms[j]);
            struct outcome outcome = work(&pace, &loads[i]);
            assert_true(outcome.pieces > 0);
            assert_true(outcome.longest_us <= bounds_ms[j] * MS);
        }
    }
}

static void a_bound_of_nothing_lets_nothing_wait(void **state)
{
    struct pace pace;
    (void)state;
    pace_init(&pace, 0);
    struct outcome outcome = work(&pace, &(struct load){1 * MS, 5 * MS});
    assert_int_equal(outcome.waited, 0);
    assert_int_equal(outcome.pieces, outcome.passed_us / (5 * MS));
}

/* The share of a tenth of a second is saved up in rest; what is saved up longer ago is forgotten. */
static void after_a_rest_several_pieces_follow_one_another_at_once(void **state)
{
    static const int64_t rests_us[] = {100 * MS, 1000 * MS, 3600 * 1000 * (int64_t)MS};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rests_us); i++) {
        struct pace pace;
        int64_t now_us = START_US;
        size_t pieces = 0;
        pace_init(&pace, 1000);
        pace_spend(&pace, now_us, 2 * MS);
        for (now_us += rests_us[i]; pace_allows(&pace, now_us); now_us += 2 * MS, pieces++)
            pace_spend(&pace, now_us, 2 * MS);
        assert_int_equal(pieces, PACE_SAVED_US / ((PACE_PARTS - 1) * 2 * MS) + 1);
    }
}

static void one_long_piece_after_a_rest_lets_the_next_one_wait(void **state)
{
    struct pace pace;
    (void)state;
    pace_init(&pace, BOUND_MS);
    assert_true(pace_allows(&pace, START_US));
    pace_spend(&pace, START_US, 25 * MS);
    assert_false(pace_allows(&pace, START_US + 26 * MS));
    assert_int_equal(pace_due(&pace), (START_US + 26 * MS + BOUND_US) / MS);
    assert_int_equal(pace_waited_us(&pace, START_US + 30 * MS), 4 * MS);
    assert_false(pace_allows(&pace, START_US + 45 * MS));
    assert_true(pace_allows(&pace, START_US + 46 * MS));
    assert_true(pace_due(&pace) == TIMEOUT_NEVER);
    assert_int_equal(pace_waited_us(&pace, START_US + 47 * MS), 0);
}

static void what_cannot_wait_is_paid_for_by_what_can(void **state)
{
    struct pace pace;
    (void)state;
    pace_init(&pace, BOUND_MS);
    assert_true(pace_allows(&pace, START_US));
    for (int64_t now_us = START_US; now_us < START_US + 40 * MS; now_us += 2 * MS)
        pace_spend(&pace, now_us, 2 * MS);
    assert_false(pace_allows(&pace, START_US + 40 * MS));
    assert_int_equal(pace_due(&pace), (START_US + 40 * MS + BOUND_US) / MS);
}

static void what_is_withdrawn_waits_no_longer_and_the_next_waits_anew(void **state)
{
    struct pace pace;
    (void)state;
    pace_init(&pace, BOUND_MS);
    pace_withdraw(&pace);
    pace_spend(&pace, START_US, 100 * MS);
    assert_false(pace_allows(&pace, START_US + 100 * MS));
    pace_withdraw(&pace);
    assert_true(pace_due(&pace) == TIMEOUT_NEVER);
    assert_int_equal(pace_waited_us(&pace, START_US + 110 * MS), 0);
    assert_false(pace_allows(&pace, START_US + 110 * MS));
    assert_int_equal(pace_due(&pace), (START_US + 110 * MS + BOUND_US) / MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_overload_is_forgotten_soon),
        cmocka_unit_test(what_leaves_most_of_the_time_never_waits),
        cmocka_unit_test(what_would_take_more_than_its_share_is_kept_to_it),
        cmocka_unit_test(nothing_ever_waits_beyond_the_bound),
        cmocka_unit_test(a_bound_of_nothing_lets_nothing_wait),
        cmocka_unit_test(after_a_rest_several_pieces_follow_one_another_at_once),
        cmocka_unit_test(one_long_piece_after_a_rest_lets_the_next_one_wait),
        cmocka_unit_test(what_cannot_wait_is_paid_for_by_what_can),
        cmocka_unit_test(what_is_withdrawn_waits_no_longer_and_the_next_waits_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
