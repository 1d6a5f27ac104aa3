/* SPDX-License-Identifier: BSD-2-Clause */
/* How many events a poll is answered with: push/poll.h. */
#include <stdio.h>

#include "polling.h"
#include "unit.h"

static void a_limit_takes_the_first_events_after_a_position(void **state)
{
    struct polling *polling = *state;
    for (size_t i = 0; i < 4; i++, polling_next_ms(polling))
        polling_publish(polling, i % 2 == 0 ? "a" : "b");
    ASK(polling, &polling->asked[0], "ab", ALL, .limit = 2);
    assert_poll_answer_at(&polling->asked[0], "a1 b1", STAGE_MS + 1, 1);
    ASK(polling, &polling->asked[0], "ab", SINCE("9000000000001-1." STAGE_TAG), .limit = 1);
    assert_poll_answer_at(&polling->asked[0], "a1", STAGE_MS + 2, 1);
    ASK(polling, &polling->asked[0], "ab", SINCE("9000000000002-1." STAGE_TAG), .limit = 1);
    /* Nothing is left behind it, so the position is the newest one. */
    assert_poll_answer_at(&polling->asked[0], "b1", STAGE_MS + 4, 0);
    ASK(polling, &polling->asked[0], "ab", ALL, .limit = SIZE_MAX);
    assert_poll_answer_at(&polling->asked[0], "a1 b1 a1 b1", STAGE_MS + 4, 0);
}

static void a_limit_takes_the_newest_events_where_there_is_no_position(void **state)
{
    struct polling *polling = *state;
    for (size_t i = 0; i < 5; i++) {
        polling_publish(polling, i % 2 == 0 ? "a" : "b");
        polling_next_ms(polling);
        polling->stage.hub.position.seq = 10 * (i + 1);
    }
    ASK(polling, &polling->asked[0], "ab", ALL, .limit = 2, .wants_newest = true);
    assert_poll_answer_at(&polling->asked[0], "b31 a41", STAGE_MS + 5, 50);
    ASK(polling, &polling->asked[0], "a", ALL, .limit = 2, .wants_newest = true);
    assert_poll_answer_at(&polling->asked[0], "a21 a41", STAGE_MS + 5, 50);
    ASK(polling, &polling->asked[0], "ab", ALL, .limit = 5, .wants_newest = true);
    assert_poll_answer_at(&polling->asked[0], "a1 b11 a21 b31 a41", STAGE_MS + 5, 50);
    ASK(polling, &polling->asked[0], "ab", ALL, .limit = 6, .wants_newest = true);
    assert_poll_answer_at(&polling->asked[0], "a1 b11 a21 b31 a41", STAGE_MS + 5, 50);
    ASK(polling, &polling->asked[0], "ab", ALL, .limit = 0, .wants_newest = true);
    assert_poll_answer_at(&polling->asked[0], "a1 b11 a21 b31 a41", STAGE_MS + 5, 50);
    ASK(polling, &polling->asked[0], "c", ALL, .limit = 2, .wants_newest = true);
    assert_poll_answer_at(&polling->asked[0], "", STAGE_MS + 5, 50);
}

static void a_limit_never_cuts_inside_a_millisecond(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "ab");
    polling_next_ms(polling);
    polling_publish(polling, "bab");
    polling_next_ms(polling);
    polling_publish(polling, "ab");
    for (size_t limit = 3; limit <= 5; limit++) {
        ASK(polling, &polling->asked[0], "ab", ALL, .limit = limit);
        assert_poll_answer_at(&polling->asked[0], "a1 b2 b1 a2 b3", STAGE_MS + 1, 3);
        ASK(polling, &polling->asked[0], "ab", ALL, .limit = limit, .wants_newest = true);
        assert_poll_answer_at(&polling->asked[0], "b1 a2 b3 a1 b2", STAGE_MS + 2, 2);
    }
    ASK(polling, &polling->asked[0], "ab", ALL, .limit = 1);
    assert_poll_answer(&polling->asked[0], "a1 b2", 2);
    ASK(polling, &polling->asked[0], "ab", ALL, .limit = 1, .wants_newest = true);
    assert_poll_answer_at(&polling->asked[0], "a1 b2", STAGE_MS + 2, 2);
}

static void going_on_from_the_position_of_limited_answers_gives_each_event_once(void **state)
{
    struct polling *polling = *state;
    struct buffer all = {0};
    char since[64] = STAGE_ID("0");
    for (size_t i = 0; i < 9; i++) {
        polling_publish(polling, i % 3 == 0 ? "a" : "b");
        if (i % 4 == 1)
            polling_next_ms(polling);
    }
    struct asked *asked = &polling->asked[0];
    for (size_t i = 0; i < 9; i++) {
        ASK(polling, asked, "ab", SINCE(since), .limit = 1);
        assert_int_equal(asked->answers, 1);
        if (asked->stream.len > 0)
            buffer_add(&all, asked->stream.data, asked->stream.len);
        snprintf(since, sizeof(since), "%llu-%llu." STAGE_TAG, (unsigned long long)asked->position.ms,
                 (unsigned long long)asked->position.seq);
    }
    ASK(polling, asked, "ab", SINCE(STAGE_ID("0")));
    assert_span_equal(span_of_buffer(&all), span_of_buffer(&asked->stream));
    buffer_fini(&all);
}

static void a_limit_counts_on_what_comes_while_it_waits(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "a", .is_patient = true, .limit = 1);
    polling_publish(polling, "a");
    polling_next_ms(polling);
    polling_publish(polling, "a");
    hub_flush(&polling->stage.hub);
    assert_poll_answer(&polling->asked[0], "a1", 1);
}

static void a_limit_holds_by_time_too(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "a");
    polling_next_ms(polling);
    polling_publish(polling, "aa");
    polling_next_ms(polling);
    polling_publish(polling, "a");
    ASK(polling, &polling->asked[0], "a", AFTER_MS(STAGE_MS - 1), .is_patient = true, .limit = 2);
    stage_wait(&polling->stage, POLL_HOLD_MS);
    assert_poll_answer_at(&polling->asked[0], "a1 a1 a2", STAGE_MS + 1, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, polling_set_up, polling_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_limit_takes_the_first_events_after_a_position),
        TEST(a_limit_takes_the_newest_events_where_there_is_no_position),
        TEST(a_limit_never_cuts_inside_a_millisecond),
        TEST(going_on_from_the_position_of_limited_answers_gives_each_event_once),
        TEST(a_limit_counts_on_what_comes_while_it_waits),
        TEST(a_limit_holds_by_time_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
