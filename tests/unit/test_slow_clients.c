/* SPDX-License-Identifier: BSD-2-Clause */
/* A client that reads slowly costs a position, not a queue. */
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "stage.h"
#include "unit.h"

static void publish_numbers(struct stage *stage, const char *channel, int from, int to)
{
    for (int i = from; i <= to; i++) {
        char payload[12];
        snprintf(payload, sizeof(payload), "%d", i);
        stage_publish(stage, channel, payload);
        hub_flush(&stage->hub);
    }
}

/* Opens a stream whose sink takes one write more and then blocks. */
static void open_blocked(struct client *client, struct stage *stage, const char *channels)
{
    client_open(client, &stage->hub, channels, NULL);
    client->sink.blocks = true;
    stage_publish(stage, "a", "0");
    hub_flush(&stage->hub);
    assert_true(client->sink.is_waiting);
}

static void a_blocked_client_keeps_its_position(void **state)
{
    struct stage *stage = *state;
    struct client slow, fast;
    open_blocked(&slow, stage, "a,b");
    client_open(&fast, &stage->hub, "a,b", NULL);
    size_t writes = slow.sink.writes;
    publish_numbers(stage, "a", 1, 3);
    publish_numbers(stage, "b", 4, 5);
    publish_numbers(stage, "a", 6, 6);
    assert_int_equal(slow.sink.writes, writes);
    assert_string_equal(client_events(&fast), "message:1 message:2 message:3 message:4 message:5 message:6");
    fake_sink_drain(&slow.sink);
    assert_string_equal(client_events(&slow), "message:0 message:1 message:2 message:3 message:4 message:5 message:6");
    assert_int_equal(slow.sink.writes, writes + 1);
    client_close(&slow);
    client_close(&fast);
}

static void who_falls_off_the_ring_while_blocked_is_cut_off_and_counted(void **state)
{
    struct stage *stage = *state;
    struct client slow, fast;
    open_blocked(&slow, stage, "a,b");
    client_open(&fast, &stage->hub, "a", NULL);
    publish_numbers(stage, "a", 1, 16);
    assert_false(fake_sink_is_over(&slow.sink));
    assert_int_equal(stage->hub.stats.streams_lagged.value, 0);
    publish_numbers(stage, "a", 17, 17);
    assert_int_equal(slow.sink.aborts, 1);
    assert_int_equal(slow.sink.ends, 0);
    assert_null(slow.sink.sink.subscriber);
    assert_int_equal(stage->hub.stats.streams_lagged.value, 1);
    assert_int_equal(stage->hub.stats.streams_open.value, 1);
    assert_false(fake_sink_is_over(&fast.sink));
    client_read(&fast);
    assert_int_equal(fast.reader.count, 17);
    client_close(&slow);
    client_close(&fast);
}

static void who_was_cut_off_comes_back_to_a_gap_and_what_is_retained(void **state)
{
    struct stage *stage = *state;
    struct client slow, back;
    open_blocked(&slow, stage, "a");
    publish_numbers(stage, "a", 1, 17);
    client_read(&slow);
    assert_buffer_equal(&slow.reader.last_id, STAGE_ID("1"));
    client_open(&back, &stage->hub, "a", slow.reader.last_id.data);
    assert_int_equal(back.reader.count, 17);
    assert_buffer_equal(&back.reader.events[0].type, "gap");
    assert_buffer_equal(&back.reader.events[1].data, "2");
    client_close(&slow);
    client_close(&back);
}

static void who_lags_although_ready_is_ended_properly(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a", NULL);
    for (int i = 0; i < 16; i++)
        stage_publish_long(stage, "a", 'x', 40000);
    hub_flush(&stage->hub);
    assert_true(client.sink.wants_call_back);
    for (int i = 0; i < 16; i++)
        stage_publish_long(stage, "a", 'y', 40000);
    hub_flush(&stage->hub);
    assert_int_equal(client.sink.ends, 1);
    assert_int_equal(client.sink.aborts, 0);
    assert_int_equal(stage->hub.stats.streams_lagged.value, 1);
    client_close(&client);
}

static void a_burst_longer_than_the_ring_reaches_who_is_ready(void **state)
{
    struct stage *stage = *state;
    struct client one, both;
    client_open(&one, &stage->hub, "a", NULL);
    client_open(&both, &stage->hub, "b,a", NULL);
    for (int i = 0; i < 100; i++) {
        stage_publish(stage, "a", "x");
        if (i % 7 == 0)
            stage_publish(stage, "b", "y");
    }
    client_turn(&one, &stage->hub);
    client_turn(&both, &stage->hub);
    assert_int_equal(one.reader.count, 100);
    assert_int_equal(both.reader.count, 115);
    client_close(&one);
    client_close(&both);
}

static void a_turn_sends_no_more_than_its_budget_and_then_asks_for_a_call(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a", NULL);
    client_forget(&client);
    for (int i = 0; i < 5; i++)
        stage_publish_long(stage, "a", 'x', 40000);
    hub_flush(&stage->hub);
    size_t sent_in_turn = client.sink.written.len;
    assert_true(client.sink.wants_call_back);
    size_t turns = 1;
    while (client.sink.wants_call_back) {
        size_t before = client.sink.written.len;
        fake_sink_call_back(&client.sink);
        if (client.sink.written.len - before > sent_in_turn)
            sent_in_turn = client.sink.written.len - before;
        turns++;
    }
    client_read(&client);
    assert_int_equal(client.reader.count, 5);
    assert_true(client.sink.largest_write <= SINK_WRITE_LIMIT);
    client_close(&client);
    assert_true(turns > 2);
    if (sent_in_turn > SINK_WRITE_LIMIT)
        fail_msg("%zu bytes in one turn, allowed are %d", sent_in_turn, SINK_WRITE_LIMIT);
}

static void a_caught_up_client_asks_for_no_call(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a", NULL);
    publish_numbers(stage, "a", 1, 5);
    assert_false(client.sink.wants_call_back);
    client_close(&client);
}

static void a_frame_larger_than_a_write_is_cut_and_comes_out_whole(void **state)
{
    struct stage *stage = *state;
    struct client clients[3];
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        client_open(&clients[i], &stage->hub, i == 2 ? "b,a" : "a", NULL);
    clients[1].sink.blocks = true;
    stage_publish(stage, "b", "before");
    stage_publish_long(stage, "a", 'x', 200000);
    stage_publish(stage, "b", "behind");
    hub_flush(&stage->hub);
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        while (clients[i].sink.is_waiting) {
            fake_sink_drain(&clients[i].sink);
            clients[i].sink.blocks = true;
        }
        clients[i].sink.blocks = false;
        client_turn(&clients[i], &stage->hub);
        struct sse_reader *reader = &clients[i].reader;
        assert_int_equal(reader->count, i == 2 ? 3 : 1);
        assert_int_equal(reader->events[i == 2 ? 1 : 0].data.len, 200000);
        assert_int_equal(strspn(reader->events[i == 2 ? 1 : 0].data.data, "x"), 200000);
        assert_true(clients[i].sink.largest_write <= SINK_WRITE_LIMIT);
        client_close(&clients[i]);
    }
}

static void blocked_at_every_write_all_still_arrives(void **state)
{
    struct stage *stage = *state;
    struct client keeper, client;
    client_open(&keeper, &stage->hub, "a,b", NULL);
    for (int i = 0; i < 10; i++)
        stage_publish_long(stage, i % 3 ? "a" : "b", (char)('a' + i), 30000 + (size_t)i * 7000);
    fake_sink_leave(&keeper.sink);
    client_open(&client, &stage->hub, "a,b", STAGE_ID("0"));
    client.sink.blocks = true;
    for (int i = 0; i < 100 && !(client.sink.is_waiting && client.reader.blank_lines == 11); i++) {
        fake_sink_call_back(&client.sink);
        fake_sink_drain(&client.sink);
        client.sink.blocks = true;
        client_read(&client);
    }
    assert_int_equal(client.reader.count, 10);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(client.reader.events[i].data.data[0], 'a' + i);
    assert_buffer_equal(&client.reader.last_id, STAGE_ID("10"));
    client_close(&client);
    client_close(&keeper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_blocked_client_keeps_its_position),
        STAGE_TEST(who_falls_off_the_ring_while_blocked_is_cut_off_and_counted),
        STAGE_TEST(who_was_cut_off_comes_back_to_a_gap_and_what_is_retained),
        STAGE_TEST(who_lags_although_ready_is_ended_properly),
        STAGE_TEST(a_burst_longer_than_the_ring_reaches_who_is_ready),
        STAGE_TEST(a_turn_sends_no_more_than_its_budget_and_then_asks_for_a_call),
        STAGE_TEST(a_caught_up_client_asks_for_no_call),
        STAGE_TEST(a_frame_larger_than_a_write_is_cut_and_comes_out_whole),
        STAGE_TEST(blocked_at_every_write_all_still_arrives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
