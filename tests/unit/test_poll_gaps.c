/* SPDX-License-Identifier: BSD-2-Clause */
/* Polls that have only gaps to tell: push/poll.h. */
#include "history.h"
#include "unit.h"

static void break_all(struct polling *polling)
{
    hub_break(&polling->stage.hub);
    hub_flush(&polling->stage.hub);
}

static void assert_poll_has(const struct polling *polling, size_t index, const char *events)
{
    struct event_id position = polling->stage.hub.position;
    assert_poll_answer_at(&polling->asked[index], events, position.ms, position.seq);
}

/* --- how long --- */

static void a_gap_alone_goes_out_after_a_moment(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "b", .is_patient = true);
    stage_wait(&polling->stage, 1000);
    break_all(polling);
    assert_poll_waits(&polling->asked[0]);
    assert_int_equal(hub_due(&polling->stage.hub), polling->stage.hub.now_ms + POLL_GAP_HOLD_MS);
    stage_wait(&polling->stage, POLL_GAP_HOLD_MS - 1);
    assert_poll_waits(&polling->asked[0]);
    stage_wait(&polling->stage, 1);
    assert_poll_has(polling, 0, "gap");
    assert_int_equal(polling->stage.hub.stats.polls_timed_out.value, 0);
}

/* A position before a break, ids that nobody knows: behind all of them nothing is retained. */
static void so_does_one_that_is_there_when_the_poll_comes(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "a");
    break_all(polling);
    ASK(polling, &polling->asked[0], "a", SINCE(STAGE_ID("1")), .is_patient = true);
    ASK(polling, &polling->asked[1], "b", SINCE("7-7"), .is_patient = true);
    ASK(polling, &polling->asked[2], "d", SINCE("nonsense"), .is_patient = true);
    stage_wait(&polling->stage, POLL_GAP_HOLD_MS - 1);
    for (size_t i = 0; i < COUNT_OF(polling->asked); i++)
        assert_poll_waits(&polling->asked[i]);
    stage_wait(&polling->stage, 1);
    for (size_t i = 0; i < COUNT_OF(polling->asked); i++)
        assert_poll_has(polling, i, "gap");
}

static void further_gaps_do_not_prolong_the_moment(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "ab", .is_patient = true);
    for (int i = 0; i < 3; i++) {
        break_all(polling);
        assert_poll_waits(&polling->asked[0]);
        stage_wait(&polling->stage, POLL_GAP_HOLD_MS / 3);
    }
    assert_poll_has(polling, 0, "gap gap");
}

static void nor_does_the_moment_prolong_the_deadline(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    stage_wait(&polling->stage, TIMEOUT_MS - 1000);
    ASK(polling, &polling->asked[1], "a", .is_patient = true);
    break_all(polling);
    stage_wait(&polling->stage, 999);
    assert_poll_waits(&polling->asked[0]);
    stage_wait(&polling->stage, 1);
    assert_poll_has(polling, 0, "gap");
    assert_poll_waits(&polling->asked[1]);
    stage_wait(&polling->stage, POLL_GAP_HOLD_MS - 1000);
    assert_poll_has(polling, 1, "gap");
    assert_int_equal(polling->stage.hub.stats.polls_timed_out.value, 0);
}

static void who_does_not_wait_is_told_at_once(void **state)
{
    struct polling *polling = *state;
    break_all(polling);
    ASK(polling, &polling->asked[0], "a", SINCE(STAGE_ID("0")));
    assert_poll_has(polling, 0, "gap");
    ASK(polling, &polling->asked[1], "d", SINCE("unknown"));
    assert_poll_has(polling, 1, "gap");
}

static void a_client_that_leaves_meanwhile_is_forgotten(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    break_all(polling);
    fake_sink_leave(&polling->asked[0].sink);
    assert_int_equal(polling->asked[0].frees, 1);
    assert_int_equal(polling->stage.hub.stats.polls_left.value, 1);
    stage_wait(&polling->stage, POLL_GAP_HOLD_MS);
    assert_int_equal(polling->asked[0].answers + polling->asked[0].sink.writes, 0);
}

/* --- with events --- */

static void an_event_meanwhile_is_answered_at_once_and_the_gap_with_it(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "ab", .is_patient = true);
    ASK(polling, &polling->asked[1], "ab", .is_patient = true, .limit = 1);
    ASK(polling, &polling->asked[2], "c", .is_patient = true);
    break_all(polling);
    stage_wait(&polling->stage, 1000);
    polling_next_ms(polling);
    polling_publish(polling, "b");
    hub_flush(&polling->stage.hub);
    assert_poll_has(polling, 0, "gap gap b1");
    assert_poll_has(polling, 1, "gap gap b1");
    assert_poll_waits(&polling->asked[2]);
}

static void an_event_that_is_there_with_the_gap_is_answered_at_once(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    hub_break(&polling->stage.hub);
    polling_next_ms(polling);
    polling_publish(polling, "a");
    hub_flush(&polling->stage.hub);
    assert_poll_has(polling, 0, "gap a1");
    break_all(polling);
    ASK(polling, &polling->asked[1], "a", SINCE("unknown"), .is_patient = true);
    assert_int_equal(polling->asked[1].answers, 1);
}

/* Deadlines come before the flush of a turn. */
static void an_event_in_the_turn_in_which_the_moment_ends_is_in_time(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    break_all(polling);
    polling_next_ms(polling);
    polling_publish(polling, "a");
    stage_wait(&polling->stage, POLL_GAP_HOLD_MS);
    assert_poll_has(polling, 0, "gap a1");
}

/* The break itself is the first to go: the gap stands for it still. */
static void of_a_burst_longer_than_the_ring_it_gets_the_first(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    break_all(polling);
    polling_next_ms(polling);
    polling_publish(polling, "aaaaaaaa");
    assert_poll_answer_at(&polling->asked[0], "gap a1 a2 a3 a4", STAGE_MS + 1, 4);
}

static void by_time_the_millisecond_of_the_event_is_complete(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "a", AFTER_MS(STAGE_MS), .is_patient = true);
    polling_next_ms(polling);
    break_all(polling);
    stage_wait(&polling->stage, 1000);
    polling_next_ms(polling);
    polling_publish(polling, "a");
    hub_flush(&polling->stage.hub);
    assert_poll_waits(&polling->asked[0]);
    polling_publish(polling, "a");
    stage_wait(&polling->stage, POLL_HOLD_MS);
    assert_poll_has(polling, 0, "gap a1 a2");
}

static void so_is_that_of_a_gap_alone(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "a", AFTER_MS(STAGE_MS), .is_patient = true);
    polling_next_ms(polling);
    break_all(polling);
    stage_wait(&polling->stage, POLL_GAP_HOLD_MS);
    assert_poll_waits(&polling->asked[0]);
    polling_publish(polling, "a");
    stage_wait(&polling->stage, POLL_HOLD_MS);
    assert_int_equal(polling->asked[0].answers, 1);
    assert_contains(polling->asked[0].stream.data, "data: a");
}

/* --- a log --- */

static void a_break_at_the_process_s_own_beginning_waits_for_the_first_event(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    for (size_t i = 0; i < 2; i++)
        ASK(polling, &polling->asked[i], i == 0 ? "a" : "b", SINCE(LOG_ID("3")), .is_patient = true);
    hub_start(history->hub, history_id(4));
    hub_break_all(history->hub, history_id(5));
    for (size_t i = 0; i < 2; i++)
        history_answer(history, i == 0 ? "a" : "b", 0, "3");
    hub_flush(history->hub);
    assert_poll_waits(&polling->asked[0]);
    history_append(history, "a", 6);
    hub_flush(history->hub);
    assert_poll_answer(&polling->asked[0], "gap a6", 6);
    stage_wait(history->stage, POLL_GAP_HOLD_MS);
    assert_poll_answer(&polling->asked[1], "gap", 6);
}

/* The moment goes on while the rings are loaded anew. */
static void a_reload_neither_prolongs_nor_ends_the_moment(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    for (size_t i = 0; i < 2; i++)
        ASK(polling, &polling->asked[i], i == 0 ? "a" : "b", SINCE(LOG_ID("10")), .is_patient = true);
    for (size_t i = 0; i < 2; i++)
        history_answer(history, i == 0 ? "a" : "b", 0, "3");
    hub_break_all(history->hub, history_id(11));
    hub_flush(history->hub);
    stage_wait(history->stage, 1000);
    hub_reload(history->hub, history_id(20));
    stage_wait(history->stage, 1000);
    history_answer(history, "a", 0, "3 !11");
    history_answer(history, "b", 0, "3 !11 15");
    hub_flush(history->hub);
    assert_poll_answer(&polling->asked[1], "gap b15", 20);
    assert_poll_waits(&polling->asked[0]);
    stage_wait(history->stage, POLL_GAP_HOLD_MS - 2001);
    assert_poll_waits(&polling->asked[0]);
    stage_wait(history->stage, 1);
    assert_poll_answer(&polling->asked[0], "gap", 20);
}

static void a_load_that_outlasts_the_moment_is_followed_by_the_answer(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    ASK(polling, &polling->asked[0], "a", SINCE(LOG_ID("10")), .is_patient = true);
    history_answer(history, "a", 0, "3");
    hub_break_all(history->hub, history_id(11));
    hub_flush(history->hub);
    hub_reload(history->hub, history_id(20));
    stage_wait(history->stage, POLL_GAP_HOLD_MS);
    assert_poll_waits(&polling->asked[0]);
    history_answer(history, "a", 0, "3 !11");
    hub_flush(history->hub);
    assert_poll_answer(&polling->asked[0], "gap", 20);
}

/* --- the end of all --- */

static void at_the_programs_end_gaps_wait_no_longer(void **state)
{
    struct polling *polling = *state;
    for (size_t i = 0; i < 2; i++)
        ASK(polling, &polling->asked[i], "a", .is_patient = true);
    break_all(polling);
    hub_end_over(&polling->stage.hub, 0);
    for (size_t i = 0; i < 2; i++)
        assert_poll_has(polling, i, "gap");
    ASK(polling, &polling->asked[2], "a", SINCE(STAGE_ID("0")), .is_patient = true);
    assert_poll_has(polling, 2, "gap");
}

static void where_the_end_takes_time_they_have_the_first_turns(void **state)
{
    struct polling *polling = *state;
    client_close(&polling->keeper);
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    ASK(polling, &polling->asked[1], "b", .is_patient = true);
    ASK(polling, &polling->asked[2], "b", SINCE("unknown"), .is_patient = true);
    hub_end_over(&polling->stage.hub, POLL_GAP_HOLD_MS);
    assert_poll_has(polling, 2, "gap");
    stage_wait(&polling->stage, POLL_GAP_HOLD_MS / 3);
    assert_poll_has(polling, 0, "");
    assert_poll_waits(&polling->asked[1]);
    client_open(&polling->keeper, &polling->stage.hub, "a", NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, polling_set_up, polling_tear_down)
#define SHORT_TEST(name) cmocka_unit_test_setup_teardown(name, polling_set_up_short, polling_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_gap_alone_goes_out_after_a_moment),
        TEST(so_does_one_that_is_there_when_the_poll_comes),
        TEST(further_gaps_do_not_prolong_the_moment),
        TEST(nor_does_the_moment_prolong_the_deadline),
        TEST(who_does_not_wait_is_told_at_once),
        TEST(a_client_that_leaves_meanwhile_is_forgotten),
        TEST(an_event_meanwhile_is_answered_at_once_and_the_gap_with_it),
        TEST(an_event_that_is_there_with_the_gap_is_answered_at_once),
        TEST(an_event_in_the_turn_in_which_the_moment_ends_is_in_time),
        SHORT_TEST(of_a_burst_longer_than_the_ring_it_gets_the_first),
        TEST(by_time_the_millisecond_of_the_event_is_complete),
        TEST(so_is_that_of_a_gap_alone),
        HISTORY_TEST_UNSTARTED(a_break_at_the_process_s_own_beginning_waits_for_the_first_event),
        HISTORY_TEST(a_reload_neither_prolongs_nor_ends_the_moment),
        HISTORY_TEST(a_load_that_outlasts_the_moment_is_followed_by_the_answer),
        TEST(at_the_programs_end_gaps_wait_no_longer),
        TEST(where_the_end_takes_time_they_have_the_first_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
