/* SPDX-License-Identifier: BSD-2-Clause */
/* Polls that wait until their channels are loaded: push/poll.h. */
#include "history.h"
#include "unit.h"

static void assert_poll_refused(const struct asked *asked)
{
    assert_int_equal(asked->refusals, 1);
    assert_int_equal(asked->answers, 0);
    assert_int_equal(asked->frees, 1);
    assert_int_equal(asked->sink.ends, 1);
    assert_null(asked->sink.sink.subscriber);
}

static void a_list_is_answered_when_its_channel_is_loaded(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    ASK(polling, &polling->asked[0], "a", ALL, .wants_newest = true);
    ASK(polling, &polling->asked[1], "a", ALL, .wants_newest = true, .limit = 1);
    ASK(polling, &polling->asked[2], "ab", SINCE(LOG_ID("3")), .limit = 1);
    history_append(history, "a", 111);
    history_answer(history, "a", 0, "3 4");
    history_append(history, "a", 112);
    assert_poll_waits(&polling->asked[0]);
    hub_flush(history->hub);
    assert_poll_answer_at(&polling->asked[0], "a3 a4 a111 a112", STAGE_MS + 1, 12);
    assert_poll_answer_at(&polling->asked[1], "a111 a112", STAGE_MS + 1, 12); /* a millisecond is not cut */
    assert_poll_waits(&polling->asked[2]);
    history_answer(history, "b", 0, "2 5");
    hub_flush(history->hub);
    assert_poll_answer(&polling->asked[2], "a4 b5", 5);
}

static void an_empty_answer_has_the_position_of_the_moment(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    ASK(polling, &polling->asked[0], "a", ALL);
    hub_advance(history->hub, history_id(15));
    history_answer(history, "a", 0, "");
    hub_flush(history->hub);
    assert_poll_answer(&polling->asked[0], "", 15);
}

static void a_patient_poll_waits_on_when_there_is_nothing_for_it(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    ASK(polling, &polling->asked[1], "a", SINCE(LOG_ID("3")), .is_patient = true);
    history_answer(history, "a", 0, "3");
    hub_flush(history->hub);
    assert_poll_waits(&polling->asked[0]);
    assert_poll_waits(&polling->asked[1]);
    stage_wait(history->stage, POLL_LOAD_LIMIT_MS);
    assert_poll_waits(&polling->asked[0]);
    history_append(history, "a", 11);
    hub_flush(history->hub);
    assert_poll_answer(&polling->asked[0], "a11", 11);
    assert_poll_answer(&polling->asked[1], "a11", 11);
}

static void its_timeout_counts_from_the_request(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    stage_wait(history->stage, 4000);
    history_answer(history, "a", 0, "3");
    hub_flush(history->hub);
    stage_wait(history->stage, stage_config.poll_timeout_ms - 4001);
    assert_poll_waits(&polling->asked[0]);
    stage_wait(history->stage, 1);
    assert_poll_answer(&polling->asked[0], "", 10);
    assert_int_equal(history->hub->stats.polls_timed_out.value, 1);
}

/* Without its channel nothing can be said: not even that there is nothing. */
static void a_timeout_that_ends_while_the_channel_is_loaded_is_followed_when_it_is(void **state)
{
    (void)state;
    struct history history;
    struct hub_config config = stage_config;
    struct polling *polling = &history.polling;
    config.poll_timeout_ms = 1000;
    history_init(&history, &config);
    hub_start(history.hub, history_id(10));
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    stage_wait(history.stage, 1000);
    assert_poll_waits(&polling->asked[0]);
    history_answer(&history, "a", 0, "3");
    hub_flush(history.hub);
    assert_poll_answer(&polling->asked[0], "", 10);
    history_fini(&history);
}

static void after_five_seconds_it_is_refused(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    ASK(polling, &polling->asked[0], "a", ALL, .wants_newest = true);
    assert_int_equal(hub_due(history->hub), history->hub->now_ms + 5000);
    stage_wait(history->stage, 1);
    ASK(polling, &polling->asked[1], "a", .is_patient = true);
    stage_wait(history->stage, 4999);
    assert_poll_refused(&polling->asked[0]);
    assert_poll_waits(&polling->asked[1]);
    stage_wait(history->stage, 1);
    assert_poll_refused(&polling->asked[1]);
    assert_int_equal(history->hub->stats.polls_refused.value, 2);
    assert_int_equal(history->hub->stats.polls_open.value, 0);
    assert_int_equal(history->hub->stats.requests_waiting.value, 0);
}

/* Deadlines come before the flush of a turn. */
static void a_load_that_ends_in_the_turn_of_the_limit_is_in_time(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    ASK(polling, &polling->asked[0], "a", ALL);
    history_answer(history, "a", 0, "3");
    stage_wait(history->stage, POLL_LOAD_LIMIT_MS);
    assert_poll_answer(&polling->asked[0], "a3", 10);
}

static void when_the_program_ends_it_is_refused(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    ASK(polling, &polling->asked[0], "a", ALL);
    ASK(polling, &polling->asked[1], "a", .is_patient = true);
    ASK(polling, &polling->asked[2], "a", AFTER_MS(STAGE_MS - 1), .is_patient = true);
    hub_end_over(history->hub, 0);
    for (size_t i = 0; i < COUNT_OF(polling->asked); i++)
        assert_poll_refused(&polling->asked[i]);
}

static void a_poll_that_is_ahead_waits_until_the_position_is_there(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    ASK(polling, &polling->asked[0], "a", SINCE(LOG_ID("12")));
    ASK(polling, &polling->asked[1], "a", SINCE(LOG_ID("12")), .is_patient = true);
    ASK(polling, &polling->asked[2], "a", SINCE(LOG_ID("50")), .is_patient = true);
    history_answer(history, "a", 0, "9");
    hub_flush(history->hub);
    assert_poll_waits(&polling->asked[0]);
    history_append(history, "a", 12);
    history_append(history, "a", 13);
    hub_flush(history->hub);
    assert_poll_answer(&polling->asked[0], "a13", 13);
    assert_poll_answer(&polling->asked[1], "a13", 13);
    assert_poll_waits(&polling->asked[2]);
    hub_confirm_end(history->hub, history_id(13));
    hub_confirm_end(history->hub, history_id(13));
    hub_flush(history->hub);
    assert_poll_answer(&polling->asked[2], "gap a9 a12 a13", 13);
}

static void by_time_it_is_held_when_its_channel_is_loaded(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    ASK(polling, &polling->asked[0], "a", AFTER_MS(STAGE_MS - 1), .is_patient = true);
    history_answer(history, "a", 0, "3");
    hub_flush(history->hub);
    assert_poll_waits(&polling->asked[0]);
    history_append(history, "a", 11);
    stage_wait(history->stage, POLL_HOLD_MS);
    assert_poll_answer(&polling->asked[0], "a3 a11", 11);
}

static void before_the_start_it_waits_as_well(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    ASK(polling, &polling->asked[0], "a", SINCE(LOG_ID("3")));
    ASK(polling, &polling->asked[1], "b", ALL);
    stage_wait(history->stage, 1000);
    hub_start(history->hub, history_id(10));
    history_answer(history, "a", 0, "3 4");
    hub_flush(history->hub);
    assert_poll_answer(&polling->asked[0], "a4", 10);
    stage_wait(history->stage, 4000);
    assert_poll_refused(&polling->asked[1]);
}

static void who_leaves_while_waiting_is_forgotten(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    ASK(polling, &polling->asked[0], "a", SINCE(LOG_ID("12")), .is_patient = true);
    fake_sink_leave(&polling->asked[0].sink);
    assert_int_equal(polling->asked[0].frees, 1);
    assert_int_equal(history->hub->stats.polls_left.value, 1);
    assert_int_equal(history->hub->stats.requests_waiting.value, 0);
    history_answer(history, "a", 0, "3");
    history_append(history, "a", 12);
    hub_flush(history->hub);
    stage_wait(history->stage, POLL_LOAD_LIMIT_MS);
    assert_int_equal(history->hub->stats.polls_refused.value, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(a_list_is_answered_when_its_channel_is_loaded),
        HISTORY_TEST(an_empty_answer_has_the_position_of_the_moment),
        HISTORY_TEST(a_patient_poll_waits_on_when_there_is_nothing_for_it),
        HISTORY_TEST(its_timeout_counts_from_the_request),
        cmocka_unit_test(a_timeout_that_ends_while_the_channel_is_loaded_is_followed_when_it_is),
        HISTORY_TEST(after_five_seconds_it_is_refused),
        HISTORY_TEST(a_load_that_ends_in_the_turn_of_the_limit_is_in_time),
        HISTORY_TEST(when_the_program_ends_it_is_refused),
        HISTORY_TEST(a_poll_that_is_ahead_waits_until_the_position_is_there),
        HISTORY_TEST(by_time_it_is_held_when_its_channel_is_loaded),
        HISTORY_TEST_UNSTARTED(before_the_start_it_waits_as_well),
        HISTORY_TEST(who_leaves_while_waiting_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
