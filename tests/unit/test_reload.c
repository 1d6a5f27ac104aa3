/* SPDX-License-Identifier: BSD-2-Clause */
/* All rings are loaded anew because the log lacks something: hub_reload. */
#include "history.h"
#include "unit.h"

#define GAP(channel, after, oldest)                                                                                    \
    "gap:{\"channel\":\"" channel "\",\"after\":\"" after "\",\"oldest\":\"" oldest "\"}"

/* A stream of the channels, which are loaded without anything, from now on. */
static void open_stream(struct history *history, struct client *client, const char *channels)
{
    client_open(client, history->hub, channels, NULL);
    for (size_t i = 0; i < history->count; i++)
        history_answer_ticket(history, history->loads[i].channel, history->loads[i].ticket, 0, "");
    client_turn(client, history->hub);
}

static void streams_go_on_exactly_where_the_history_reaches_back_to_them(void **state)
{
    struct history *history = *state;
    struct client client;
    open_stream(history, &client, "a,b");
    history_append(history, "a", 11);
    history_append(history, "b", 12);
    client_turn(&client, history->hub);
    hub_reload(history->hub, history_id(20));
    history_append(history, "a", 21);
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a11 message:b12");
    assert_int_equal(history->count, 4);
    assert_int_equal(event_id_compare(history_find(history, "a")->until, history_id(20)), 0);
    history_answer(history, "a", 8, "9 11 13 15");
    history_answer(history, "b", 8, "10 12 14");
    client_turn(&client, history->hub);
    history_append(history, "b", 22);
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client),
                        "message:a11 message:b12 message:a13 message:b14 message:a15 message:a21 "
                        "message:b22");
    client_close(&client);
}

static void where_the_history_does_not_reach_back_there_is_a_gap(void **state)
{
    struct history *history = *state;
    struct client client;
    open_stream(history, &client, "a,b");
    history_append(history, "a", 11);
    client_turn(&client, history->hub);
    hub_reload(history->hub, history_id(20));
    history_answer(history, "a", 12, "13");
    history_answer(history, "b", 11, "12");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client),
                        "message:a11 " GAP("a", LOG_ID("11"), LOG_ID("13")) " message:b12 message:a13");
    client_close(&client);
}

/* A history that is gone after long silence says nothing about what its clients lack. */
static void who_had_all_up_to_the_position_lacks_nothing_below_it(void **state)
{
    struct history *history = *state;
    struct client client;
    open_stream(history, &client, "a");
    history_append(history, "b", 15);
    hub_flush(history->hub);
    hub_reload(history->hub, history_id(20));
    history_answer(history, "a", 15, "");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "");
    hub_reload(history->hub, history_id(30));
    history_answer(history, "a", 21, "22");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), GAP("a", LOG_ID("20"), LOG_ID("22")) " message:a22");
    client_close(&client);
}

static void the_position_never_goes_back(void **state)
{
    struct history *history = *state;
    struct client client;
    open_stream(history, &client, "a");
    hub_reload(history->hub, history_id(5));
    assert_int_equal(event_id_compare(history->hub->position, history_id(10)), 0);
    assert_int_equal(event_id_compare(history_find(history, "a")->until, history_id(10)), 0);
    client_close(&client);
}

static void who_waits_for_its_first_load_waits_for_the_new_one(void **state)
{
    struct history *history = *state;
    struct client client, now;
    client_open(&client, history->hub, "a,b", LOG_ID("3"));
    client_open(&now, history->hub, "a", NULL);
    uint64_t old = history_find(history, "a")->ticket;
    history_answer(history, "b", 0, "4");
    history_append(history, "a", 11);
    hub_reload(history->hub, history_id(20));
    history_answer_ticket(history, "a", old, 0, "8");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "");
    history_answer(history, "b", 0, "4 5");
    history_answer(history, "a", 0, "8 11 12");
    hub_flush(history->hub);
    assert_string_equal(client_events(&client), "message:b4 message:b5 message:a8 message:a11 message:a12");
    assert_string_equal(client_events(&now), "message:a11 message:a12");
    assert_int_equal(history->hub->stats.requests_waiting.value, 0);
    client_close(&client);
    client_close(&now);
}

static void a_reload_while_one_is_under_way_loses_nothing(void **state)
{
    struct history *history = *state;
    struct client client;
    open_stream(history, &client, "a");
    history_append(history, "a", 11);
    client_turn(&client, history->hub);
    hub_reload(history->hub, history_id(20));
    history_append(history, "a", 21);
    hub_reload(history->hub, history_id(30));
    history_answer(history, "a", 0, "11 13 21 22");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a11 message:a13 message:a21 message:a22");
    client_close(&client);
}

static void a_stream_whose_news_waited_for_the_flush_has_them_once(void **state)
{
    struct history *history = *state;
    struct client client;
    open_stream(history, &client, "a");
    history_append(history, "a", 11);
    hub_reload(history->hub, history_id(20));
    client_turn(&client, history->hub);
    history_answer(history, "a", 0, "11");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a11");
    client_close(&client);
}

static void a_stream_that_blocks_goes_on_behind_what_it_was_given(void **state)
{
    struct history *history = *state;
    struct client client;
    open_stream(history, &client, "a");
    client.sink.blocks = true;
    history_append(history, "a", 11);
    hub_flush(history->hub);
    history_append(history, "a", 12);
    hub_flush(history->hub);
    hub_reload(history->hub, history_id(20));
    fake_sink_drain(&client.sink);
    history_answer(history, "a", 0, "11 12 13");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a11 message:a12 message:a13");
    client_close(&client);
}

/* The new history may reach further back than what the client was sent meanwhile: that comes neither. */
static void a_gap_that_was_not_told_yet_is_told_afterwards(void **state)
{
    struct history *history = *state;
    struct client keeper, client;
    const struct resume unknown = {.kind = RESUME_AFTER_ID, .id = span_of("x")};
    client_open(&keeper, history->hub, "a,b", "0");
    history_answer(history, "a", 8, "9");
    history_answer(history, "b", 0, "5 6");
    client_turn(&keeper, history->hub);
    client_open_at(&client, history->hub, "a,b", &unknown, STREAM_SHOWS_NOTHING,
                   ""); /* sends the gap of b, then asks to be called */
    client.sink.blocks = true;
    fake_sink_call_back(&client.sink); /* sends b5 and b6; the gap of a, at 8, is still to be told */
    hub_reload(history->hub, history_id(20));
    history_answer(history, "a", 2, "3 7 9");
    history_answer(history, "b", 0, "5 6 11");
    hub_flush(history->hub);
    fake_sink_drain(&client.sink);
    assert_string_equal(client_events(&client), GAP("b", "x", LOG_ID("5")) " message:b5 message:b6 " GAP(
                                                    "a", "x", LOG_ID("7")) " message:a7 message:a9 message:b11");
    assert_string_equal(client.reader.events[3].last_id.data, LOG_ID("6"));
    client_close(&client);
    client_close(&keeper);
}

/* --- streams in the middle of a frame --- */

static void append_long(struct history *history, uint64_t number)
{
    static char data[3 * SINK_WRITE_LIMIT];
    memset(data, 'x', sizeof(data));
    hub_append(
        history->hub,
        &(struct message){.id = history_id(number), .tag = "", .channel = span_of("a"), .data = {data, sizeof(data)}});
}

static void streams_in_the_middle_of_a_frame_are_ended(void **state)
{
    struct history *history = *state;
    struct client blocked, ready, other;
    open_stream(history, &blocked, "a");
    open_stream(history, &ready, "a,b");
    open_stream(history, &other, "b");
    blocked.sink.blocks = true;
    append_long(history, 11);
    hub_flush(history->hub);
    hub_reload(history->hub, history_id(20));
    assert_int_equal(blocked.sink.aborts, 1);
    assert_int_equal(ready.sink.ends, 1);
    assert_false(fake_sink_is_over(&other.sink));
    assert_int_equal(history->hub->stats.streams_lagged.value, 2);
    assert_int_equal(history->hub->stats.streams_open.value, 1);
    history_answer(history, "b", 0, "12");
    client_turn(&other, history->hub);
    assert_string_equal(client_events(&other), "message:b12");
    client_close(&blocked);
    client_close(&ready);
    client_close(&other);
}

/* --- polls --- */

static void polls_that_wait_or_are_held_wait_for_the_load_and_are_answered(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    struct client keeper;
    open_stream(history, &keeper, "a");
    ASK(polling, &polling->asked[0], "a", SINCE(LOG_ID("10")), .is_patient = true);
    history_append(history, "a", 11);
    hub_flush(history->hub);
    assert_poll_answer(&polling->asked[0], "a11", 11);
    ASK(polling, &polling->asked[0], "a", SINCE(LOG_ID("11")), .is_patient = true);
    ASK(polling, &polling->asked[1], "a", AFTER_MS(STAGE_MS - 1), .is_patient = true); /* held */
    hub_reload(history->hub, history_id(120));
    hub_flush(history->hub);
    stage_wait(history->stage, POLL_HOLD_MS);
    assert_poll_waits(&polling->asked[0]);
    assert_poll_waits(&polling->asked[1]);
    history_answer(history, "a", 0, "11 13");
    hub_flush(history->hub);
    assert_poll_answer_at(&polling->asked[0], "a13", STAGE_MS + 1, 20);
    stage_wait(history->stage, POLL_HOLD_MS);
    assert_poll_answer_at(&polling->asked[1], "a11 a13", STAGE_MS + 1, 20);
    client_close(&keeper);
}

static void a_poll_by_time_gets_nothing_of_its_millisecond_afterwards(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    struct client keeper;
    open_stream(history, &keeper, "a");
    history_append(history, "a", 105);
    history_append(history, "a", 205);
    ASK(polling, &polling->asked[0], "a", AFTER_MS(STAGE_MS + 1), .is_patient = true);
    hub_reload(history->hub, history_id(300));
    history_answer(history, "a", 0, "105 106 205");
    hub_flush(history->hub);
    stage_wait(history->stage, POLL_HOLD_MS);
    assert_poll_answer_at(&polling->asked[0], "a205", STAGE_MS + 3, 0);
    client_close(&keeper);
}

static void a_poll_is_refused_when_the_load_takes_too_long(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    struct client keeper;
    open_stream(history, &keeper, "a");
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    stage_wait(history->stage, 3000);
    hub_reload(history->hub, history_id(20));
    stage_wait(history->stage, POLL_LOAD_LIMIT_MS - 1);
    assert_poll_waits(&polling->asked[0]);
    stage_wait(history->stage, 1);
    assert_int_equal(polling->asked[0].refusals, 1);
    assert_int_equal(polling->asked[0].frees, 1);
    client_close(&keeper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(streams_go_on_exactly_where_the_history_reaches_back_to_them),
        HISTORY_TEST(where_the_history_does_not_reach_back_there_is_a_gap),
        HISTORY_TEST(who_had_all_up_to_the_position_lacks_nothing_below_it),
        HISTORY_TEST(the_position_never_goes_back),
        HISTORY_TEST(who_waits_for_its_first_load_waits_for_the_new_one),
        HISTORY_TEST(a_reload_while_one_is_under_way_loses_nothing),
        HISTORY_TEST(a_stream_whose_news_waited_for_the_flush_has_them_once),
        HISTORY_TEST(a_stream_that_blocks_goes_on_behind_what_it_was_given),
        HISTORY_TEST(a_gap_that_was_not_told_yet_is_told_afterwards),
        HISTORY_TEST(streams_in_the_middle_of_a_frame_are_ended),
        HISTORY_TEST(polls_that_wait_or_are_held_wait_for_the_load_and_are_answered),
        HISTORY_TEST(a_poll_by_time_gets_nothing_of_its_millisecond_afterwards),
        HISTORY_TEST(a_poll_is_refused_when_the_load_takes_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
