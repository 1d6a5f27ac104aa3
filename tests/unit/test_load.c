/* SPDX-License-Identifier: BSD-2-Clause */
/* Histories on their way into the rings: hub_load_add and hub_load_end, push/load.h. */
#include "push/load.h"

#include "history.h"
#include "unit.h"

static void a_channel_is_loaded_once_however_many_ask_for_it(void **state)
{
    struct history *history = *state;
    struct client clients[3];
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        client_open(&clients[i], history->hub, "a", "0");
    assert_int_equal(history->count, 1);
    assert_string_equal(history->loads[0].channel, "a");
    assert_int_equal(event_id_compare(history->loads[0].until, history_id(10)), 0);
    client_close(&clients[0]);
    history_answer(history, "a", 0, "3 7");
    hub_flush(history->hub);
    for (size_t i = 1; i < COUNT_OF(clients); i++)
        assert_string_equal(client_events(&clients[i]), "message:a3 message:a7");
    client_open(&clients[0], history->hub, "a", "0");
    assert_string_equal(client_events(&clients[0]), "message:a3 message:a7");
    assert_int_equal(history->count, 1);
    assert_int_equal(history->hub->stats.loads_started.value, 1);
    assert_int_equal(history->hub->stats.loads_done.value, 1);
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        client_close(&clients[i]);
}

static void what_comes_while_it_loads_comes_once_behind_what_was_loaded(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", LOG_ID("3"));
    history_append(history, "a", 11);
    history_append(history, "b", 12);
    history_append(history, "a", 13);
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "");
    assert_int_equal(history->hub->stats.requests_waiting.value, 1);
    history_answer(history, "a", 0, "3 7 10");
    client_turn(&client, history->hub);
    history_append(history, "a", 14);
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a7 message:a10 message:a11 message:a13 message:a14");
    assert_string_equal(client.reader.last_id.data, LOG_ID("14"));
    assert_int_equal(history->hub->stats.requests_waiting.value, 0);
    client_close(&client);
}

static void a_stream_of_several_channels_waits_for_all_and_has_them_in_id_order(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a,b,c", "0");
    assert_int_equal(history->count, 3);
    history_answer(history, "b", 0, "2 6");
    client_turn(&client, history->hub);
    history_append(history, "b", 11);
    client_turn(&client, history->hub);
    history_answer(history, "a", 0, "1 5 9");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "");
    assert_int_equal(client.reader.last_id.len, 0);
    history_append(history, "c", 12);
    history_answer(history, "c", 0, "4");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client),
                        "message:a1 message:b2 message:c4 message:a5 message:b6 message:a9 message:b11 message:c12");
    client_close(&client);
}

static void an_answer_to_an_old_question_changes_nothing(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", "0");
    uint64_t old = history_find(history, "a")->ticket;
    hub_retry_loads(history->hub);
    assert_int_equal(history->count, 2);
    assert_int_not_equal(history_find(history, "a")->ticket, old);
    history_answer_ticket(history, "a", old, 0, "1 2");
    history_answer_ticket(history, "a", 99, 0, "1 2");
    history_answer_ticket(history, "never", 1, 0, "1 2");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "");
    history_answer(history, "a", 0, "3");
    history_answer(history, "a", 0, "4");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a3");
    assert_int_equal(history->hub->stats.loads_late.value, 4);
    client_close(&client);
}

static void asking_again_keeps_what_came_meanwhile(void **state)
{
    struct history *history = *state;
    struct client client, other;
    client_open(&other, history->hub, "b", "0");
    history_answer(history, "b", 0, "");
    client_open(&client, history->hub, "a", "0");
    history_append(history, "a", 11);
    hub_break_channel(history->hub, span_of("a"), history_id(12));
    hub_retry_loads(history->hub);
    assert_int_equal(history->count, 3); /* b is loaded already */
    assert_int_equal(event_id_compare(history_find(history, "a")->until, history_id(10)), 0);
    history_answer(history, "a", 0, "9");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client),
                        "message:a9 message:a11 gap:{\"channel\":\"a\",\"after\":\"0\",\"oldest\":null}");
    client_close(&client);
    client_close(&other);
}

static void a_channel_that_all_leave_while_it_loads_is_loaded_for_the_next(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", "0");
    client_close(&client);
    history_append(history, "a", 11);
    history_answer(history, "a", 0, "9");
    client_open(&client, history->hub, "a", "0");
    assert_string_equal(client_events(&client), "message:a9 message:a11");
    assert_int_equal(history->count, 1);
    client_close(&client);
}

static void the_late_answer_for_a_dropped_channel_changes_nothing(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", "0");
    uint64_t old = history_find(history, "a")->ticket;
    client_close(&client);
    stage_wait(history->stage, stage_config.ring_linger_ms);
    assert_int_equal(history->hub->stats.channels_open.value, 0);
    history_answer_ticket(history, "a", old, 0, "9");
    assert_int_equal(history->hub->stats.channels_open.value, 0);
    client_open(&client, history->hub, "a", "0");
    history_answer_ticket(history, "a", old, 0, "9");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "");
    history_answer(history, "a", 0, "8");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a8");
    client_close(&client);
}

static void what_is_out_of_order_in_an_answer_is_passed_over_and_counted(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", "0");
    history_append(history, "a", 11);
    history_append(history, "a", 13);
    /* 1 is not above the base, 5 comes twice, 4 is not above it, and behind 12 the log's 11 comes too late. */
    history_answer(history, "a", 2, "1 5 5 4 12");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a5 message:a12 message:a13");
    assert_int_equal(history->hub->stats.log_disordered.value, 4);
    client_close(&client);
}

static void an_empty_history_cannot_begin_behind_what_the_log_brings(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", NULL);
    history_append(history, "a", 11);
    history_answer(history, "a", 99, "");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a11");
    client_close(&client);
}

/* --- bounds ------------------------------------------------------------------------------------------------------- */

static void check_bytes(const struct history *history, const char *name)
{
    assert_int_equal(history->hub->stats.channels_bytes.value,
                     channel_size(hub_channel_find(history->hub, span_of(name))));
}

static void more_events_than_a_ring_may_hold_are_trimmed(void **state)
{
    (void)state;
    struct history history;
    struct hub_config config = stage_config;
    struct client client;
    config.history_length = 3;
    history_init(&history, &config);
    hub_start(history.hub, history_id(10));
    client_open(&client, history.hub, "a", LOG_ID("2"));
    history_append(&history, "a", 11);
    history_answer(&history, "a", 0, "1 2 3 4 5 6");
    check_bytes(&history, "a");
    client_turn(&client, history.hub);
    assert_string_equal(client_events(&client), "gap:{\"channel\":\"a\",\"after\":\"" LOG_ID(
                                                    "2") "\",\"oldest\":\"" LOG_ID("5") "\"} message:a5 message:a6 "
                                                                                        "message:a11");
    client_close(&client);
    client_open(&client, history.hub, "a", LOG_ID("4"));
    assert_string_equal(client_events(&client), "message:a5 message:a6 message:a11");
    client_close(&client);
    history_fini(&history);
}

static void when_live_events_fill_the_ring_nothing_loaded_stands_before_them(void **state)
{
    (void)state;
    struct history history;
    struct hub_config config = stage_config;
    struct client client;
    config.history_length = 3;
    history_init(&history, &config);
    hub_start(history.hub, history_id(10));
    client_open(&client, history.hub, "a", LOG_ID("10"));
    for (uint64_t number = 11; number <= 15; number++) {
        history_append(&history, "a", number);
        hub_flush(history.hub);
    }
    history_answer(&history, "a", 0, "9 10");
    check_bytes(&history, "a");
    client_turn(&client, history.hub);
    assert_string_equal(client_events(&client), "gap:{\"channel\":\"a\",\"after\":\"" LOG_ID(
                                                    "10") "\",\"oldest\":\"" LOG_ID("13") "\"} message:a13 message:a14 "
                                                                                          "message:a15");
    client_close(&client);
    history_fini(&history);
}

static void a_burst_behind_the_loaded_costs_a_client_nothing(void **state)
{
    (void)state;
    struct history history;
    struct hub_config config = stage_config;
    struct client client;
    config.history_length = 3;
    history_init(&history, &config);
    hub_start(history.hub, history_id(10));
    client_open(&client, history.hub, "a", LOG_ID("7"));
    history_answer(&history, "a", 7, "8 9 10");
    for (uint64_t number = 11; number <= 15; number++)
        history_append(&history, "a", number);
    client_turn(&client, history.hub);
    assert_string_equal(client_events(&client), "message:a8 message:a9 message:a10 message:a11 message:a12 message:a13 "
                                                "message:a14 message:a15");
    client_close(&client);
    history_fini(&history);
}

static void memory_is_bounded_with_idle_channels_going_first(void **state)
{
    (void)state;
    struct history history;
    struct hub_config config = stage_config;
    struct client client;
    config.ring_memory_bytes = 800;
    history_init(&history, &config);
    hub_start(history.hub, history_id(10));
    client_open(&client, history.hub, "idle", "0");
    history_answer(&history, "idle", 0, "1 2 3");
    client_close(&client);
    client_open(&client, history.hub, "a", "0");
    history_answer(&history, "a", 0, "1 2 3 4 5 6 7 8");
    assert_null(hub_channel_find(history.hub, span_of("idle")));
    check_bytes(&history, "a");
    client_close(&client);
    history_fini(&history);
}

static void a_loaded_ring_too_large_for_the_memory_keeps_its_newest(void **state)
{
    (void)state;
    struct history history;
    struct hub_config config = stage_config;
    struct client client;
    config.ring_memory_bytes = 100;
    history_init(&history, &config);
    hub_start(history.hub, history_id(10));
    client_open(&client, history.hub, "a", "0");
    history_answer(&history, "a", 0, "1 2 3");
    check_bytes(&history, "a");
    client_turn(&client, history.hub);
    assert_string_equal(client_events(&client), "message:a3");
    client_close(&client);
    history_fini(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(a_channel_is_loaded_once_however_many_ask_for_it),
        HISTORY_TEST(what_comes_while_it_loads_comes_once_behind_what_was_loaded),
        HISTORY_TEST(a_stream_of_several_channels_waits_for_all_and_has_them_in_id_order),
        HISTORY_TEST(an_answer_to_an_old_question_changes_nothing),
        HISTORY_TEST(asking_again_keeps_what_came_meanwhile),
        HISTORY_TEST(a_channel_that_all_leave_while_it_loads_is_loaded_for_the_next),
        HISTORY_TEST(the_late_answer_for_a_dropped_channel_changes_nothing),
        HISTORY_TEST(what_is_out_of_order_in_an_answer_is_passed_over_and_counted),
        HISTORY_TEST(an_empty_history_cannot_begin_behind_what_the_log_brings),
        cmocka_unit_test(more_events_than_a_ring_may_hold_are_trimmed),
        cmocka_unit_test(when_live_events_fill_the_ring_nothing_loaded_stands_before_them),
        cmocka_unit_test(a_burst_behind_the_loaded_costs_a_client_nothing),
        cmocka_unit_test(memory_is_bounded_with_idle_channels_going_first),
        cmocka_unit_test(a_loaded_ring_too_large_for_the_memory_keeps_its_newest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
