/* SPDX-License-Identifier: BSD-2-Clause */
/* Clients that another responder has sent more than this hub has read: push/ahead.h. */
#include "push/ahead.h"

#include "history.h"
#include "unit.h"

static void it_goes_on_behind_its_id_as_soon_as_the_position_is_there(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", LOG_ID("12"));
    history_answer(history, "a", 0, "9");
    history_append(history, "a", 11);
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "");
    history_append(history, "a", 12);
    history_append(history, "a", 13);
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a13");
    assert_int_equal(history->hub->stats.gaps_sent.value, 0);
    client_close(&client);
}

static void any_entry_of_the_log_brings_the_position_there(void **state)
{
    struct history *history = *state;
    struct client by_entry, by_break, by_channel_break;
    client_open(&by_entry, history->hub, "a", LOG_ID("12"));
    client_open(&by_break, history->hub, "a", LOG_ID("15"));
    client_open(&by_channel_break, history->hub, "a", LOG_ID("18"));
    history_answer(history, "a", 0, "");
    hub_advance(history->hub, history_id(13));
    hub_flush(history->hub);
    client_read(&by_entry);
    assert_string_equal(by_entry.reader.last_id.data, LOG_ID("13"));
    assert_int_equal(by_break.reader.last_id.len + by_break.reader.count, 0);
    hub_break_all(history->hub, history_id(15));
    hub_flush(history->hub);
    client_read(&by_break);
    assert_string_equal(by_break.reader.last_id.data, LOG_ID("15"));
    assert_int_equal(by_break.reader.count, 0);
    hub_break_channel(history->hub, span_of("b"), history_id(18));
    hub_flush(history->hub);
    client_read(&by_channel_break);
    assert_string_equal(by_channel_break.reader.last_id.data, LOG_ID("18"));
    client_close(&by_entry);
    client_close(&by_break);
    client_close(&by_channel_break);
}

static void its_channel_need_not_be_loaded_when_the_position_is_there(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a,b", LOG_ID("12"));
    history_answer(history, "b", 0, "10");
    history_append(history, "a", 12);
    history_append(history, "a", 14);
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "");
    history_answer(history, "a", 0, "10");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a14");
    client_close(&client);
}

static void the_end_of_the_log_says_nothing_of_who_may_have_come_after_it_was_asked_for(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", LOG_ID("12"));
    history_answer(history, "a", 0, "9");
    hub_confirm_end(history->hub, history_id(10));
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "");
    hub_confirm_end(history->hub, history_id(10));
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "gap:{\"channel\":\"a\",\"after\":\"" LOG_ID(
                                                    "12") "\",\"oldest\":\"" LOG_ID("9") "\"} message:a9");
    assert_string_equal(client.reader.last_id.data, LOG_ID("10"));
    client_close(&client);
}

static void it_waits_on_as_long_as_the_log_may_have_its_id(void **state)
{
    struct history *history = *state;
    struct client client, other;
    client_open(&client, history->hub, "a", LOG_ID("12"));
    client_open(&other, history->hub, "a", LOG_ID("13"));
    history_answer(history, "a", 0, "9");
    for (int i = 0; i < 3; i++)
        hub_confirm_end(history->hub, history_id(12));
    hub_flush(history->hub);
    assert_string_equal(client_events(&client), "");
    assert_int_equal(client.reader.last_id.len, 0);
    assert_int_equal(other.reader.count, 0);
    client_read(&other);
    assert_int_equal(other.reader.count, 2);
    hub_advance(history->hub, history_id(12));
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "");
    assert_string_equal(client.reader.last_id.data, LOG_ID("12"));
    client_close(&client);
    client_close(&other);
}

/* The nearest of those that wait is looked at, and it may leave. */
static void each_is_met_in_its_own_time_whoever_leaves(void **state)
{
    struct history *history = *state;
    struct client clients[3];
    client_open(&clients[0], history->hub, "a", LOG_ID("14"));
    client_open(&clients[1], history->hub, "a", LOG_ID("12"));
    client_open(&clients[2], history->hub, "a", LOG_ID("16"));
    assert_int_equal(history->hub->stats.requests_ahead.value, 3);
    history_answer(history, "a", 0, "");
    client_close(&clients[1]);
    for (uint64_t number = 11; number <= 17; number++) {
        history_append(history, "a", number);
        hub_flush(history->hub);
    }
    assert_string_equal(client_events(&clients[0]), "message:a15 message:a16 message:a17");
    assert_string_equal(client_events(&clients[2]), "message:a17");
    client_close(&clients[0]);
    client_close(&clients[2]);
}

static void who_came_before_the_start_with_an_id_above_it_waits_for_it_too(void **state)
{
    struct history *history = *state;
    struct client ahead, known;
    client_open(&ahead, history->hub, "a", LOG_ID("12"));
    client_open(&known, history->hub, "a", LOG_ID("9"));
    hub_start(history->hub, history_id(10));
    history_answer(history, "a", 0, "9 10");
    hub_flush(history->hub);
    assert_string_equal(client_events(&known), "message:a10");
    assert_string_equal(client_events(&ahead), "");
    history_append(history, "a", 12);
    history_append(history, "a", 13);
    client_turn(&ahead, history->hub);
    assert_string_equal(client_events(&ahead), "message:a13");
    client_close(&ahead);
    client_close(&known);
}

static void when_the_program_ends_it_is_ended_without_a_position(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", LOG_ID("12"));
    history_answer(history, "a", 0, "");
    hub_flush(history->hub);
    hub_end_over(history->hub, 0);
    client_read(&client);
    assert_int_equal(client.sink.ends, 1);
    assert_int_equal(client.reader.last_id.len, 0);
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(it_goes_on_behind_its_id_as_soon_as_the_position_is_there),
        HISTORY_TEST(any_entry_of_the_log_brings_the_position_there),
        HISTORY_TEST(its_channel_need_not_be_loaded_when_the_position_is_there),
        HISTORY_TEST(the_end_of_the_log_says_nothing_of_who_may_have_come_after_it_was_asked_for),
        HISTORY_TEST(it_waits_on_as_long_as_the_log_may_have_its_id),
        HISTORY_TEST(each_is_met_in_its_own_time_whoever_leaves),
        HISTORY_TEST_UNSTARTED(who_came_before_the_start_with_an_id_above_it_waits_for_it_too),
        HISTORY_TEST(when_the_program_ends_it_is_ended_without_a_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
