/* SPDX-License-Identifier: BSD-2-Clause */
/* hub_break: messages of any channel may have been missed, and everyone is told. */
#include <stdio.h>

#include "client.h"
#include "stage.h"
#include "unit.h"

static size_t gaps_of(struct client *client, const char *channel)
{
    char part[40];
    size_t gaps = 0;
    snprintf(part, sizeof(part), "{\"channel\":\"%s\",", channel);
    client_read(client);
    for (size_t i = 0; i < client->reader.count; i++)
        gaps += strcmp(client->reader.events[i].type.data, "gap") == 0 &&
                strncmp(client->reader.events[i].data.data, part, strlen(part)) == 0;
    return gaps;
}

static void every_stream_is_told_once_of_every_channel(void **state)
{
    struct stage *stage = *state;
    struct client one, two, three;
    client_open(&one, &stage->hub, "a", NULL);
    client_open(&two, &stage->hub, "a,b", NULL);
    client_open(&three, &stage->hub, "c,b,a", NULL);
    hub_break(&stage->hub);
    hub_flush(&stage->hub);
    hub_flush(&stage->hub);
    assert_int_equal(gaps_of(&one, "a"), 1);
    assert_int_equal(gaps_of(&two, "a"), 1);
    assert_int_equal(gaps_of(&two, "b"), 1);
    assert_int_equal(gaps_of(&three, "a"), 1);
    assert_int_equal(gaps_of(&three, "b"), 1);
    assert_int_equal(gaps_of(&three, "c"), 1);
    assert_int_equal(three.reader.count, 3);
    assert_int_equal(stage->hub.stats.breaks.value, 1);
    assert_int_equal(stage->hub.stats.gaps_sent.value, 6);
    for (size_t i = 1; i < 3; i++)
        assert_string_not_equal(three.reader.events[i - 1].last_id.data, three.reader.events[i].last_id.data);
    client_close(&one);
    client_close(&two);
    client_close(&three);
}

static void the_gap_stands_between_what_came_before_and_behind(void **state)
{
    struct stage *stage = *state;
    struct client client, late;
    client_open(&client, &stage->hub, "a", NULL);
    stage_publish(stage, "a", "1");
    hub_break(&stage->hub); /* 2, and 3 for the channel */
    stage_publish(stage, "a", "4");
    hub_flush(&stage->hub);
    client_open(&late, &stage->hub, "a", STAGE_ID("0"));
    assert_string_equal(client_events(&client), "message:1 gap:{\"channel\":\"a\",\"after\":\"" STAGE_ID(
                                                    "1") "\",\"oldest\":\"" STAGE_ID("4") "\"} message:4");
    client_read(&late);
    assert_int_equal(late.reader.count, 3);
    assert_buffer_equal(&late.reader.events[1].type, "gap");
    assert_buffer_equal(&late.reader.events[1].last_id, STAGE_ID("3"));
    client_close(&client);
    client_close(&late);
}

static void who_comes_back_from_before_it_is_told_and_from_behind_it_not(void **state)
{
    struct stage *stage = *state;
    struct client keeper, client;
    client_open(&keeper, &stage->hub, "a", NULL);
    hub_break(&stage->hub);
    hub_flush(&stage->hub);
    client_open(&client, &stage->hub, "a", STAGE_ID("1"));
    assert_int_equal(gaps_of(&client, "a"), 1);
    assert_buffer_equal(&client.reader.last_id, STAGE_ID("2"));
    client_close(&client);
    client_open(&client, &stage->hub, "a", STAGE_ID("2"));
    assert_int_equal(client.reader.count, 0);
    client_close(&client);
    client_close(&keeper);
}

static void who_left_between_the_gaps_of_two_channels_is_told_of_the_other(void **state)
{
    struct stage *stage = *state;
    struct client first, second;
    client_open(&first, &stage->hub, "a,b,c", NULL);
    hub_break(&stage->hub);
    hub_flush(&stage->hub);
    client_read(&first);
    assert_int_equal(first.reader.count, 3);
    for (size_t i = 0; i < 3; i++) {
        client_open(&second, &stage->hub, "c,b,a", first.reader.events[i].last_id.data);
        assert_int_equal(second.reader.count, 2 - i);
        client_close(&second);
    }
    client_close(&first);
}

static void the_second_gap_says_that_the_client_has_the_first(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a,b", NULL);
    hub_break(&stage->hub);
    client_turn(&client, &stage->hub);
    assert_int_equal(client.reader.count, 2);
    assert_contains(client.reader.events[0].data.data, "\"after\":\"" STAGE_ID("0") "\"");
    assert_contains(client.reader.events[1].data.data, "\"after\":\"" STAGE_ID("2") "\"");
    client_close(&client);
}

static void a_channel_that_nobody_keeps_is_not_forgotten(void **state)
{
    struct stage *stage = *state;
    struct client client;
    hub_break(&stage->hub);
    client_open(&client, &stage->hub, "a", STAGE_ID("0"));
    assert_int_equal(gaps_of(&client, "a"), 1);
    client_close(&client);
}

static void a_blocked_stream_is_told_when_it_reads_again(void **state)
{
    struct stage *stage = *state;
    struct client client;
    client_open(&client, &stage->hub, "a", NULL);
    client.sink.blocks = true;
    stage_publish(stage, "a", "1");
    hub_flush(&stage->hub);
    hub_break(&stage->hub);
    stage_publish(stage, "a", "4");
    hub_break(&stage->hub);
    hub_flush(&stage->hub);
    assert_string_equal(client_events(&client), "message:1");
    fake_sink_drain(&client.sink);
    assert_int_equal(gaps_of(&client, "a"), 2);
    assert_int_equal(client.reader.count, 4);
    client_close(&client);
}

static void breaks_with_nothing_between_them_are_one_gap(void **state)
{
    struct stage *stage = *state;
    struct client keeper, client;
    client_open(&keeper, &stage->hub, "a", NULL);
    stage_publish(stage, "a", "1");
    for (int i = 0; i < 3; i++)
        hub_break(&stage->hub);
    stage_publish(stage, "a", "8");
    client_turn(&keeper, &stage->hub);
    assert_int_equal(keeper.reader.count, 3);
    assert_buffer_equal(&keeper.reader.events[1].last_id, STAGE_ID("7"));
    for (const char *const *id = (const char *const[]){STAGE_ID("1"), STAGE_ID("3"), STAGE_ID("6"), NULL}; *id != NULL;
         id++) {
        client_open(&client, &stage->hub, "a", *id);
        assert_int_equal(gaps_of(&client, "a"), 1);
        assert_int_equal(client.reader.count, 2);
        client_close(&client);
    }
    client_close(&keeper);
}

/* Whether a ring with these bounds still holds its one event when a break has come. */
static bool keeps_its_event(const struct hub_config *config, size_t len)
{
    struct stage stage;
    struct client keeper, client;
    stage_init(&stage, config);
    client_open(&keeper, &stage.hub, "a", NULL);
    stage_publish_long(&stage, "a", 'x', len);
    hub_flush(&stage.hub);
    hub_break(&stage.hub);
    hub_flush(&stage.hub);
    client_open(&client, &stage.hub, "a", "0");
    bool has_event = client.reader.count > 0 && client.reader.events[0].data.len == len;
    client_close(&client);
    client_close(&keeper);
    stage_fini(&stage);
    return has_event;
}

static void a_break_does_not_cost_the_last_event(void **state)
{
    (void)state;
    struct hub_config one_event = stage_config;
    struct hub_config little_memory = stage_config;
    one_event.history_length = 1;
    little_memory.ring_memory_bytes = 1000;
    assert_true(keeps_its_event(&one_event, 5));
    assert_true(keeps_its_event(&little_memory, 5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(every_stream_is_told_once_of_every_channel),
        STAGE_TEST(the_gap_stands_between_what_came_before_and_behind),
        STAGE_TEST(who_comes_back_from_before_it_is_told_and_from_behind_it_not),
        STAGE_TEST(who_left_between_the_gaps_of_two_channels_is_told_of_the_other),
        STAGE_TEST(the_second_gap_says_that_the_client_has_the_first),
        STAGE_TEST(a_channel_that_nobody_keeps_is_not_forgotten),
        STAGE_TEST(a_blocked_stream_is_told_when_it_reads_again),
        STAGE_TEST(breaks_with_nothing_between_them_are_one_gap),
        cmocka_unit_test(a_break_does_not_cost_the_last_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
