/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams are ended on purpose when they have reached their age. */
#include "history.h"
#include "unit.h"

enum { HEARTBEAT_MS = 15000, AGE_MS = 100000, LEAST_AGE_MS = 80000, MOST_AGE_MS = 120000 };

static int set_up(void **state)
{
    static struct stage stage;
    struct hub_config config = stage_config;
    config.max_age_ms = AGE_MS;
    stage_init(&stage, &config);
    *state = &stage;
    return 0;
}

/* Until all have reached their age, and a heartbeat less: only what is written then ends them. */
static void grow_old(struct stage *stage, struct client *client)
{
    hub_set_time(&stage->hub, stage->hub.now_ms + MOST_AGE_MS);
    assert_false(fake_sink_is_over(&client->sink));
    client_forget(client);
}

static void assert_farewell(struct client *client, const char *id)
{
    client_read(client);
    assert_int_equal(client->sink.ends, 1);
    assert_int_equal(client->sink.aborts, 0);
    assert_true(client->reader.retry_ms >= 2000 && client->reader.retry_ms <= 4000);
    assert_buffer_equal(&client->reader.last_id, id);
    assert_true(sse_reader_is_between_events(&client->reader));
}

static void a_quiet_stream_is_ended_by_the_heartbeat_after_its_age(void **state)
{
    struct stage *stage = *state;
    struct client client;
    int64_t opened_ms = stage->hub.now_ms;
    client_open(&client, &stage->hub, "a", NULL);
    stage_publish(stage, "b", "moves the position");
    while (!fake_sink_is_over(&client.sink)) {
        assert_true(stage->hub.now_ms < opened_ms + MOST_AGE_MS + HEARTBEAT_MS);
        client_forget(&client);
        stage_wait(stage, 1000);
    }
    assert_true(stage->hub.now_ms >= opened_ms + LEAST_AGE_MS);
    assert_farewell(&client, STAGE_ID("1"));
    assert_null(strstr(client_text(&client), ":\n:"));
    assert_int_equal(stage->hub.stats.streams_aged.value, 1);
    assert_int_equal(stage->hub.stats.streams_lagged.value, 0);
    assert_int_equal(stage->hub.stats.streams_open.value, 0);
    client_close(&client);
}

static void who_hears_events_alone_is_told_the_position_by_one(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open_at(&client, &stage->hub, "a", &(struct resume){.kind = RESUME_NOW}, STREAM_SHOWS_POSITIONS, "");
    client_read(&client);
    assert_string_equal(client_events(&client), "push-position:");
    stage_publish(stage, "b", "moves the position");
    hub_flush(&stage->hub);
    client_forget(&client);
    grow_old(stage, &client);
    stage_wait(stage, HEARTBEAT_MS);
    client_read(&client);
    assert_string_equal(client_events(&client), "push-position:");
    assert_farewell(&client, STAGE_ID("1"));
    client_close(&client);
}

static void a_busy_stream_is_ended_behind_an_event(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a", NULL);
    for (int64_t ms = 0; ms < LEAST_AGE_MS; ms += 10000) {
        assert_false(fake_sink_is_over(&client.sink));
        stage_publish(stage, "a", "young");
        client_turn(&client, &stage->hub);
        client_forget(&client);
        stage_wait(stage, 10000);
    }
    grow_old(stage, &client);
    stage_publish(stage, "a", "the last");
    client_turn(&client, &stage->hub);
    assert_string_equal(client_events(&client), "message:the last");
    assert_farewell(&client, STAGE_ID("9"));
    assert_int_equal(stage->hub.stats.streams_aged.value, 1);
    client_close(&client);
}

/* Streams that were opened together do not end together. */
static void the_ages_lie_evenly_a_fifth_around_the_setting(void **state)
{
    enum { COUNT = 400 };
    struct stage *stage = *state;
    static struct client clients[COUNT];
    int64_t opened_ms = stage->hub.now_ms;
    size_t ended = 0, ended_before_the_middle = 0;
    for (size_t i = 0; i < COUNT; i++)
        client_open(&clients[i], &stage->hub, "a", NULL);
    while (ended < COUNT) {
        int64_t age_ms = stage->hub.now_ms - opened_ms;
        assert_true(age_ms <= MOST_AGE_MS);
        stage_publish(stage, "a", "x");
        hub_flush(&stage->hub);
        ended = (size_t)stage->hub.stats.streams_aged.value;
        assert_true(ended == 0 || age_ms >= LEAST_AGE_MS);
        if (age_ms <= AGE_MS)
            ended_before_the_middle = ended;
        for (size_t i = 0; i < COUNT; i++)
            client_forget(&clients[i]);
        stage_wait(stage, 1000);
    }
    assert_in_range(ended_before_the_middle, COUNT * 3 / 8, COUNT * 5 / 8);
    for (size_t i = 0; i < COUNT; i++)
        client_close(&clients[i]);
}

/* A turn sends so much and no more: the end waits for the rest. */
static void an_old_stream_is_sent_all_that_there_is_before_its_end(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a", NULL);
    grow_old(stage, &client);
    for (int i = 0; i < 3; i++)
        stage_publish_long(stage, "a", 'x', 100000);
    hub_flush(&stage->hub);
    assert_false(fake_sink_is_over(&client.sink));
    client_read(&client);
    assert_int_equal(client.reader.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(client.reader.events[i].data.len, 100000);
    assert_farewell(&client, STAGE_ID("3"));
    client_close(&client);
}

static void an_old_stream_that_blocks_for_a_moment_is_ended_when_it_takes_more(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a", NULL);
    grow_old(stage, &client);
    client.sink.blocks = true;
    stage_publish(stage, "a", "1");
    hub_flush(&stage->hub);
    stage_publish(stage, "a", "2");
    hub_flush(&stage->hub);
    stage_wait(stage, HEARTBEAT_MS - 1);
    assert_false(fake_sink_is_over(&client.sink));
    fake_sink_drain(&client.sink);
    assert_string_equal(client_events(&client), "message:1 message:2");
    assert_farewell(&client, STAGE_ID("2"));
    assert_int_equal(stage->hub.stats.streams_aged.value, 1);
    client_close(&client);
}

static void an_old_stream_that_blocks_for_a_heartbeat_is_cut_off(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a", NULL);
    grow_old(stage, &client);
    client.sink.blocks = true;
    stage_publish_long(stage, "a", 'x', 100000);
    hub_flush(&stage->hub);
    size_t written = client.sink.written.len;
    stage_wait(stage, HEARTBEAT_MS);
    assert_int_equal(client.sink.aborts, 1);
    assert_int_equal(client.sink.ends, 0);
    assert_int_equal(client.sink.written.len, written);
    assert_int_equal(stage->hub.stats.streams_aged.value, 1);
    assert_int_equal(stage->hub.stats.streams_lagged.value, 0);
    assert_int_equal(stage->hub.stats.streams_open.value, 0);
    client_close(&client);
}

static void an_age_below_the_heartbeat_holds_to_within_one(void **state)
{
    struct stage stage;
    struct client client;
    struct hub_config config = stage_config;
    (void)state;
    config.max_age_ms = 1000;
    stage_init(&stage, &config);
    client_open(&client, &stage.hub, "a", NULL);
    stage_wait(&stage, HEARTBEAT_MS - 1);
    client_forget(&client);
    stage_wait(&stage, 1);
    assert_farewell(&client, STAGE_ID("0"));
    client_close(&client);
    stage_fini(&stage);
}

/* It has no position yet, and would miss what comes until it is back. */
static void a_stream_that_waits_for_its_channel_is_ended_when_it_has_what_it_waits_for(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", LOG_ID("3"));
    for (int64_t ms = 0; ms < stage_config.max_age_ms * 2; ms += HEARTBEAT_MS)
        stage_wait(history->stage, HEARTBEAT_MS);
    assert_false(fake_sink_is_over(&client.sink));
    client_forget(&client);
    history_answer(history, "a", 0, "2 5");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a5");
    assert_farewell(&client, LOG_ID("10"));
    client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, stage_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_quiet_stream_is_ended_by_the_heartbeat_after_its_age),
        TEST(who_hears_events_alone_is_told_the_position_by_one),
        TEST(a_busy_stream_is_ended_behind_an_event),
        TEST(the_ages_lie_evenly_a_fifth_around_the_setting),
        TEST(an_old_stream_is_sent_all_that_there_is_before_its_end),
        TEST(an_old_stream_that_blocks_for_a_moment_is_ended_when_it_takes_more),
        TEST(an_old_stream_that_blocks_for_a_heartbeat_is_cut_off),
        cmocka_unit_test(an_age_below_the_heartbeat_holds_to_within_one),
        HISTORY_TEST(a_stream_that_waits_for_its_channel_is_ended_when_it_has_what_it_waits_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
