/* SPDX-License-Identifier: BSD-2-Clause */
/* More clients than may be open at once are sent away for a while: hub_config.max_clients. */
#include <inttypes.h>

#include "history.h"
#include "unit.h"

enum { MOST = 3, DAY_MS = 86400000 };

static void fill(struct client *clients, struct hub *hub)
{
    hub->config.max_clients = MOST;
    for (size_t i = 0; i < MOST; i++) {
        client_open(&clients[i], hub, "a", NULL);
        assert_false(fake_sink_is_over(&clients[i].sink));
    }
}

static void empty(struct client *clients)
{
    for (size_t i = 0; i < MOST; i++)
        client_close(&clients[i]);
}

static void a_stream_too_many_is_opened_and_ended_with_a_longer_retry_and_a_position(void **state)
{
    struct stage *stage = *state;
    struct client clients[MOST], client;
    int64_t retry_ms;
    int len = 0;
    fill(clients, &stage->hub);
    stage_publish(stage, "b", "moves the position");
    client_open_at(&client, &stage->hub, "a", &(struct resume){.kind = RESUME_NOW}, STREAM_SHOWS_NOTHING, "head\n");
    assert_int_equal(
        sscanf(client_text(&client), "head\n:\nretry: %" SCNd64 "\nid: " STAGE_ID("1") "\n\n%n", &retry_ms, &len), 1);
    assert_int_equal(len, client.sink.written.len);
    assert_in_range(retry_ms, 20000, 40000);
    assert_int_equal(client.sink.ends, 1);
    assert_int_equal(client.sink.writes, 1);
    assert_null(client.sink.sink.subscriber);
    client_close(&client);
    client_open_at(&client, &stage->hub, "a", &(struct resume){.kind = RESUME_NOW}, STREAM_SHOWS_POSITIONS, "");
    client_read(&client);
    assert_string_equal(client_events(&client), "push-position:");
    assert_buffer_equal(&client.reader.events[0].last_id, STAGE_ID("1"));
    assert_int_equal(stage->hub.stats.streams_refused.value, 2);
    assert_int_equal(stage->hub.stats.streams_opened.value, MOST);
    assert_int_equal(stage->hub.stats.streams_open.value, MOST);
    client_close(&client);
    empty(clients);
}

static void who_has_a_position_keeps_it(void **state)
{
    struct stage *stage = *state;
    static const struct resume resumes[] = {
        {.kind = RESUME_AFTER_ID, .id = SPAN_LITERAL(STAGE_ID("0"))},
        {.kind = RESUME_AFTER_ID, .id = SPAN_LITERAL("unknown")},
        {.kind = RESUME_ALL},
        {.kind = RESUME_AFTER_TIME, .ms = 1},
    };
    struct client clients[MOST], client;
    fill(clients, &stage->hub);
    for (size_t i = 0; i < COUNT_OF(resumes); i++) {
        client_open_at(&client, &stage->hub, "a", &resumes[i], STREAM_SHOWS_LIFE, "");
        client_read(&client);
        assert_null(strstr(client_text(&client), "id:"));
        assert_string_equal(client_events(&client), "");
        assert_in_range(client.reader.retry_ms, 20000, 40000);
        assert_int_equal(client.sink.ends, 1);
        client_close(&client);
    }
    empty(clients);
}

/* What it gets brings it back to what came meanwhile. */
static void who_was_sent_away_misses_nothing(void **state)
{
    struct stage *stage = *state;
    struct client clients[MOST], away, back;
    fill(clients, &stage->hub);
    client_open(&away, &stage->hub, "a", NULL);
    stage_publish(stage, "a", "meanwhile");
    hub_flush(&stage->hub);
    client_close(&clients[0]);
    client_open(&back, &stage->hub, "a", away.reader.last_id.data);
    assert_string_equal(client_events(&back), "message:meanwhile");
    assert_false(fake_sink_is_over(&back.sink));
    client_close(&clients[1]);
    client_close(&clients[2]);
    client_close(&away);
    client_close(&back);
}

static void the_longer_retry_has_the_limit_of_all_retries(void **state)
{
    struct stage *stage = *state;
    struct client clients[MOST], client;
    stage->hub.config.retry_ms = DAY_MS;
    fill(clients, &stage->hub);
    client_open(&client, &stage->hub, "a", NULL);
    assert_int_equal(client.reader.retry_ms, DAY_MS);
    client_close(&client);
    empty(clients);
}

static void before_the_log_is_known_there_is_no_position_to_give(void **state)
{
    struct history *history = *state;
    struct client clients[MOST], client;
    fill(clients, history->hub);
    client_open(&client, history->hub, "a", NULL);
    assert_int_equal(client.sink.ends, 1);
    assert_null(strstr(client_text(&client), "id:"));
    client_close(&client);
    empty(clients);
}

static void while_all_are_ended_nobody_is_too_many(void **state)
{
    struct stage *stage = *state;
    struct client clients[MOST], client;
    hub_end_over(&stage->hub, 3000);
    fill(clients, &stage->hub);
    client_open(&client, &stage->hub, "a", NULL);
    assert_false(fake_sink_is_over(&client.sink));
    assert_int_equal(stage->hub.stats.streams_refused.value, 0);
    client_close(&client);
    empty(clients);
}

static void a_poll_that_would_wait_is_refused(void **state)
{
    struct polling *polling = *state;
    struct asked *asked = polling->asked;
    polling->stage.hub.config.max_clients = 2; /* one is the keeper's stream */
    polling_publish(polling, "a");
    ASK(polling, &asked[0], "b", .is_patient = true);
    assert_poll_waits(&asked[0]);
    ASK(polling, &asked[1], "b", .is_patient = true);
    assert_int_equal(asked[1].refusals, 1);
    assert_int_equal(asked[1].frees, 1);
    assert_int_equal(asked[1].reason, POLL_OVERLOADED);
    assert_int_equal(polling->stage.hub.stats.polls_refused.value, 1);
    assert_int_equal(polling->stage.hub.stats.polls_open.value, 1);
    fake_sink_leave(&asked[0].sink);
    ASK(polling, &asked[1], "b", .is_patient = true);
    assert_poll_waits(&asked[1]);
}

/* Its client comes back later for the gap, with the position that it has. */
static void a_poll_whose_gap_would_wait_is_refused_too(void **state)
{
    struct polling *polling = *state;
    polling->stage.hub.config.max_clients = 1;
    hub_break(&polling->stage.hub);
    ASK(polling, &polling->asked[0], "a", SINCE(STAGE_ID("0")), .is_patient = true);
    assert_int_equal(polling->asked[0].refusals, 1);
    assert_int_equal(polling->asked[0].reason, POLL_OVERLOADED);
    ASK(polling, &polling->asked[1], "a", SINCE(STAGE_ID("0")));
    assert_int_equal(polling->asked[1].answers, 1);
}

static void a_poll_that_is_answered_at_once_is_none_too_many(void **state)
{
    struct polling *polling = *state;
    struct asked *asked = polling->asked;
    polling->stage.hub.config.max_clients = 1;
    polling_publish(polling, "a");
    ASK(polling, &asked[0], "a", ALL);
    assert_poll_answer(&asked[0], "a1", 1);
    ASK(polling, &asked[1], "b", ALL);
    assert_poll_answer(&asked[1], "", 1);
    ASK(polling, &asked[2], "a", SINCE(STAGE_ID("0")), .is_patient = true);
    assert_poll_answer(&asked[2], "a1", 1);
    assert_int_equal(polling->stage.hub.stats.polls_refused.value, 0);
}

static void a_poll_whose_channel_is_not_loaded_would_wait(void **state)
{
    struct history *history = *state;
    struct polling *polling = &history->polling;
    history->hub->config.max_clients = 1;
    ASK(polling, &polling->asked[0], "a", ALL);
    ASK(polling, &polling->asked[1], "a", ALL);
    assert_poll_waits(&polling->asked[0]);
    assert_int_equal(polling->asked[1].refusals, 1);
    assert_int_equal(polling->asked[1].reason, POLL_OVERLOADED);
    assert_int_equal(history->hub->stats.requests_waiting.value, 1);
}

#define POLLING_TEST(name) cmocka_unit_test_setup_teardown(name, polling_set_up, polling_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_stream_too_many_is_opened_and_ended_with_a_longer_retry_and_a_position),
        STAGE_TEST(who_has_a_position_keeps_it),
        STAGE_TEST(who_was_sent_away_misses_nothing),
        STAGE_TEST(the_longer_retry_has_the_limit_of_all_retries),
        HISTORY_TEST_UNSTARTED(before_the_log_is_known_there_is_no_position_to_give),
        STAGE_TEST(while_all_are_ended_nobody_is_too_many),
        POLLING_TEST(a_poll_that_would_wait_is_refused),
        POLLING_TEST(a_poll_whose_gap_would_wait_is_refused_too),
        POLLING_TEST(a_poll_that_is_answered_at_once_is_none_too_many),
        HISTORY_TEST(a_poll_whose_channel_is_not_loaded_would_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
