/* SPDX-License-Identifier: BSD-2-Clause */
/* What may wait for the next hub_flush when flushes come late, and what hub_flush_prompt sends at once. */
#include "history.h"
#include "unit.h"

enum { COALESCE_MS = 20 };

static struct hub_config config_of(int64_t coalesce_ms)
{
    struct hub_config config = stage_config;
    config.coalesce_ms = coalesce_ms;
    return config;
}

static int set_up(void **state)
{
    static struct stage stage;
    struct hub_config config = config_of(COALESCE_MS);
    stage_init(&stage, &config);
    *state = &stage;
    return 0;
}

static int set_up_log(void **state)
{
    static struct history history;
    struct hub_config config = config_of(COALESCE_MS);
    history_init(&history, &config);
    hub_start(history.hub, history_id(10));
    *state = &history;
    return 0;
}

static int tear_down_log(void **state)
{
    history_fini(*state);
    return 0;
}

#define COALESCE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, stage_tear_down)
#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_log, tear_down_log)

/* A message after each so many milliseconds, which all go out in the turn in which they come. */
static void speak(struct stage *stage, const char *channel, int64_t spacing_ms)
{
    for (int i = 0; i < 5; i++) {
        stage_wait(stage, spacing_ms);
        stage_publish(stage, channel, "x");
        hub_flush(&stage->hub);
    }
}

/* A client of a channel that speaks every millisecond; it has read all. */
static void open_busy(struct client *client, struct stage *stage, const char *channel)
{
    client_open(client, &stage->hub, channel, NULL);
    speak(stage, channel, 1);
    client_forget(client);
}

static void what_comes_soon_after_another_message_waits_and_leaves_with_others(void **state)
{
    struct stage *stage = *state;
    struct client client;
    open_busy(&client, stage, "a");
    for (int i = 0; i < 3; i++) {
        stage_wait(stage, 1);
        stage_publish(stage, "a", "y");
        assert_true(hub_has_deferrable(&stage->hub));
        assert_false(hub_has_prompt(&stage->hub));
        hub_flush_prompt(&stage->hub);
    }
    assert_int_equal(client.sink.writes, 0);
    hub_flush(&stage->hub);
    assert_false(hub_has_deferrable(&stage->hub));
    assert_string_equal(client_events(&client), "message:y message:y message:y");
    assert_int_equal(client.sink.writes, 1);
    client_close(&client);
}

/* How often a channel spoke, how long it has been silent since, and whether its next message may wait. */
static void it_waits_only_where_several_messages_are_gathered(void **state)
{
    static const struct {
        int64_t spacing_ms, silence_ms;
        bool is_deferrable;
    } cases[] = {
        {0, 0, true},     {1, 1, true},  {5, 5, true},   {6, 6, false},   {20, 1, false},
        {1000, 1, false}, {1, 20, true}, {1, 200, true}, {1, 201, false}, {1, 60000, false},
    };
    struct stage *stage = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct client client;
        client_open(&client, &stage->hub, "a", NULL);
        speak(stage, "a", cases[i].spacing_ms);
        stage_wait(stage, cases[i].silence_ms);
        stage_publish(stage, "a", "y");
        if (hub_has_deferrable(&stage->hub) != cases[i].is_deferrable)
            fail_msg("case %zu", i);
        assert_int_equal(hub_has_prompt(&stage->hub), !cases[i].is_deferrable);
        hub_flush(&stage->hub);
        client_close(&client);
    }
}

/* While a long flush runs, the time of the turn stands still, and many messages come. */
static void the_rate_counts_where_flushes_take_long(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a", NULL);
    for (int turn = 0; turn < 3; turn++) {
        stage_wait(stage, 50);
        for (int i = 0; i < 15; i++)
            stage_publish(stage, "a", "x");
        hub_flush(&stage->hub);
    }
    stage_wait(stage, 50);
    stage_publish(stage, "a", "y");
    assert_true(hub_has_deferrable(&stage->hub));
    hub_flush(&stage->hub);
    client_close(&client);
}

static void a_quiet_channel_does_not_wait_for_a_busy_one(void **state)
{
    struct stage *stage = *state;
    struct client busy, quiet;
    open_busy(&busy, stage, "a");
    client_open(&quiet, &stage->hub, "b", NULL);
    client_forget(&quiet);
    stage_publish(stage, "a", "later");
    stage_publish(stage, "b", "now");
    hub_flush_prompt(&stage->hub);
    assert_string_equal(client_events(&quiet), "message:now");
    assert_int_equal(busy.sink.writes, 0);
    hub_flush(&stage->hub);
    assert_string_equal(client_events(&busy), "message:later");
    assert_string_equal(client_events(&quiet), "message:now");
    client_close(&busy);
    client_close(&quiet);
}

static void a_bound_of_nothing_lets_nothing_wait(void **state)
{
    struct hub_config config = config_of(0);
    struct stage stage;
    struct client client;
    (void)state;
    stage_init(&stage, &config);
    open_busy(&client, &stage, "a");
    stage_publish(&stage, "a", "y");
    assert_false(hub_has_deferrable(&stage.hub));
    hub_flush_prompt(&stage.hub);
    assert_string_equal(client_events(&client), "message:y");
    client_close(&client);
    stage_fini(&stage);
}

static void who_opens_gets_what_waits_for_the_others_at_once(void **state)
{
    struct stage *stage = *state;
    struct client client, late, next;
    open_busy(&client, stage, "a");
    stage_publish(stage, "a", "y");
    client_open(&late, &stage->hub, "a", STAGE_ID("5"));
    client_open(&next, &stage->hub, "a", NULL);
    assert_string_equal(client_events(&late), "message:y");
    hub_flush(&stage->hub);
    assert_string_equal(client_events(&late), "message:y");
    assert_string_equal(client_events(&next), "");
    assert_string_equal(client_events(&client), "message:y");
    client_close(&client);
    client_close(&late);
    client_close(&next);
}

static void what_a_ring_would_lose_goes_out_before(void **state)
{
    struct stage *stage = *state;
    struct client client;
    open_busy(&client, stage, "a");
    for (size_t i = 0; i < 3 * stage_config.history_length; i++)
        stage_publish(stage, "a", "y");
    hub_flush(&stage->hub);
    client_read(&client);
    assert_int_equal(client.reader.count, 3 * stage_config.history_length);
    assert_int_equal(stage->hub.stats.gaps_sent.value + stage->hub.stats.streams_lagged.value, 0);
    client_close(&client);
}

static void who_leaves_meanwhile_is_sent_nothing(void **state)
{
    struct stage *stage = *state;
    struct client client;
    open_busy(&client, stage, "a");
    stage_publish(stage, "a", "y");
    client_close(&client);
    stage_wait(stage, stage_config.ring_linger_ms);
    assert_int_equal(stage->hub.stats.channels_open.value, 0);
    assert_false(hub_has_deferrable(&stage->hub));
    hub_flush(&stage->hub);
}

static void at_the_end_what_waits_goes_out_before(void **state)
{
    struct stage *stage = *state;
    struct client client;
    open_busy(&client, stage, "a");
    stage_publish(stage, "a", "y");
    hub_end_over(&stage->hub, 0);
    assert_string_equal(client_events(&client), "message:y");
    assert_int_equal(client.sink.ends, 1);
    client_close(&client);
}

static void whose_turn_it_is_to_end_gets_what_waits_first(void **state)
{
    struct stage *stage = *state;
    struct client client;
    open_busy(&client, stage, "a");
    stage_publish(stage, "a", "y");
    hub_end_over(&stage->hub, 3000);
    assert_int_equal(client.sink.ends, 0);
    hub_flush(&stage->hub);
    assert_string_equal(client_events(&client), "message:y");
    assert_int_equal(client.sink.ends, 1);
    client_close(&client);
}

/* --- heartbeats --- */

static void a_message_that_waits_shows_as_much_life_as_a_comment(void **state)
{
    struct stage *stage = *state;
    struct client client;
    open_busy(&client, stage, "a");
    hub_set_time(&stage->hub, stage->hub.now_ms + stage_config.heartbeat_ms);
    stage_publish(stage, "a", "y");
    hub_expire(&stage->hub);
    assert_int_equal(client.sink.writes, 0);
    client_turn(&client, &stage->hub);
    assert_string_equal(client_events(&client), "message:y");
    assert_int_equal(client.reader.comments, 0);
    client_close(&client);
}

static void visible_heartbeats_come_at_their_time_even_when_messages_wait(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open_at(&client, &stage->hub, "a", &(struct resume){.kind = RESUME_NOW}, STREAM_SHOWS_LIFE, "");
    stage_wait(stage, stage_config.heartbeat_ms - 1);
    stage_publish(stage, "a", "y");
    client_forget(&client);
    stage_wait(stage, 1);
    assert_string_equal(client_events(&client), "heartbeat:{}");
    hub_flush(&stage->hub);
    assert_string_equal(client_events(&client), "heartbeat:{} message:y");
    client_close(&client);
}

/* --- what clients wait for --- */

static void who_waited_for_a_history_is_served_promptly(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", LOG_ID("8"));
    history_answer(history, "a", 0, "8 9");
    assert_true(hub_has_prompt(history->hub));
    hub_flush_prompt(history->hub);
    assert_string_equal(client_events(&client), "message:a9");
    client_close(&client);
}

static void who_was_ahead_is_served_promptly_though_the_channel_is_busy(void **state)
{
    struct history *history = *state;
    struct client client, ahead;
    client_open(&client, history->hub, "a", NULL);
    history_answer(history, "a", 0, "9");
    for (uint64_t number = 11; number < 20; number++) {
        hub_set_time(history->hub, history->hub->now_ms + 1);
        history_append(history, "a", number);
        hub_flush(history->hub);
    }
    client_open(&ahead, history->hub, "a", LOG_ID("20"));
    history_append(history, "a", 20);
    assert_true(hub_has_prompt(history->hub));
    hub_flush_prompt(history->hub);
    client_read(&ahead);
    assert_string_equal(ahead.reader.last_id.data, LOG_ID("20"));
    client_close(&client);
    client_close(&ahead);
}

static void a_poll_waits_as_a_stream_does_and_is_answered_with_all(void **state)
{
    struct history *history = *state;
    struct asked *asked = &history->polling.asked[0];
    struct client client;
    client_open(&client, history->hub, "a", NULL);
    history_answer(history, "a", 0, "9");
    for (uint64_t number = 11; number < 20; number++) {
        hub_set_time(history->hub, history->hub->now_ms + 1);
        history_append(history, "a", number);
        hub_flush(history->hub);
    }
    ASK(&history->polling, asked, "a", SINCE(LOG_ID("19")), .is_patient = true);
    history_append(history, "a", 20);
    hub_flush_prompt(history->hub);
    assert_poll_waits(asked);
    history_append(history, "a", 21);
    hub_flush(history->hub);
    assert_poll_answer(asked, "a20 a21", 21);
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COALESCE_TEST(what_comes_soon_after_another_message_waits_and_leaves_with_others),
        COALESCE_TEST(it_waits_only_where_several_messages_are_gathered),
        COALESCE_TEST(the_rate_counts_where_flushes_take_long),
        COALESCE_TEST(a_quiet_channel_does_not_wait_for_a_busy_one),
        cmocka_unit_test(a_bound_of_nothing_lets_nothing_wait),
        COALESCE_TEST(who_opens_gets_what_waits_for_the_others_at_once),
        COALESCE_TEST(what_a_ring_would_lose_goes_out_before),
        COALESCE_TEST(who_leaves_meanwhile_is_sent_nothing),
        COALESCE_TEST(at_the_end_what_waits_goes_out_before),
        COALESCE_TEST(whose_turn_it_is_to_end_gets_what_waits_first),
        COALESCE_TEST(a_message_that_waits_shows_as_much_life_as_a_comment),
        COALESCE_TEST(visible_heartbeats_come_at_their_time_even_when_messages_wait),
        LOG_TEST(who_waited_for_a_history_is_served_promptly),
        LOG_TEST(who_was_ahead_is_served_promptly_though_the_channel_is_busy),
        LOG_TEST(a_poll_waits_as_a_stream_does_and_is_answered_with_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
