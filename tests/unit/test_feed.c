/* SPDX-License-Identifier: BSD-2-Clause */
/* What the reader of a log tells the hub: hub_append, hub_advance, hub_break_all, hub_break_channel. */
#include "history.h"
#include "unit.h"

static void what_is_not_above_the_position_is_passed_over_and_counted(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", NULL);
    history_answer(history, "a", 0, "");
    history_append(history, "a", 12);
    history_append(history, "a", 12);
    history_append(history, "a", 11);
    hub_advance(history->hub, history_id(11));
    hub_break_all(history->hub, history_id(12));
    hub_break_channel(history->hub, span_of("a"), history_id(3));
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a12");
    assert_int_equal(history->hub->stats.log_disordered.value, 5);
    assert_int_equal(event_id_compare(history->hub->position, history_id(12)), 0);
    client_close(&client);
}

static void every_entry_moves_the_position(void **state)
{
    struct history *history = *state;
    history_append(history, "nobody", 11);
    assert_int_equal(event_id_compare(history->hub->position, history_id(11)), 0);
    hub_advance(history->hub, history_id(12));
    assert_int_equal(event_id_compare(history->hub->position, history_id(12)), 0);
    hub_break_all(history->hub, history_id(13));
    assert_int_equal(event_id_compare(history->hub->position, history_id(13)), 0);
    hub_break_channel(history->hub, span_of("nobody"), history_id(14));
    assert_int_equal(event_id_compare(history->hub->position, history_id(14)), 0);
    assert_int_equal(history->hub->stats.messages_unheard.value, 1);
    assert_int_equal(history->hub->stats.channels_open.value, 0);
}

static void an_event_has_the_id_of_the_log_and_no_tag(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", NULL);
    history_answer(history, "a", 0, "");
    client_turn(&client, history->hub);
    client_forget(&client);
    history_append(history, "a", 12);
    client_turn(&client, history->hub);
    assert_string_equal(client_text(&client), "id: " LOG_ID("12") "\ndata: a12\n\n");
    client_close(&client);
}

static void a_break_of_one_channel_is_told_to_its_clients_only(void **state)
{
    struct history *history = *state;
    struct client a, b;
    client_open(&a, history->hub, "a", NULL);
    client_open(&b, history->hub, "b", NULL);
    history_answer(history, "a", 0, "");
    history_answer(history, "b", 0, "");
    hub_flush(history->hub);
    hub_break_channel(history->hub, span_of("a"), history_id(11));
    hub_flush(history->hub);
    assert_string_equal(client_events(&a), "gap:{\"channel\":\"a\",\"after\":\"" LOG_ID("10") "\",\"oldest\":null}");
    assert_string_equal(client_events(&b), "");
    client_close(&a);
    client_close(&b);
}

static void a_break_of_all_is_told_in_loaded_and_in_loading_channels(void **state)
{
    struct history *history = *state;
    struct client loaded, loading;
    client_open(&loaded, history->hub, "a", NULL);
    history_answer(history, "a", 0, "");
    hub_flush(history->hub);
    client_open(&loading, history->hub, "b", "0");
    hub_break_all(history->hub, history_id(11));
    history_append(history, "b", 12);
    hub_flush(history->hub);
    assert_string_equal(client_events(&loaded),
                        "gap:{\"channel\":\"a\",\"after\":\"" LOG_ID("10") "\",\"oldest\":null}");
    history_answer(history, "b", 0, "9");
    hub_flush(history->hub);
    assert_string_equal(
        client_events(&loading),
        "message:b9 gap:{\"channel\":\"b\",\"after\":\"0\",\"oldest\":\"" LOG_ID("12") "\"} message:b12");
    client_close(&loaded);
    client_close(&loading);
}

/* The gaps of all channels have one id: wherever the client is cut off, what it comes back with brings the rest. */
static void who_is_cut_off_between_gaps_of_one_id_is_told_of_the_others(void **state)
{
    struct history *history = *state;
    struct client client, again;
    client_open(&client, history->hub, "a,b,c", NULL);
    history_answer(history, "a", 0, "");
    history_answer(history, "b", 0, "");
    history_answer(history, "c", 0, "");
    client_turn(&client, history->hub);
    client_forget(&client);
    hub_break_all(history->hub, history_id(11));
    history_append(history, "b", 12);
    client_turn(&client, history->hub);
    assert_int_equal(client.reader.count, 4);
    for (size_t cut = 0; cut <= 3; cut++) {
        const char *id = cut > 0 ? client.reader.events[cut - 1].last_id.data : LOG_ID("10");
        bool is_told[3] = {false};
        size_t gaps = 0;
        for (size_t i = 0; i < cut; i++)
            is_told[client.reader.events[i].data.data[strlen("{\"channel\":\"")] - 'a'] = true;
        client_open(&again, history->hub, "a,b,c", id);
        for (size_t i = 0; i < again.reader.count; i++)
            if (strcmp(again.reader.events[i].type.data, "gap") == 0) {
                is_told[again.reader.events[i].data.data[strlen("{\"channel\":\"")] - 'a'] = true;
                gaps++;
            }
        assert_true(is_told[0] && is_told[1] && is_told[2]);
        assert_int_equal(gaps, cut == 3 ? 0 : 3);
        assert_string_equal(again.reader.events[again.reader.count - 1].data.data, "b12");
        client_close(&again);
    }
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(what_is_not_above_the_position_is_passed_over_and_counted),
        HISTORY_TEST(every_entry_moves_the_position),
        HISTORY_TEST(an_event_has_the_id_of_the_log_and_no_tag),
        HISTORY_TEST(a_break_of_one_channel_is_told_to_its_clients_only),
        HISTORY_TEST(a_break_of_all_is_told_in_loaded_and_in_loading_channels),
        HISTORY_TEST(who_is_cut_off_between_gaps_of_one_id_is_told_of_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
