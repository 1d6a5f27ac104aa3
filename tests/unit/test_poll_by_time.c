/* SPDX-License-Identifier: BSD-2-Clause */
/* Polls that go on by the time of the last event: push/poll.h. */
#include "base/clock.h"
#include "polling.h"
#include "unit.h"

static void by_time_it_is_held_until_the_millisecond_is_over(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "a");
    ASK(polling, &polling->asked[0], "a", AFTER_MS(STAGE_MS - 1), .is_patient = true);
    assert_poll_waits(&polling->asked[0]);
    polling_publish(polling, "a");
    hub_flush(&polling->stage.hub);
    assert_poll_waits(&polling->asked[0]);
    assert_int_equal(hub_due(&polling->stage.hub), polling->stage.hub.now_ms + POLL_HOLD_MS);
    stage_wait(&polling->stage, POLL_HOLD_MS - 1);
    assert_poll_waits(&polling->asked[0]);
    polling_publish(polling, "a");
    stage_wait(&polling->stage, 1);
    assert_poll_answer(&polling->asked[0], "a1 a2 a3", 3);
    assert_int_equal(polling->stage.hub.stats.polls_timed_out.value, 0);
}

static void a_poll_by_time_that_waits_is_held_from_the_first_event_on(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "a", AFTER_MS(STAGE_MS), .is_patient = true);
    stage_wait(&polling->stage, TIMEOUT_MS - 1);
    polling_next_ms(polling);
    polling_publish(polling, "a");
    hub_flush(&polling->stage.hub);
    assert_poll_waits(&polling->asked[0]);
    polling_publish(polling, "ba");
    stage_wait(&polling->stage, POLL_HOLD_MS);
    assert_poll_answer_at(&polling->asked[0], "a1 a3", STAGE_MS + 1, 3);
}

/* The hub's time is that of the turn's beginning: here the event comes so late in its turn that the hold is over. */
static void a_long_turn_does_not_end_the_millisecond(void **state)
{
    struct polling *polling = *state;
    struct hub *hub = &polling->stage.hub;
    bool was_in_time = false;
    client_close(&polling->keeper);
    hub->position = (struct event_id){.ms = (uint64_t)clock_wall_ms(), .seq = 0};
    client_open(&polling->keeper, hub, "x", NULL);
    for (int i = 0; i < 1000 && !was_in_time; i++) {
        uint64_t before_ms = (uint64_t)clock_wall_ms();
        while ((uint64_t)clock_wall_ms() == before_ms) {
        }
        ASK(polling, &polling->asked[0], "x", AFTER_MS(before_ms), .is_patient = true);
        hub_publish(hub, span_of("x"), span_of("1"));
        hub_flush(hub);
        stage_wait(&polling->stage, POLL_HOLD_MS);
        bool is_answered = polling->asked[0].answers > 0;
        was_in_time = hub->position.ms == (uint64_t)clock_wall_ms();
        assert_false(was_in_time && is_answered);
    }
    assert_true(was_in_time);
    struct event_id first = hub->position;
    while ((uint64_t)clock_wall_ms() <= first.ms) {
    }
    hub_publish(hub, span_of("x"), span_of("2"));
    stage_wait(&polling->stage, POLL_HOLD_MS);
    assert_poll_answer_at(&polling->asked[0], "1", first.ms, first.seq);
}

/* Deadlines come before the flush of a turn. */
static void an_event_that_comes_in_the_turn_of_the_deadline_is_held_too(void **state)
{
    struct polling *polling = *state;
    ASK(polling, &polling->asked[0], "a", AFTER_MS(STAGE_MS), .is_patient = true);
    ASK(polling, &polling->asked[1], "a", .is_patient = true);
    polling_next_ms(polling);
    polling_publish(polling, "a");
    stage_wait(&polling->stage, TIMEOUT_MS);
    assert_poll_waits(&polling->asked[0]);
    hub_flush(&polling->stage.hub);
    assert_poll_waits(&polling->asked[0]);
    assert_poll_answer_at(&polling->asked[1], "a1", STAGE_MS + 1, 1);
    polling_publish(polling, "a");
    stage_wait(&polling->stage, POLL_HOLD_MS);
    assert_poll_answer_at(&polling->asked[0], "a1 a2", STAGE_MS + 1, 2);
    assert_int_equal(polling->stage.hub.stats.polls_timed_out.value, 0);
}

static void nothing_of_the_next_millisecond_is_in_an_answer_by_time(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "a");
    ASK(polling, &polling->asked[0], "ab", AFTER_MS(STAGE_MS - 1), .is_patient = true);
    polling_publish(polling, "b");
    polling_next_ms(polling);
    polling_publish(polling, "ab");
    hub_flush(&polling->stage.hub);
    stage_wait(&polling->stage, POLL_HOLD_MS);
    assert_poll_answer(&polling->asked[0], "a1 b2", 2);
    ASK(polling, &polling->asked[0], "ab", AFTER_MS(STAGE_MS), .is_patient = true);
    stage_wait(&polling->stage, POLL_HOLD_MS);
    assert_poll_answer_at(&polling->asked[0], "a1 b2", STAGE_MS + 1, 2);
}

static void by_time_what_is_long_past_is_answered_at_once(void **state)
{
    struct polling *polling = *state;
    /* By the clock now: an hour ago. */
    uint64_t past_ms = (uint64_t)clock_wall_ms() - 3600000;
    client_close(&polling->keeper);
    polling->stage.hub.position = (struct event_id){.ms = past_ms - 1, .seq = 0};
    client_open(&polling->keeper, &polling->stage.hub, "x", NULL);
    struct channel *channel = hub_channel_get(&polling->stage.hub, span_of("x"));
    polling->stage.hub.position = (struct event_id){.ms = past_ms, .seq = 0};
    ring_append(&channel->ring, polling->stage.hub.position, bytes_new("data: x\n\n", 9));
    ASK(polling, &polling->asked[0], "x", AFTER_MS(past_ms - 1), .is_patient = true);
    assert_poll_answer_at(&polling->asked[0], "x", past_ms, 0);
    ASK(polling, &polling->asked[0], "x", AFTER_MS(past_ms), .is_patient = true);
    assert_poll_waits(&polling->asked[0]);
}

static void a_time_in_the_future_counts_as_now(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "a");
    ASK(polling, &polling->asked[0], "a", AFTER_MS(STAGE_MS + 1000000), .is_patient = true);
    assert_poll_waits(&polling->asked[0]);
    polling_next_ms(polling);
    polling_publish(polling, "a");
    hub_flush(&polling->stage.hub);
    stage_wait(&polling->stage, POLL_HOLD_MS);
    assert_poll_answer_at(&polling->asked[0], "a1", STAGE_MS + 1, 1);
}

/* Without the gap it would go on behind the same millisecond, and never know. */
static void who_is_overtaken_while_held_is_told_of_a_gap(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "a");
    ASK(polling, &polling->asked[0], "a", AFTER_MS(STAGE_MS - 1), .is_patient = true);
    polling_next_ms(polling);
    polling_publish(polling, "aaa");
    polling_next_ms(polling);
    polling_publish(polling, "a");
    hub_flush(&polling->stage.hub);
    stage_wait(&polling->stage, POLL_HOLD_MS);
    assert_poll_answer_at(&polling->asked[0], "gap a2 a3", STAGE_MS + 1, 3);
}

static void who_is_overtaken_within_one_millisecond_is_held_until_it_is_over(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "a");
    ASK(polling, &polling->asked[0], "a", AFTER_MS(STAGE_MS - 1), .is_patient = true);
    polling_next_ms(polling);
    polling_publish(polling, "aaaa");
    stage_wait(&polling->stage, POLL_HOLD_MS);
    assert_poll_waits(&polling->asked[0]);
    polling_publish(polling, "a");
    polling_next_ms(polling);
    polling_publish(polling, "b");
    stage_wait(&polling->stage, POLL_HOLD_MS);
    assert_poll_answer_at(&polling->asked[0], "gap a3 a4 a5", STAGE_MS + 2, 1);
}

static void who_is_overtaken_while_held_is_told_at_the_end_of_the_program_too(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "a");
    ASK(polling, &polling->asked[0], "a", AFTER_MS(STAGE_MS - 1), .is_patient = true);
    polling_next_ms(polling);
    polling_publish(polling, "aaaa");
    hub_end_over(&polling->stage.hub, 0);
    assert_poll_answer_at(&polling->asked[0], "gap a2 a3 a4", STAGE_MS + 1, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, polling_set_up, polling_tear_down)
#define SHORT_TEST(name) cmocka_unit_test_setup_teardown(name, polling_set_up_short, polling_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(by_time_it_is_held_until_the_millisecond_is_over),
        TEST(a_poll_by_time_that_waits_is_held_from_the_first_event_on),
        TEST(a_long_turn_does_not_end_the_millisecond),
        TEST(an_event_that_comes_in_the_turn_of_the_deadline_is_held_too),
        TEST(nothing_of_the_next_millisecond_is_in_an_answer_by_time),
        TEST(by_time_what_is_long_past_is_answered_at_once),
        TEST(a_time_in_the_future_counts_as_now),
        SHORT_TEST(who_is_overtaken_while_held_is_told_of_a_gap),
        SHORT_TEST(who_is_overtaken_within_one_millisecond_is_held_until_it_is_over),
        SHORT_TEST(who_is_overtaken_while_held_is_told_at_the_end_of_the_program_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
