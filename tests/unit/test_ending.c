/* SPDX-License-Identifier: BSD-2-Clause */
/* All subscribers are ended one after the other, spread over a time: hub_end_over. */
#include "push/ending.h"

#include "history.h"
#include "unit.h"

enum { DURATION_MS = 3000, LARGE_CROWD = 8000 };

static size_t count_open(const struct stage *stage)
{
    return (size_t)hub_clients_open(&stage->hub);
}

/* Does what is due at that many milliseconds after the beginning, which was at 1000. */
static void go_to(struct stage *stage, int64_t ms)
{
    hub_set_time(&stage->hub, 1000 + ms);
    hub_expire(&stage->hub);
    hub_flush(&stage->hub);
}

static void open_all(struct client *clients, size_t count, struct hub *hub, const char *channels)
{
    for (size_t i = 0; i < count; i++) {
        client_open(&clients[i], hub, channels, NULL);
        client_forget(&clients[i]);
    }
}

static void close_all(struct client *clients, size_t count)
{
    for (size_t i = 0; i < count; i++)
        client_close(&clients[i]);
}

static size_t count_ended(const struct client *clients, size_t count)
{
    size_t ended = 0;
    for (size_t i = 0; i < count; i++)
        ended += clients[i].sink.ends;
    return ended;
}

/* --- spread --- */

static void the_first_ends_at_once_and_each_other_one_at_its_share_of_the_time(void **state)
{
    struct stage *stage = *state;
    struct client clients[10];
    open_all(clients, COUNT_OF(clients), &stage->hub, "a");
    hub_end_over(&stage->hub, DURATION_MS);
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        assert_int_equal(count_ended(clients, COUNT_OF(clients)), i + 1);
        if (i + 1 < COUNT_OF(clients))
            assert_int_equal(hub_due(&stage->hub), 1000 + 300 * ((int64_t)i + 1));
        go_to(stage, 300 * ((int64_t)i + 1) - 1);
        assert_int_equal(count_ended(clients, COUNT_OF(clients)), i + 1);
        go_to(stage, 300 * ((int64_t)i + 1));
    }
    assert_true(hub_due(&stage->hub) > 1000 + DURATION_MS);
    close_all(clients, COUNT_OF(clients));
}

static void each_ends_with_retry_and_position(void **state)
{
    struct stage *stage = *state;
    struct client clients[3];
    open_all(clients, COUNT_OF(clients), &stage->hub, "a,b");
    hub_end_over(&stage->hub, DURATION_MS);
    assert_string_equal(clients[0].sink.written.data + clients[0].sink.written.len - strlen(STAGE_ID("0")) - 2,
                        STAGE_ID("0") "\n\n");
    stage_publish(stage, "a", "still served");
    go_to(stage, DURATION_MS);
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        assert_string_equal(client_events(&clients[i]), i == 0 ? "" : "message:still served");
        assert_buffer_equal(&clients[i].reader.last_id, i == 0 ? STAGE_ID("0") : STAGE_ID("1"));
        assert_true(clients[i].reader.retry_ms >= 2000 && clients[i].reader.retry_ms <= 4000);
        assert_int_equal(clients[i].sink.ends, 1);
    }
    assert_int_equal(stage->hub.stats.streams_aged.value, 0);
    close_all(clients, COUNT_OF(clients));
}

static void thousands_a_second_are_spread_too(void **state)
{
    struct stage *stage = *state;
    static struct client clients[LARGE_CROWD];
    open_all(clients, LARGE_CROWD, &stage->hub, "a");
    hub_end_over(&stage->hub, DURATION_MS);
    for (int64_t ms = 0; ms < DURATION_MS; ms++) {
        go_to(stage, ms);
        size_t expected = (size_t)(LARGE_CROWD * (ms + 1) / DURATION_MS);
        assert_in_range(count_ended(clients, LARGE_CROWD), expected > 5 ? expected - 5 : 0, expected + 5);
        if (ms % 100 != 0)
            continue;
        /* Heartbeats and events change the order in which they stand, not the pace. */
        stage_publish(stage, "a", "x");
    }
    go_to(stage, DURATION_MS);
    assert_int_equal(count_ended(clients, LARGE_CROWD), LARGE_CROWD);
    close_all(clients, LARGE_CROWD);
}

static void who_leaves_by_itself_lets_the_others_have_its_time(void **state)
{
    struct stage *stage = *state;
    struct client clients[10];
    open_all(clients, COUNT_OF(clients), &stage->hub, "a");
    hub_end_over(&stage->hub, DURATION_MS);
    close_all(clients + 2, 7);
    go_to(stage, 300);
    assert_int_equal(clients[1].sink.ends, 1);
    go_to(stage, 1649);
    assert_int_equal(clients[9].sink.ends, 0);
    go_to(stage, 1650);
    assert_int_equal(clients[9].sink.ends, 1);
    close_all(clients, 2);
    client_close(&clients[9]);
}

static void turns_that_nobody_took_are_not_made_up_for(void **state)
{
    struct stage *stage = *state;
    struct client clients[3];
    hub_end_over(&stage->hub, DURATION_MS);
    go_to(stage, 1500);
    open_all(clients, COUNT_OF(clients), &stage->hub, "a");
    go_to(stage, 1999);
    assert_int_equal(count_ended(clients, COUNT_OF(clients)), 1);
    go_to(stage, 2999);
    assert_int_equal(count_ended(clients, COUNT_OF(clients)), 3);
    close_all(clients, COUNT_OF(clients));
}

static void without_time_all_end_at_once(void **state)
{
    struct stage *stage = *state;
    struct client clients[3];
    open_all(clients, COUNT_OF(clients), &stage->hub, "a");
    hub_end_over(&stage->hub, 0);
    assert_int_equal(count_ended(clients, COUNT_OF(clients)), COUNT_OF(clients));
    close_all(clients, COUNT_OF(clients));
}

static void with_nobody_there_nothing_is_due(void **state)
{
    struct stage *stage = *state;
    hub_end_over(&stage->hub, DURATION_MS);
    assert_true(hub_due(&stage->hub) == TIMEOUT_NEVER);
}

/* --- who is not ready when its turn comes --- */

static void a_blocked_stream_is_ended_when_it_takes_more(void **state)
{
    struct stage *stage = *state;
    struct client client;
    open_all(&client, 1, &stage->hub, "a");
    client.sink.blocks = true;
    stage_publish(stage, "a", "1");
    hub_flush(&stage->hub);
    stage_publish(stage, "a", "2");
    hub_end_over(&stage->hub, DURATION_MS);
    go_to(stage, DURATION_MS - 1);
    assert_false(fake_sink_is_over(&client.sink));
    fake_sink_drain(&client.sink);
    assert_string_equal(client_events(&client), "message:1 message:2");
    assert_int_equal(client.sink.ends, 1);
    assert_int_equal(stage->hub.stats.streams_aged.value, 0);
    assert_buffer_equal(&client.reader.last_id, STAGE_ID("2"));
    client_close(&client);
}

static void a_stream_that_stays_blocked_ends_at_the_end_of_the_time(void **state)
{
    struct stage *stage = *state;
    struct client client;
    open_all(&client, 1, &stage->hub, "a");
    client.sink.blocks = true;
    stage_publish(stage, "a", "1");
    hub_flush(&stage->hub);
    hub_end_over(&stage->hub, DURATION_MS);
    assert_int_equal(hub_due(&stage->hub), 1000 + DURATION_MS);
    size_t written = client.sink.written.len;
    go_to(stage, DURATION_MS);
    assert_int_equal(client.sink.ends, 1);
    assert_int_equal(client.sink.written.len, written);
    client_close(&client);
}

/* More of them than there are microseconds. */
static void any_number_of_blocked_streams_has_its_turns(void **state)
{
    struct stage *stage = *state;
    static struct client clients[1200];
    open_all(clients, COUNT_OF(clients), &stage->hub, "a");
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        clients[i].sink.blocks = true;
    stage_publish(stage, "a", "1");
    hub_flush(&stage->hub);
    hub_end_over(&stage->hub, 1);
    assert_int_equal(count_ended(clients, COUNT_OF(clients)), 0);
    go_to(stage, 1);
    assert_int_equal(count_ended(clients, COUNT_OF(clients)), COUNT_OF(clients));
    close_all(clients, COUNT_OF(clients));
}

static void a_stream_in_the_middle_of_a_burst_gets_all_of_it(void **state)
{
    struct stage *stage = *state;
    struct client client;
    open_all(&client, 1, &stage->hub, "a");
    stage_publish_long(stage, "a", 'x', 150000);
    hub_flush(&stage->hub);
    hub_end_over(&stage->hub, DURATION_MS);
    assert_false(fake_sink_is_over(&client.sink));
    client_read(&client);
    assert_int_equal(client.reader.count, 1);
    assert_int_equal(client.reader.events[0].data.len, 150000);
    assert_int_equal(client.sink.ends, 1);
    assert_buffer_equal(&client.reader.last_id, STAGE_ID("1"));
    client_close(&client);
}

static void a_stream_that_waits_for_its_channel_gets_what_it_missed_and_ends(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", LOG_ID("3"));
    hub_end_over(history->hub, DURATION_MS);
    go_to(history->stage, DURATION_MS - 1);
    assert_false(fake_sink_is_over(&client.sink));
    history_answer(history, "a", 0, "2 5");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a5");
    assert_int_equal(client.sink.ends, 1);
    assert_buffer_equal(&client.reader.last_id, LOG_ID("10"));
    client_close(&client);
}

/* It came without an id: else it would come back to the log's end of then, and miss what was between. */
static void a_stream_whose_channel_never_came_goes_on_from_where_it_came_in(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", NULL);
    history_append(history, "a", 11);
    hub_end_over(history->hub, DURATION_MS);
    go_to(history->stage, DURATION_MS);
    client_read(&client);
    assert_int_equal(client.sink.ends, 1);
    assert_buffer_equal(&client.reader.last_id, LOG_ID("10"));
    client_close(&client);
}

/* --- who comes meanwhile --- */

static void a_stream_that_comes_meanwhile_gets_what_it_missed_and_ends_in_time(void **state)
{
    struct stage *stage = *state;
    struct client old, client;
    client_open(&old, &stage->hub, "a", NULL);
    stage_publish(stage, "a", "1");
    stage_publish(stage, "a", "2");
    hub_end_over(&stage->hub, DURATION_MS);
    go_to(stage, 1000);
    client_open(&client, &stage->hub, "a", STAGE_ID("1"));
    assert_string_equal(client_events(&client), "message:2");
    assert_int_equal(client.sink.ends, 0);
    go_to(stage, DURATION_MS);
    client_read(&client);
    assert_int_equal(client.sink.ends, 1);
    assert_buffer_equal(&client.reader.last_id, STAGE_ID("2"));
    client_close(&client);
    client_close(&old);
}

static void a_stream_that_comes_later_is_opened_and_ended_at_once(void **state)
{
    struct stage *stage = *state;
    struct client fresh, known;
    hub_end_over(&stage->hub, DURATION_MS);
    go_to(stage, DURATION_MS);
    client_open(&fresh, &stage->hub, "a", NULL);
    assert_int_equal(fresh.sink.ends, 1);
    assert_buffer_equal(&fresh.reader.last_id, STAGE_ID("0"));
    assert_true(fresh.reader.retry_ms >= 2000 && fresh.reader.retry_ms <= 4000);
    client_open(&known, &stage->hub, "a", STAGE_ID("0"));
    assert_int_equal(known.sink.ends, 1);
    assert_int_equal(known.reader.last_id.len, 0);
    assert_int_equal(stage->hub.stats.streams_refused.value, 0);
    client_close(&fresh);
    client_close(&known);
}

static void a_poll_that_comes_meanwhile_is_answered_at_once(void **state)
{
    struct polling *polling = *state;
    polling_publish(polling, "a");
    hub_end_over(&polling->stage.hub, DURATION_MS);
    ASK(polling, &polling->asked[0], "a", SINCE(STAGE_ID("0")), .is_patient = true);
    assert_poll_answer(&polling->asked[0], "a1", 1);
    ASK(polling, &polling->asked[1], "a", .is_patient = true);
    assert_poll_answer(&polling->asked[1], "", 1);
    go_to(&polling->stage, DURATION_MS);
    ASK(polling, &polling->asked[2], "a", .is_patient = true);
    assert_poll_answer(&polling->asked[2], "", 1);
}

static void a_poll_that_comes_meanwhile_waits_for_its_channel_until_the_end(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    hub_end_over(history->hub, DURATION_MS);
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    ASK(polling, &polling->asked[1], "b", .is_patient = true);
    history_answer(history, "a", 0, "3");
    hub_flush(history->hub);
    assert_poll_answer(&polling->asked[0], "", 10);
    assert_int_equal(hub_due(history->hub), 1000 + DURATION_MS);
    go_to(history->stage, DURATION_MS - 1);
    assert_poll_waits(&polling->asked[1]);
    go_to(history->stage, DURATION_MS);
    assert_int_equal(polling->asked[1].refusals, 1);
    assert_int_equal(polling->asked[1].reason, POLL_UNLOADED);
    ASK(polling, &polling->asked[2], "c", .is_patient = true);
    assert_int_equal(polling->asked[2].refusals, 1);
    assert_int_equal(history->hub->stats.polls_open.value, 0);
}

/* --- polls that wait --- */

static void waiting_polls_are_answered_one_after_the_other(void **state)
{
    struct polling *polling = *state;
    struct asked *asked = polling->asked;
    client_close(&polling->keeper);
    for (size_t i = 0; i < COUNT_OF(polling->asked); i++)
        ASK(polling, &asked[i], "a", .is_patient = true);
    hub_end_over(&polling->stage.hub, DURATION_MS);
    assert_poll_answer(&asked[0], "", 0);
    go_to(&polling->stage, 999);
    assert_poll_waits(&asked[1]);
    go_to(&polling->stage, 1000);
    assert_poll_answer(&asked[1], "", 0);
    polling_publish(polling, "a");
    go_to(&polling->stage, 1500);
    assert_poll_answer(&asked[2], "a1", 1);
    assert_int_equal(polling->stage.hub.stats.polls_timed_out.value, 0);
    client_open(&polling->keeper, &polling->stage.hub, "a", NULL);
}

static void a_poll_whose_channel_is_not_loaded_when_its_turn_comes_is_answered_when_it_is(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    ASK(polling, &polling->asked[0], "a", .is_patient = true);
    ASK(polling, &polling->asked[1], "b", .is_patient = true);
    hub_end_over(history->hub, DURATION_MS);
    go_to(history->stage, DURATION_MS / 2);
    assert_poll_waits(&polling->asked[0]);
    history_answer(history, "a", 0, "3");
    hub_flush(history->hub);
    assert_poll_answer(&polling->asked[0], "", 10);
    go_to(history->stage, DURATION_MS);
    assert_int_equal(polling->asked[1].refusals, 1);
    assert_int_equal(count_open(history->stage), 0);
}

#define POLLING_TEST(name) cmocka_unit_test_setup_teardown(name, polling_set_up, polling_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(the_first_ends_at_once_and_each_other_one_at_its_share_of_the_time),
        STAGE_TEST(each_ends_with_retry_and_position),
        STAGE_TEST(thousands_a_second_are_spread_too),
        STAGE_TEST(who_leaves_by_itself_lets_the_others_have_its_time),
        STAGE_TEST(turns_that_nobody_took_are_not_made_up_for),
        STAGE_TEST(without_time_all_end_at_once),
        STAGE_TEST(with_nobody_there_nothing_is_due),
        STAGE_TEST(a_blocked_stream_is_ended_when_it_takes_more),
        STAGE_TEST(a_stream_that_stays_blocked_ends_at_the_end_of_the_time),
        STAGE_TEST(any_number_of_blocked_streams_has_its_turns),
        STAGE_TEST(a_stream_in_the_middle_of_a_burst_gets_all_of_it),
        HISTORY_TEST(a_stream_that_waits_for_its_channel_gets_what_it_missed_and_ends),
        HISTORY_TEST(a_stream_whose_channel_never_came_goes_on_from_where_it_came_in),
        STAGE_TEST(a_stream_that_comes_meanwhile_gets_what_it_missed_and_ends_in_time),
        STAGE_TEST(a_stream_that_comes_later_is_opened_and_ended_at_once),
        POLLING_TEST(a_poll_that_comes_meanwhile_is_answered_at_once),
        HISTORY_TEST(a_poll_that_comes_meanwhile_waits_for_its_channel_until_the_end),
        POLLING_TEST(waiting_polls_are_answered_one_after_the_other),
        HISTORY_TEST(a_poll_whose_channel_is_not_loaded_when_its_turn_comes_is_answered_when_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
