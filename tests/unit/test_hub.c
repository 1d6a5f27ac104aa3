/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages in, channels kept and dropped, bounds, and the end of all streams. */
#include "push/hub.h"

#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "stage.h"
#include "unit.h"

static void a_message_reaches_all_clients_of_its_channel_at_the_flush(void **state)
{
    struct stage *stage = *state;
    struct client first, second, other;
    client_open(&first, &stage->hub, "a", NULL);
    client_open(&second, &stage->hub, "b,a", NULL);
    client_open(&other, &stage->hub, "b", NULL);
    stage_publish(stage, "a", "hello");
    assert_string_equal(client_events(&first), "");
    hub_flush(&stage->hub);
    assert_string_equal(client_events(&first), "message:hello");
    assert_string_equal(client_events(&second), "message:hello");
    assert_string_equal(client_events(&other), "");
    hub_flush(&stage->hub);
    assert_string_equal(client_events(&first), "message:hello");
    assert_int_equal(stage->hub.stats.events_delivered.value, 2);
    client_close(&first);
    client_close(&second);
    client_close(&other);
}

static void a_burst_leaves_in_one_write_that_is_shared(void **state)
{
    struct stage *stage = *state;
    struct client first, second;
    client_open(&first, &stage->hub, "a", NULL);
    client_open(&second, &stage->hub, "a", NULL);
    for (int i = 0; i < 10; i++)
        stage_publish(stage, "a", "x");
    hub_flush(&stage->hub);
    assert_int_equal(first.sink.writes, 2);
    assert_ptr_equal(first.sink.last_payload, second.sink.last_payload);
    client_read(&first);
    assert_int_equal(first.reader.count, 10);
    client_close(&first);
    client_close(&second);
}

static void every_message_gets_an_id_whether_or_not_anybody_listens(void **state)
{
    struct stage *stage = *state;
    struct client client;
    stage_publish(stage, "a", "unheard");
    assert_int_equal(stage->hub.stats.messages_unheard.value, 1);
    assert_int_equal(stage->hub.stats.channels_open.value, 0);
    client_open(&client, &stage->hub, "a", NULL);
    assert_buffer_equal(&client.reader.last_id, STAGE_ID("1"));
    stage_publish(stage, "b", "unheard");
    stage_publish(stage, "a", "heard");
    client_turn(&client, &stage->hub);
    assert_buffer_equal(&client.reader.last_id, STAGE_ID("3"));
    assert_int_equal(stage->hub.stats.messages_received.value, 3);
    assert_int_equal(stage->hub.stats.messages_unheard.value, 2);
    client_close(&client);
}

static void an_envelope_is_taken_apart(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a", NULL);
    client_forget(&client);
    stage_publish(stage, "a", "{\"event\":\"e\",\"id\":7,\"retry\":9,\"data\":\"x\\ny\"}");
    stage_publish(stage, "a", "{\"event\":\"gap\",\"id\":\"\",\"data\":{ }}");
    client_turn(&client, &stage->hub);
    assert_string_equal(client_text(&client), "id: " STAGE_ID("1") "~7\nevent: e\nretry: 9\ndata: x\ndata: y\n\n"
                                                                   "id: " STAGE_ID("2") "\ndata: {}\n\n");
    assert_int_equal(stage->hub.stats.members_dropped.count.value, 2);
    client_close(&client);
}

static void who_leaves_is_sent_nothing_and_counted(void **state)
{
    struct stage *stage = *state;
    struct client first, second;
    client_open(&first, &stage->hub, "a", NULL);
    client_open(&second, &stage->hub, "a", NULL);
    stage_publish(stage, "a", "x");
    fake_sink_leave(&first.sink);
    hub_flush(&stage->hub);
    assert_int_equal(first.sink.writes, 1);
    assert_string_equal(client_events(&second), "message:x");
    assert_int_equal(stage->hub.stats.streams_left.value, 1);
    assert_int_equal(stage->hub.stats.streams_open.value, 1);
    assert_int_equal(stage->hub.stats.streams_opened.value, 2);
    client_close(&first);
    client_close(&second);
}

static void a_channel_lingers_for_who_comes_back_in_time(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a", NULL);
    client_close(&client);
    assert_true(hub_due(&stage->hub) == stage->hub.now_ms + stage_config.ring_linger_ms);
    stage_publish(stage, "a", "meanwhile");
    stage_wait(stage, stage_config.ring_linger_ms - 1);
    assert_int_equal(stage->hub.stats.channels_open.value, 1);
    client_open(&client, &stage->hub, "a", STAGE_ID("0"));
    assert_string_equal(client_events(&client), "message:meanwhile");
    stage_wait(stage, 1000000);
    assert_int_equal(stage->hub.stats.channels_open.value, 1);
    client_close(&client);
}

static void an_idle_channel_is_dropped_and_its_memory_freed(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a,b", NULL);
    stage_publish(stage, "a", "x");
    client_close(&client);
    stage_wait(stage, stage_config.ring_linger_ms);
    assert_int_equal(stage->hub.stats.channels_open.value, 0);
    assert_int_equal(stage->hub.stats.channels_bytes.value, 0);
    assert_true(hub_due(&stage->hub) == TIMEOUT_NEVER);
    client_open(&client, &stage->hub, "a", STAGE_ID("0"));
    assert_int_equal(client.reader.count, 1);
    assert_buffer_equal(&client.reader.events[0].type, "gap");
    client_close(&client);
}

static void a_ring_holds_the_newest_events_up_to_history_length(void **state)
{
    struct stage *stage = *state;
    struct client keeper, client;
    client_open(&keeper, &stage->hub, "a", NULL);
    for (int i = 1; i <= 20; i++) {
        char payload[12];
        snprintf(payload, sizeof(payload), "%d", i);
        stage_publish(stage, "a", payload);
        hub_flush(&stage->hub);
    }
    client_open(&client, &stage->hub, "a", "0");
    assert_int_equal(client.reader.count, 16);
    assert_buffer_equal(&client.reader.events[0].data, "5");
    assert_buffer_equal(&client.reader.events[15].data, "20");
    client_read(&keeper);
    assert_int_equal(keeper.reader.count, 20);
    client_close(&client);
    client_close(&keeper);
}

/* What may be above the bound: of each channel the bookkeeping and the newest event. */
static size_t allowance(struct hub *hub, const char *const *names, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        const struct channel *channel = hub_channel_get(hub, span_of(names[i]));
        const struct ring *ring = &channel->ring;
        bytes += sizeof(*channel) + strlen(channel->name) + 1;
        if (ring->end > ring->first)
            bytes += sizeof(struct ring_entry) + sizeof(struct bytes) + ring_at(ring, ring->end - 1)->frame->len;
    }
    return bytes;
}

static void the_memory_of_all_rings_stays_in_its_bound(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d"};
    struct hub_config config = stage_config;
    struct stage stage;
    struct client client;

    config.ring_memory_bytes = 100000;
    config.history_length = 1000;
    stage_init(&stage, &config);
    client_open(&client, &stage.hub, "a,b,c,d", NULL);
    srandom(1);
    for (int i = 0; i < 3000; i++) {
        stage_publish_long(&stage, names[random() % 4], 'x', 1 + (size_t)random() % (i % 100 == 0 ? 60000 : 3000));
        size_t summed = 0;
        for (size_t j = 0; j < COUNT_OF(names); j++)
            summed += channel_size(hub_channel_get(&stage.hub, span_of(names[j])));
        assert_int_equal(stage.hub.stats.channels_bytes.value, summed);
        if (summed > config.ring_memory_bytes + allowance(&stage.hub, names, COUNT_OF(names)))
            fail_msg("%zu bytes after %d messages", summed, i + 1);
        client_turn(&client, &stage.hub);
        client_forget(&client);
        assert_false(fake_sink_is_over(&client.sink));
    }
    client_close(&client);
    stage_fini(&stage);
}

static void the_newest_event_is_kept_whatever_the_memory(void **state)
{
    (void)state;
    struct hub_config config = stage_config;
    struct stage stage;
    struct client keeper, client;

    config.ring_memory_bytes = 1000;
    stage_init(&stage, &config);
    client_open(&keeper, &stage.hub, "a", NULL);
    for (int i = 0; i < 3; i++)
        stage_publish_long(&stage, "a", (char)('x' + i), 5000);
    client_turn(&keeper, &stage.hub);
    assert_int_equal(keeper.reader.count, 3);
    client_open(&client, &stage.hub, "a", "0");
    assert_int_equal(client.reader.count, 1);
    assert_int_equal(client.reader.events[0].data.data[0], 'z');
    client_close(&client);
    client_close(&keeper);
    stage_fini(&stage);
}

static void idle_channels_give_way_first_the_longest_idle_before_others(void **state)
{
    (void)state;
    struct hub_config config = stage_config;
    struct stage stage;
    struct client client, busy;

    config.ring_memory_bytes = 30000;
    stage_init(&stage, &config);
    client_open(&busy, &stage.hub, "busy", NULL);
    for (const char *name = "c\0a\0b\0"; *name != '\0'; name += 2) {
        client_open(&client, &stage.hub, name, NULL);
        stage_publish_long(&stage, name, 'x', 5000);
        client_close(&client);
        stage_wait(&stage, 1);
    }
    stage_publish_long(&stage, "busy", 'x', 12000);
    client_turn(&busy, &stage.hub);
    assert_int_equal(stage.hub.stats.channels_open.value, 4);
    stage_publish_long(&stage, "busy", 'x', 5000);
    client_turn(&busy, &stage.hub);
    assert_int_equal(stage.hub.stats.channels_open.value, 3);
    assert_int_equal(busy.reader.count, 2);
    client_open(&client, &stage.hub, "a,b", "0");
    assert_int_equal(client.reader.count, 2);
    client_close(&client);
    client_open(&client, &stage.hub, "busy", "0");
    assert_int_equal(client.reader.count, 2);
    client_close(&client);
    client_close(&busy);
    stage_fini(&stage);
}

static void a_too_large_message_is_refused_and_announced_by_a_gap(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a", NULL);
    stage_publish_long(stage, "a", 'x', stage_config.max_message_bytes);
    client_turn(&client, &stage->hub);
    assert_int_equal(client.reader.count, 1);
    assert_int_equal(client.reader.events[0].data.len, stage_config.max_message_bytes);
    client_forget(&client);
    stage_publish_long(stage, "a", 'x', stage_config.max_message_bytes + 1);
    stage_publish(stage, "a", "next");
    client_turn(&client, &stage->hub);
    assert_string_equal(client_events(&client), "gap:{\"channel\":\"a\",\"after\":\"" STAGE_ID(
                                                    "1") "\",\"oldest\":\"" STAGE_ID("3") "\"} message:next");
    assert_buffer_equal(&client.reader.events[0].last_id, STAGE_ID("2"));
    assert_int_equal(stage->hub.stats.messages_too_large.count.value, 1);
    client_close(&client);
}

static void all_streams_end_with_retry_and_position(void **state)
{
    struct stage *stage = *state;
    struct client clients[3];
    static const char *const channels[] = {"a", "a,b", "c"};
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        client_open(&clients[i], &stage->hub, channels[i], NULL);
        client_forget(&clients[i]);
    }
    stage_publish(stage, "x", "moves the position");
    hub_end_over(&stage->hub, 0);
    assert_int_equal(stage->hub.stats.streams_open.value, 0);
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        long retry_ms;
        int len = 0;
        assert_int_equal(sscanf(client_text(&clients[i]), "retry: %ld\nid: " STAGE_ID("1") "\n\n%n", &retry_ms, &len),
                         1);
        assert_int_equal(len, clients[i].sink.written.len);
        assert_true(retry_ms >= 2000 && retry_ms <= 4000);
        assert_int_equal(clients[i].sink.ends, 1);
        assert_null(clients[i].sink.sink.subscriber);
        client_close(&clients[i]);
    }
    hub_end_over(&stage->hub, 0);
}

static void who_has_not_got_all_is_ended_without_a_position(void **state)
{
    struct stage *stage = *state;
    struct client behind, blocked, cut;
    client_open(&behind, &stage->hub, "c", NULL);
    client_open(&blocked, &stage->hub, "a", NULL);
    client_open(&cut, &stage->hub, "b", NULL);
    blocked.sink.blocks = true;
    stage_publish(stage, "a", "1");
    stage_publish_long(stage, "b", 'x', 100000);
    stage_publish_long(stage, "c", 'x', 40000);
    stage_publish_long(stage, "c", 'x', 40000);
    hub_flush(&stage->hub);
    stage_publish(stage, "a", "2");
    size_t written = blocked.sink.written.len;
    size_t of_cut = cut.sink.written.len;
    hub_end_over(&stage->hub, 0);
    client_read(&behind);
    client_read(&cut);
    assert_buffer_equal(&behind.reader.last_id, STAGE_ID("3"));
    assert_true(sse_reader_is_between_events(&behind.reader));
    assert_int_equal(behind.sink.ends, 1);
    assert_int_equal(blocked.sink.written.len, written);
    assert_int_equal(blocked.sink.ends, 1);
    assert_int_equal(cut.sink.written.len, of_cut);
    assert_int_equal(cut.reader.count, 0);
    client_close(&behind);
    client_close(&blocked);
    client_close(&cut);
}

static void many_channels_and_clients_come_and_go(void **state)
{
    struct stage *stage = *state;
    static struct client clients[40];
    bool is_open[COUNT_OF(clients)] = {false};
    srandom(2);
    for (int i = 0; i < 4000; i++) {
        size_t at = (size_t)random() % COUNT_OF(clients);
        char names[40];
        snprintf(names, sizeof(names), "n%ld,m%ld", random() % 200, random() % 5);
        if (is_open[at])
            client_close(&clients[at]);
        else
            client_open(&clients[at], &stage->hub, names, random() % 2 ? "0" : NULL);
        is_open[at] = !is_open[at];
        *strchr(names, ',') = '\0';
        stage_publish(stage, random() % 2 ? names : names + strlen(names) + 1, "x");
        hub_flush(&stage->hub);
        if (i % 10 == 0)
            stage_wait(stage, 7000);
    }
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        if (is_open[i])
            client_close(&clients[i]);
    stage_wait(stage, stage_config.ring_linger_ms);
    assert_int_equal(stage->hub.stats.channels_open.value, 0);
    assert_int_equal(stage->hub.stats.channels_bytes.value, 0);
    assert_int_equal(stage->hub.stats.streams_open.value, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_message_reaches_all_clients_of_its_channel_at_the_flush),
        STAGE_TEST(a_burst_leaves_in_one_write_that_is_shared),
        STAGE_TEST(every_message_gets_an_id_whether_or_not_anybody_listens),
        STAGE_TEST(an_envelope_is_taken_apart),
        STAGE_TEST(who_leaves_is_sent_nothing_and_counted),
        STAGE_TEST(a_channel_lingers_for_who_comes_back_in_time),
        STAGE_TEST(an_idle_channel_is_dropped_and_its_memory_freed),
        STAGE_TEST(a_ring_holds_the_newest_events_up_to_history_length),
        cmocka_unit_test(the_memory_of_all_rings_stays_in_its_bound),
        cmocka_unit_test(the_newest_event_is_kept_whatever_the_memory),
        cmocka_unit_test(idle_channels_give_way_first_the_longest_idle_before_others),
        STAGE_TEST(a_too_large_message_is_refused_and_announced_by_a_gap),
        STAGE_TEST(all_streams_end_with_retry_and_position),
        STAGE_TEST(who_has_not_got_all_is_ended_without_a_position),
        STAGE_TEST(many_channels_and_clients_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
