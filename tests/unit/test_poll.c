/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/poll.h"

#include "polling.h"
#include "unit.h"

/* --- when --- */

static void what_is_there_is_answered_at_once(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "aba");
    ASK(polling, &polling->asked[0], "a", SINCE(STAGE_ID("1")), .is_patient = true);
    assert_poll_answer(&polling->asked[0], "a3", 3);
    ASK(polling, &polling->asked[0], "b", ALL, .is_patient = true);
    assert_poll_answer(&polling->asked[0], "b2", 3);
}

static void who_does_not_wait_is_answered_at_once_with_nothing(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "ab");
    ASK(polling, &polling->asked[0], "c", ALL);
    assert_poll_answer(&polling->asked[0], "", 2);
    ASK(polling, &polling->asked[0], "a", SINCE(STAGE_ID("1")));
    assert_poll_answer(&polling->asked[0], "", 2);
    assert_int_equal(polling->stage.hub.stats.polls_timed_out.value, 0);
}

static void the_next_event_ends_all_polls_that_wait_for_it(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "a");
    ASK(polling, &polling->asked[0], "a", SINCE(STAGE_ID("1")), .is_patient = true);
    ASK(polling, &polling->asked[1], "ab", .is_patient = true);
    ASK(polling, &polling->asked[2], "c", .is_patient = true);
    assert_int_equal(polling->stage.hub.stats.polls_open.value, 3);
    hub_flush(&polling->stage.hub);
    for (size_t i = 0; i < 3; i++)
        assert_poll_waits(&polling->asked[i]);
    polling_publish(polling, "a");
    hub_flush(&polling->stage.hub);
    assert_poll_answer(&polling->asked[0], "a2", 2);
    assert_poll_answer(&polling->asked[1], "a2", 2);
    assert_poll_waits(&polling->asked[2]);
    assert_int_equal(polling->stage.hub.stats.polls_open.value, 1);
}

static void all_events_of_one_turn_are_in_the_answer(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "ab", .is_patient = true);
    polling_publish(polling, "abca");
    hub_flush(&polling->stage.hub);
    assert_poll_answer(&polling->asked[0], "a1 b2 a4", 4);
}

static void at_the_deadline_the_answer_is_empty(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "a");
    ASK(polling, &polling->asked[0], "a", SINCE(STAGE_ID("1")), .is_patient = true);
    polling_publish(polling, "c");
    hub_flush(&polling->stage.hub);
    stage_wait(&polling->stage, TIMEOUT_MS - 1);
    assert_poll_waits(&polling->asked[0]);
    assert_true(hub_due(&polling->stage.hub) <= polling->stage.hub.now_ms + 1);
    stage_wait(&polling->stage, 1);
    /* The position has passed what came on other channels. */
    assert_poll_answer(&polling->asked[0], "", 2);
    assert_int_equal(polling->stage.hub.stats.polls_timed_out.value, 1);
}

static void an_event_in_the_turn_of_the_deadline_is_in_time(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    polling_publish(polling, "a");
    stage_wait(&polling->stage, TIMEOUT_MS);
    assert_poll_answer(&polling->asked[0], "a1", 1);
    assert_int_equal(polling->stage.hub.stats.polls_timed_out.value, 0);
}

static void every_poll_has_a_deadline_of_its_own(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    stage_wait(&polling->stage, 1000);
    ASK(polling, &polling->asked[1], "a", .is_patient = true);
    stage_wait(&polling->stage, TIMEOUT_MS - 1000);
    assert_poll_answer(&polling->asked[0], "", 0);
    assert_poll_waits(&polling->asked[1]);
    stage_wait(&polling->stage, 1000);
    assert_poll_answer(&polling->asked[1], "", 0);
}

static void at_the_programs_end_all_polls_are_answered(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    ASK(polling, &polling->asked[1], "b", .is_patient = true);
    ASK(polling, &polling->asked[2], "a", AFTER_MS(STAGE_MS - 1), .is_patient = true);
    polling_publish(polling, "a");
    hub_flush(&polling->stage.hub);
    assert_poll_waits(&polling->asked[2]);
    polling_publish(polling, "b");
    hub_end_over(&polling->stage.hub, 0);
    assert_poll_answer(&polling->asked[0], "a1", 1);
    assert_poll_answer(&polling->asked[1], "b2", 2);
    assert_poll_answer(&polling->asked[2], "a1", 2);
    assert_int_equal(polling->stage.hub.stats.polls_open.value, 0);
    hub_flush(&polling->stage.hub);
}

static void a_client_that_leaves_is_forgotten_at_once(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    ASK(polling, &polling->asked[1], "a", AFTER_MS(STAGE_MS - 1), .is_patient = true);
    polling_publish(polling, "a");
    ASK(polling, &polling->asked[2], "a", AFTER_MS(STAGE_MS - 1), .is_patient = true);
    for (size_t i = 0; i < 3; i++) {
        fake_sink_leave(&polling->asked[i].sink);
        assert_int_equal(polling->asked[i].answers, 0);
        assert_int_equal(polling->asked[i].frees, 1);
        assert_int_equal(polling->stage.hub.stats.polls_open.value, 2 - i);
        assert_int_equal(polling->stage.hub.stats.polls_left.value, i + 1);
    }
    hub_flush(&polling->stage.hub);
    stage_wait(&polling->stage, TIMEOUT_MS);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(polling->asked[i].answers + polling->asked[i].sink.writes, 0);
    assert_int_equal(polling->stage.hub.stats.polls_timed_out.value, 0);
}

/* --- which --- */

static void channels_are_merged_in_id_order(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "abbcaacba");
    ASK(polling, &polling->asked[0], "abc", ALL);
    assert_poll_answer(&polling->asked[0], "a1 b2 b3 c4 a5 a6 c7 b8 a9", 9);
    ASK(polling, &polling->asked[0], "cb", SINCE(STAGE_ID("3")));
    assert_poll_answer(&polling->asked[0], "c4 c7 b8", 9);
}

/* --- gaps --- */

static void gaps_stand_in_their_places_and_count_for_no_limit(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "a");
    polling_next_ms(polling);
    hub_break(&polling->stage.hub);
    polling_next_ms(polling);
    polling_publish(polling, "ab");
    ASK(polling, &polling->asked[0], "a", SINCE(STAGE_ID("0")));
    assert_poll_answer_at(&polling->asked[0], "a1 gap a1", STAGE_MS + 2, 2);
    ASK(polling, &polling->asked[0], "a", ALL, .limit = 2);
    assert_poll_answer_at(&polling->asked[0], "a1 gap a1", STAGE_MS + 2, 2);
    ASK(polling, &polling->asked[0], "ab", SINCE(STAGE_ID("1")));
    assert_poll_answer_at(&polling->asked[0], "gap gap a1 b2", STAGE_MS + 2, 2);
    ASK(polling, &polling->asked[0], "a", ALL, .limit = 1, .wants_newest = true);
    assert_poll_answer_at(&polling->asked[0], "a1", STAGE_MS + 2, 2);
}

static void an_unknown_position_gets_a_gap_and_all_that_is_retained(void **state)
{
    struct polling *polling = *state;
    static const char *const unknown[] = {"7-7", "nonsense", "9000000000000-1.deadbeef", STAGE_ID("99")};
    polling_publish(polling, "aa");
    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        ASK(polling, &polling->asked[0], "a", SINCE(unknown[i]), .is_patient = true);
        assert_poll_answer(&polling->asked[0], "gap a1 a2", 2);
        assert_contains(polling->asked[0].stream.data, unknown[i]);
    }
}

static void a_poll_that_waits_gets_the_first_of_a_burst_longer_than_the_ring(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    polling_publish(polling, "aaaaaaaa");
    hub_flush(&polling->stage.hub);
    assert_int_equal(polling->asked[0].answers, 1);
    assert_int_equal(polling->asked[0].frees, 1);
    assert_contains(polling->asked[0].stream.data, "data: a1\n");
    assert_null(strstr(polling->asked[0].stream.data, "gap"));
}

static void a_poll_that_lagged_while_held_gets_a_gap(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "a");
    ASK(polling, &polling->asked[0], "a", AFTER_MS(STAGE_MS - 1), .is_patient = true);
    assert_poll_waits(&polling->asked[0]);
    polling_publish(polling, "aaaaa");
    hub_flush(&polling->stage.hub);
    assert_poll_waits(&polling->asked[0]);
    stage_wait(&polling->stage, POLL_HOLD_MS);
    assert_poll_answer(&polling->asked[0], "gap a4 a5 a6", 6);
}

/* --- how much --- */

static void a_large_answer_comes_in_several_pieces_and_is_whole(void **state)
{
    struct polling *polling = *state;
    for (size_t i = 0; i < 3; i++) {
        stage_publish_long(&polling->stage, "a", (char)('x' + i), 150000);
        polling_publish(polling, "b");
    }
    ASK(polling, &polling->asked[0], "ab", ALL);
    assert_true(polling->asked[0].pieces >= 7);
    struct sse_reader reader = {0};
    sse_reader_feed(&reader, polling->asked[0].stream.data, polling->asked[0].stream.len);
    assert_int_equal(reader.count, 6);
    for (size_t i = 0; i < 6; i++) {
        const struct buffer *data = &reader.events[i].data;
        assert_int_equal(data->len, i % 2 == 0 ? 150000 : 2);
        for (size_t at = 0; i % 2 == 0 && at < data->len; at++)
            assert_int_equal(data->data[at], 'x' + (int)i / 2);
    }
    assert_int_equal(polling->asked[0].position.seq, 6);
    assert_int_equal(polling->asked[0].frees, 1);
    sse_reader_fini(&reader);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, polling_set_up, polling_tear_down)
#define TEST_SHORT(name) cmocka_unit_test_setup_teardown(name, polling_set_up_short, polling_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_there_is_answered_at_once),
        TEST(who_does_not_wait_is_answered_at_once_with_nothing),
        TEST(the_next_event_ends_all_polls_that_wait_for_it),
        TEST(all_events_of_one_turn_are_in_the_answer),
        TEST(at_the_deadline_the_answer_is_empty),
        TEST(an_event_in_the_turn_of_the_deadline_is_in_time),
        TEST(every_poll_has_a_deadline_of_its_own),
        TEST(at_the_programs_end_all_polls_are_answered),
        TEST(a_client_that_leaves_is_forgotten_at_once),
        TEST(channels_are_merged_in_id_order),
        TEST(gaps_stand_in_their_places_and_count_for_no_limit),
        TEST(an_unknown_position_gets_a_gap_and_all_that_is_retained),
        TEST_SHORT(a_poll_that_waits_gets_the_first_of_a_burst_longer_than_the_ring),
        TEST_SHORT(a_poll_that_lagged_while_held_gets_a_gap),
        TEST(a_large_answer_comes_in_several_pieces_and_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
