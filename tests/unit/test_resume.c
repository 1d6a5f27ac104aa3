/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a stream begins: its opening bytes, what of the past it gets, and the position it is told. */
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "push/stream.h"
#include "stage.h"
#include "unit.h"

#define GAP(channel, after, oldest) "gap:{\"channel\":\"" channel "\",\"after\":\"" after "\",\"oldest\":" oldest "}"

/* A hub with a client that keeps the channels a and b open, and on them: a 1, b 2, a 3, b 4, a 5. */
struct fixture {
    struct stage stage;
    struct client keeper;
    struct client client;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    *state = fixture;
    stage_init(&fixture->stage, NULL);
    client_open(&fixture->keeper, &fixture->stage.hub, "a,b", NULL);
    stage_publish(&fixture->stage, "a", "1");
    stage_publish(&fixture->stage, "b", "2");
    stage_publish(&fixture->stage, "a", "3");
    stage_publish(&fixture->stage, "b", "4");
    stage_publish(&fixture->stage, "a", "5");
    hub_flush(&fixture->stage.hub);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    client_close(&fixture->client);
    client_close(&fixture->keeper);
    stage_fini(&fixture->stage);
    free(fixture);
    return 0;
}

/* Opens a stream and compares its events and, at the end, the position it stands at. */
static void check_opened(struct fixture *fixture, const char *channels, const char *last_id, const char *events)
{
    client_open(&fixture->client, &fixture->stage.hub, channels, last_id);
    client_turn(&fixture->client, &fixture->stage.hub);
    assert_string_equal(client_events(&fixture->client), events);
    assert_buffer_equal(&fixture->client.reader.last_id, STAGE_ID("5"));
    assert_true(sse_reader_is_between_events(&fixture->client.reader));
}

static void a_stream_opens_with_comment_retry_and_position_in_one_write(void **state)
{
    struct fixture *fixture = *state;
    long retry_ms;
    int len = 0;

    client_open_at(&fixture->client, &fixture->stage.hub, "a", &(struct resume){.kind = RESUME_NOW},
                   STREAM_SHOWS_NOTHING, "HEAD\r\n");
    assert_int_equal(fixture->client.sink.writes, 1);
    assert_int_equal(
        sscanf(client_text(&fixture->client), "HEAD\r\n:\nretry: %ld\nid: " STAGE_ID("5") "\n\n%n", &retry_ms, &len),
        1);
    assert_int_equal(len, fixture->client.sink.written.len);
    assert_true(retry_ms >= 2000 && retry_ms <= 4000);
}

static void the_retry_times_of_clients_differ(void **state)
{
    struct fixture *fixture = *state;
    int64_t lowest = INT64_MAX;
    int64_t highest = 0;
    for (int i = 0; i < 200; i++) {
        client_open(&fixture->client, &fixture->stage.hub, "a", NULL);
        int64_t retry_ms = fixture->client.reader.retry_ms;
        assert_true(retry_ms >= 2000 && retry_ms <= 4000);
        lowest = retry_ms < lowest ? retry_ms : lowest;
        highest = retry_ms > highest ? retry_ms : highest;
        client_close(&fixture->client);
    }
    assert_true(highest - lowest > 500);
    client_open(&fixture->client, &fixture->stage.hub, "a", NULL);
}

static void without_an_id_only_what_is_new_comes(void **state)
{
    struct fixture *fixture = *state;
    stage_publish(&fixture->stage, "a", "before the stream, in the same turn");
    client_open(&fixture->client, &fixture->stage.hub, "a", NULL);
    assert_buffer_equal(&fixture->client.reader.last_id, STAGE_ID("6"));
    stage_publish(&fixture->stage, "a", "7");
    client_turn(&fixture->client, &fixture->stage.hub);
    assert_string_equal(client_events(&fixture->client), "message:7");
    assert_buffer_equal(&fixture->client.reader.last_id, STAGE_ID("7"));
}

static void nothing_is_sent_before_the_stream_is_opened(void **state)
{
    struct fixture *fixture = *state;
    struct buffer head = {0};
    const struct subscription_request request = {.channels = &(struct span){"a", 1}, .count = 1};

    fake_sink_init(&fixture->client.sink);
    struct subscriber *subscriber = client_subscribe(&fixture->stage.hub, &fixture->client.sink.sink, &request);
    assert_int_equal(fixture->client.sink.writes, 0);
    assert_ptr_equal(fixture->client.sink.sink.subscriber, subscriber);
    fake_sink_leave(&fixture->client.sink);
    stream_open(&fixture->stage.hub, &fixture->client.sink.sink, &request, STREAM_SHOWS_NOTHING, &head);
    assert_int_equal(fixture->client.sink.writes, 1);
    buffer_fini(&head);
}

static void an_id_resumes_exactly_behind_it(void **state)
{
    struct fixture *fixture = *state;
    check_opened(fixture, "a", STAGE_ID("1"), "message:3 message:5");
    client_close(&fixture->client);
    check_opened(fixture, "a,b", STAGE_ID("1"), "message:2 message:3 message:4 message:5");
    client_close(&fixture->client);
    check_opened(fixture, "b,a", STAGE_ID("3"), "message:4 message:5");
    client_close(&fixture->client);
    check_opened(fixture, "b", STAGE_ID("3"), "message:4");
    client_close(&fixture->client);
    check_opened(fixture, "a,b", STAGE_ID("0"), "message:1 message:2 message:3 message:4 message:5");
    client_close(&fixture->client);
    check_opened(fixture, "a,b", STAGE_ID("5"), "");
}

static void the_id_of_another_channels_event_serves_as_well(void **state)
{
    struct fixture *fixture = *state;
    check_opened(fixture, "a", STAGE_ID("2"), "message:3 message:5");
}

static void an_application_id_behind_the_id_does_not_matter(void **state)
{
    struct fixture *fixture = *state;
    check_opened(fixture, "a", STAGE_ID("1") "~order-7", "message:3 message:5");
}

static void zero_asks_for_all_that_is_retained_and_brings_no_gap(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 3; i++)
        ring_evict(&hub_channel_get(&fixture->stage.hub, span_of("a"))->ring);
    stage_publish(&fixture->stage, "a", "6");
    hub_flush(&fixture->stage.hub);
    client_open(&fixture->client, &fixture->stage.hub, "a,b", "0");
    assert_string_equal(client_events(&fixture->client), "message:2 message:4 message:6");
    assert_buffer_equal(&fixture->client.reader.last_id, STAGE_ID("6"));
}

static void a_time_resumes_behind_it(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < 3; i++) {
        fixture->stage.hub.position = (struct event_id){.ms = STAGE_MS + 10 * (i + 1), .seq = i};
        stage_publish(&fixture->stage, "a", i == 0 ? "x" : i == 1 ? "y" : "z");
    }
    hub_flush(&fixture->stage.hub);
    static const struct {
        uint64_t ms;
        const char *events;
    } table[] = {
        {0, "message:1 message:3 message:5 message:x message:y message:z"},
        {STAGE_MS, "message:x message:y message:z"},
        {STAGE_MS + 9, "message:x message:y message:z"},
        {STAGE_MS + 10, "message:y message:z"},
        {STAGE_MS + 29, "message:z"},
        {STAGE_MS + 30, ""},
        {UINT64_MAX, ""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const struct resume resume = {.kind = RESUME_AFTER_TIME, .ms = table[i].ms};
        client_open_at(&fixture->client, &fixture->stage.hub, "a", &resume, STREAM_SHOWS_NOTHING, "");
        assert_string_equal(client_events(&fixture->client), table[i].events);
        assert_buffer_equal(&fixture->client.reader.last_id, "9000000000030-3." STAGE_TAG);
        client_close(&fixture->client);
    }
    client_open(&fixture->client, &fixture->stage.hub, "a", NULL);
}

static void an_id_that_says_nothing_here_brings_a_gap_and_all_that_is_retained(void **state)
{
    struct fixture *fixture = *state;
    static const char *const ids[] = {
        "garbage",
        "7",
        "1-2",
        "9000000000000-3",
        "9000000000000-3.deadbeef",
        "9000000000000-6." STAGE_TAG,
        "9000000000001-0." STAGE_TAG,
        "18446744073709551616-0." STAGE_TAG,
        "9000000000000-3." STAGE_TAG "x",
    };
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        char expected[300];
        snprintf(expected, sizeof(expected), GAP("a", "%s", "\"" STAGE_ID("1") "\"") " message:1 message:3 message:5",
                 ids[i]);
        check_opened(fixture, "a", ids[i], expected);
        assert_buffer_equal(&fixture->client.reader.events[0].last_id, STAGE_ID("0"));
        client_close(&fixture->client);
    }
    client_open(&fixture->client, &fixture->stage.hub, "a", NULL);
}

static void a_strange_id_is_shown_in_the_gap_without_doing_harm(void **state)
{
    struct fixture *fixture = *state;
    check_opened(fixture, "a", "\"\\\xff\r\nid: 9\n\n\x01",
                 GAP("a", "\\\"\\\\\xef\xbf\xbd\\u000d\\u000aid: 9\\u000a\\u000a\\u0001",
                     "\"" STAGE_ID("1") "\"") " message:1 message:3 message:5");
    assert_int_equal(fixture->client.reader.strange_lines, 0);
}

static void an_id_older_than_what_is_retained_brings_one_gap_before_it(void **state)
{
    struct fixture *fixture = *state;
    struct ring *ring = &hub_channel_get(&fixture->stage.hub, span_of("a"))->ring;
    ring_evict(ring);
    ring_evict(ring);
    check_opened(fixture, "a", STAGE_ID("2"), GAP("a", STAGE_ID("2"), "\"" STAGE_ID("5") "\"") " message:5");
    assert_buffer_equal(&fixture->client.reader.events[0].last_id, STAGE_ID("3"));
    assert_int_equal(fixture->stage.hub.stats.gaps_sent.value, 1);
    client_close(&fixture->client);
    /* Of the other channel nothing is gone: its events stand where they belong. */
    check_opened(fixture, "a,b", STAGE_ID("1"),
                 "message:2 " GAP("a", STAGE_ID("1"), "\"" STAGE_ID("5") "\"") " message:4 message:5");
}

static void an_id_just_at_the_edge_brings_none(void **state)
{
    struct fixture *fixture = *state;
    ring_evict(&hub_channel_get(&fixture->stage.hub, span_of("a"))->ring);
    check_opened(fixture, "a", STAGE_ID("1"), "message:3 message:5");
}

static void coming_back_after_a_gap_brings_no_second_one(void **state)
{
    struct fixture *fixture = *state;
    struct ring *ring = &hub_channel_get(&fixture->stage.hub, span_of("a"))->ring;
    ring_evict(ring);
    ring_evict(ring);
    check_opened(fixture, "a", STAGE_ID("1"), GAP("a", STAGE_ID("1"), "\"" STAGE_ID("5") "\"") " message:5");
    client_close(&fixture->client);
    check_opened(fixture, "a", STAGE_ID("3"), "message:5"); /* it saw the gap, and no more */
    client_close(&fixture->client);
    check_opened(fixture, "a", STAGE_ID("5"), "");
}

static void a_gap_with_nothing_retained_behind_it_says_null(void **state)
{
    struct fixture *fixture = *state;
    struct ring *ring = &hub_channel_get(&fixture->stage.hub, span_of("b"))->ring;
    ring_evict(ring);
    ring_evict(ring);
    check_opened(fixture, "b", STAGE_ID("2"), GAP("b", STAGE_ID("2"), "null"));
    client_close(&fixture->client);
    check_opened(fixture, "b", STAGE_ID("4"), "");
}

static void a_channel_that_nobody_kept_brings_a_gap_to_who_may_have_missed_something(void **state)
{
    struct fixture *fixture = *state;
    check_opened(fixture, "new", STAGE_ID("4"), GAP("new", STAGE_ID("4"), "null"));
    client_close(&fixture->client);
    check_opened(fixture, "newer", STAGE_ID("5"), "");
}

static void of_gaps_with_one_id_only_the_last_moves_the_cursor(void **state)
{
    struct fixture *fixture = *state;
    client_open(&fixture->client, &fixture->stage.hub, "a,b", "unknown");
    struct sse_reader *reader = &fixture->client.reader;
    assert_int_equal(reader->count, 7);
    assert_string_equal(reader->events[0].type.data, "gap");
    assert_string_equal(reader->events[1].type.data, "gap");
    assert_string_not_equal(reader->events[0].data.data, reader->events[1].data.data);
    assert_buffer_equal(&reader->events[0].last_id, "0-0." STAGE_TAG);
    assert_buffer_equal(&reader->events[1].last_id, STAGE_ID("0"));
    assert_buffer_equal(&reader->last_id, STAGE_ID("5"));
}

static void events_carry_the_id_that_resumes_behind_them(void **state)
{
    struct fixture *fixture = *state;
    check_opened(fixture, "a,b", STAGE_ID("0"), "message:1 message:2 message:3 message:4 message:5");
    for (size_t i = 0; i < 5; i++) {
        struct client again;
        client_open(&again, &fixture->stage.hub, "a,b", fixture->client.reader.events[i].last_id.data);
        assert_int_equal(again.reader.count, 4 - i);
        client_close(&again);
    }
}

static void a_replay_that_takes_many_turns_ends_with_one_position(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 5; i++)
        stage_publish_long(&fixture->stage, "a", 'x', 60000);
    stage_publish(&fixture->stage, "b", "other");
    hub_flush(&fixture->stage.hub);
    client_read(&fixture->keeper);
    const struct resume resume = {.kind = RESUME_AFTER_ID, .id = span_of(STAGE_ID("0"))};
    client_open_at(&fixture->client, &fixture->stage.hub, "a", &resume, STREAM_SHOWS_NOTHING, "");
    assert_true(fixture->client.sink.wants_call_back);
    client_read(&fixture->client);
    assert_int_equal(fixture->client.reader.count, 8);
    assert_int_equal(fixture->client.reader.blank_lines, 9);
    assert_buffer_equal(&fixture->client.reader.last_id, STAGE_ID("11"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stream_opens_with_comment_retry_and_position_in_one_write),
        TEST(the_retry_times_of_clients_differ),
        TEST(without_an_id_only_what_is_new_comes),
        TEST(nothing_is_sent_before_the_stream_is_opened),
        TEST(an_id_resumes_exactly_behind_it),
        TEST(the_id_of_another_channels_event_serves_as_well),
        TEST(an_application_id_behind_the_id_does_not_matter),
        TEST(zero_asks_for_all_that_is_retained_and_brings_no_gap),
        TEST(a_time_resumes_behind_it),
        TEST(an_id_that_says_nothing_here_brings_a_gap_and_all_that_is_retained),
        TEST(a_strange_id_is_shown_in_the_gap_without_doing_harm),
        TEST(an_id_older_than_what_is_retained_brings_one_gap_before_it),
        TEST(an_id_just_at_the_edge_brings_none),
        TEST(coming_back_after_a_gap_brings_no_second_one),
        TEST(a_gap_with_nothing_retained_behind_it_says_null),
        TEST(a_channel_that_nobody_kept_brings_a_gap_to_who_may_have_missed_something),
        TEST(of_gaps_with_one_id_only_the_last_moves_the_cursor),
        TEST(events_carry_the_id_that_resumes_behind_them),
        TEST(a_replay_that_takes_many_turns_ends_with_one_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
