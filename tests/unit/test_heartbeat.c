/* SPDX-License-Identifier: BSD-2-Clause */
#include "client.h"
#include "stage.h"
#include "unit.h"

enum { HEARTBEAT_MS = 15000 };

static void a_comment_follows_after_each_silence(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a", NULL);
    client_forget(&client);
    assert_true(hub_due(&stage->hub) == stage->hub.now_ms + HEARTBEAT_MS);
    stage_wait(stage, HEARTBEAT_MS - 1);
    assert_string_equal(client_text(&client), "");
    stage_wait(stage, 1);
    assert_string_equal(client_text(&client), ":\n");
    assert_true(hub_due(&stage->hub) == stage->hub.now_ms + HEARTBEAT_MS);
    stage_wait(stage, HEARTBEAT_MS);
    assert_string_equal(client_text(&client), ":\n:\n");
    client_close(&client);
}

static void output_starts_the_silence_anew(void **state)
{
    struct stage *stage = *state;
    struct client client, other;
    client_open(&client, &stage->hub, "a", NULL);
    client_open(&other, &stage->hub, "b", NULL);
    client_forget(&client);
    client_forget(&other);
    stage_wait(stage, HEARTBEAT_MS - 1);
    stage_publish(stage, "a", "x");
    hub_flush(&stage->hub);
    client_forget(&client);
    stage_wait(stage, HEARTBEAT_MS - 1);
    assert_string_equal(client_text(&client), "");
    assert_string_equal(client_text(&other), ":\n");
    stage_wait(stage, 1);
    assert_string_equal(client_text(&client), ":\n");
    client_close(&client);
    client_close(&other);
}

static void visible_heartbeats_are_events_the_first_at_once(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open_at(&client, &stage->hub, "a", &(struct resume){.kind = RESUME_NOW}, STREAM_SHOWS_LIFE, "");
    assert_int_equal(client.sink.writes, 1);
    assert_string_equal(client_events(&client), "heartbeat:{}");
    client_forget(&client);
    stage_wait(stage, HEARTBEAT_MS);
    assert_string_equal(client_text(&client), "event: heartbeat\ndata: {}\n\n");
    client_read(&client);
    assert_buffer_equal(&client.reader.last_id, STAGE_ID("0"));
    client_close(&client);
}

/* A script that listens for other types would take a busy stream for a dead one. */
static void output_does_not_put_off_visible_heartbeats(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open_at(&client, &stage->hub, "a", &(struct resume){.kind = RESUME_NOW}, STREAM_SHOWS_LIFE, "");
    stage_wait(stage, HEARTBEAT_MS - 1);
    stage_publish(stage, "a", "x");
    hub_flush(&stage->hub);
    client_forget(&client);
    stage_wait(stage, 1);
    assert_string_equal(client_text(&client), "event: heartbeat\ndata: {}\n\n");
    client_close(&client);
}

/* Firefox and npm's eventsource drop an id that comes without data. */
static void the_first_visible_heartbeat_has_the_position_in_its_own_block(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open_at(&client, &stage->hub, "a", &(struct resume){.kind = RESUME_NOW}, STREAM_SHOWS_LIFE, "");
    assert_non_null(strstr(client_text(&client), "id: " STAGE_ID("0") "\nevent: heartbeat\ndata: {}\n\n"));
    client_close(&client);
}

static void the_first_visible_heartbeat_does_not_wait_for_a_replay(void **state)
{
    struct stage *stage = *state;
    struct client keeper, client;
    client_open(&keeper, &stage->hub, "a", NULL);
    stage_publish(stage, "a", "x");
    hub_flush(&stage->hub);
    client_open_at(&client, &stage->hub, "a", &(struct resume){.kind = RESUME_ALL}, STREAM_SHOWS_LIFE, "");
    assert_string_equal(client_events(&client), "heartbeat:{} message:x push-position:");
    assert_buffer_equal(&client.reader.last_id, STAGE_ID("1"));
    client_close(&client);
    client_close(&keeper);
}

/* An event without an id, first on a connection, would take the client's from it (WHATWG HTML §9.2.6). */
static void the_first_visible_heartbeat_leaves_the_client_its_id(void **state)
{
    struct stage *stage = *state;
    struct client keeper, client;
    const struct resume resume = {.kind = RESUME_AFTER_ID, .id = span_of(STAGE_ID("0"))};
    client_open(&keeper, &stage->hub, "a", NULL);
    stage_publish(stage, "a", "x");
    hub_flush(&stage->hub);
    client_open_at(&client, &stage->hub, "a", &resume, STREAM_SHOWS_LIFE, "");
    assert_string_equal(client_events(&client), "heartbeat:{} message:x push-position:");
    assert_buffer_equal(&client.reader.events[0].last_id, STAGE_ID("0"));
    client_close(&client);
    client_close(&keeper);
}

static void none_is_sent_in_the_middle_of_a_frame(void **state)
{
    struct stage *stage = *state;
    struct client ready, blocked, visible;
    client_open(&ready, &stage->hub, "a", NULL);
    client_open(&blocked, &stage->hub, "a", NULL);
    client_open_at(&visible, &stage->hub, "a", &(struct resume){.kind = RESUME_NOW}, STREAM_SHOWS_LIFE, "");
    blocked.sink.blocks = true;
    stage_publish_long(stage, "a", 'x', 150000);
    hub_flush(&stage->hub);
    for (int i = 0; i < 5; i++)
        stage_wait(stage, HEARTBEAT_MS);
    assert_true(hub_due(&stage->hub) > stage->hub.now_ms);
    fake_sink_drain(&blocked.sink);
    client_turn(&ready, &stage->hub);
    client_turn(&blocked, &stage->hub);
    client_turn(&visible, &stage->hub);
    assert_int_equal(ready.reader.count, 1);
    assert_int_equal(ready.reader.events[0].data.len, 150000);
    assert_int_equal(ready.reader.comments, 1);
    assert_int_equal(blocked.reader.count, 1);
    assert_int_equal(blocked.reader.events[0].data.len, 150000);
    assert_int_equal(visible.reader.count, 2);
    assert_int_equal(visible.reader.events[1].data.len, 150000);
    client_close(&ready);
    client_close(&blocked);
    client_close(&visible);
}

static void a_blocked_client_gets_none_and_goes_on_later(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a", NULL);
    client_forget(&client);
    client.sink.blocks = true;
    stage_wait(stage, HEARTBEAT_MS);
    assert_string_equal(client_text(&client), ":\n");
    stage_wait(stage, HEARTBEAT_MS);
    stage_wait(stage, HEARTBEAT_MS);
    assert_string_equal(client_text(&client), ":\n");
    fake_sink_drain(&client.sink);
    assert_string_equal(client_text(&client), ":\n");
    stage_wait(stage, HEARTBEAT_MS);
    assert_string_equal(client_text(&client), ":\n:\n");
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_comment_follows_after_each_silence),
        STAGE_TEST(output_starts_the_silence_anew),
        STAGE_TEST(visible_heartbeats_are_events_the_first_at_once),
        STAGE_TEST(output_does_not_put_off_visible_heartbeats),
        STAGE_TEST(the_first_visible_heartbeat_has_the_position_in_its_own_block),
        STAGE_TEST(the_first_visible_heartbeat_does_not_wait_for_a_replay),
        STAGE_TEST(the_first_visible_heartbeat_leaves_the_client_its_id),
        STAGE_TEST(none_is_sent_in_the_middle_of_a_frame),
        STAGE_TEST(a_blocked_client_gets_none_and_goes_on_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
