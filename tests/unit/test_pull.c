/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/pull.h"

#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "stage.h"
#include "unit.h"

/* A hub, a client that keeps channels alive, and a subscriber that only this test pulls from. */
struct fixture {
    struct stage stage;
    struct client keeper;
    struct fake_sink sink;
    struct subscriber *subscriber;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    stage_init(&fixture->stage, NULL);
    client_open(&fixture->keeper, &fixture->stage.hub, "a,b,c", NULL);
    fake_sink_init(&fixture->sink);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    fake_sink_leave(&fixture->sink);
    fake_sink_fini(&fixture->sink);
    client_close(&fixture->keeper);
    stage_fini(&fixture->stage);
    free(fixture);
    return 0;
}

static void subscribe(struct fixture *fixture, const char *names, const char *last_id)
{
    struct span channels[8];
    size_t count = 0;
    for (const char *name = names; *name != '\0'; name++)
        channels[count++] = (struct span){name, 1};
    fake_sink_leave(&fixture->sink);
    fixture->subscriber = client_subscribe(&fixture->stage.hub, &fixture->sink.sink,
                                           &(struct subscription_request){
                                               .channels = channels,
                                               .count = count,
                                               .resume = {.kind = RESUME_AFTER_ID, .id = span_of(last_id)},
                                           });
}

/* Pulls all there is with the limit. Returns the number of pieces. */
static size_t pull_all(struct fixture *fixture, size_t limit, struct buffer *out)
{
    struct bytes *piece;
    size_t pieces = 0;
    assert_false(pull_has_lagged(fixture->subscriber));
    while ((piece = pull_next(fixture->subscriber, limit, EVENT_ID_MAX)) != NULL) {
        assert_true(piece->len > 0);
        buffer_add(out, piece->data, piece->len);
        bytes_unref(piece);
        pieces++;
    }
    assert_true(pull_is_done(fixture->subscriber));
    return pieces;
}

static void check_events(const struct buffer *stream, const char *expected)
{
    struct sse_reader reader = {0};
    struct buffer text = {0};
    sse_reader_feed(&reader, stream->data, stream->len);
    assert_true(sse_reader_is_between_events(&reader));
    for (size_t i = 0; i < reader.count; i++)
        buffer_printf(&text, "%s%s@%.*s", i > 0 ? " " : "",
                      strcmp(reader.events[i].type.data, "gap") == 0 ? "gap" : reader.events[i].data.data,
                      (int)strcspn(reader.events[i].last_id.data + 13, "."), reader.events[i].last_id.data + 13);
    assert_buffer_equal(&text, expected);
    buffer_fini(&text);
    sse_reader_fini(&reader);
}

static void publish_interleaved(struct fixture *fixture)
{
    static const char *const channels[] = {"a", "b", "b", "c", "a", "a", "c", "b", "a"};
    char payload[8];
    for (size_t i = 0; i < COUNT_OF(channels); i++) {
        snprintf(payload, sizeof(payload), "%s%zu", channels[i], i + 1);
        stage_publish(&fixture->stage, channels[i], payload);
    }
}

static void several_channels_are_merged_in_id_order(void **state)
{
    struct fixture *fixture = *state;
    static const char *const orders[] = {"abc", "cba", "bca"};
    publish_interleaved(fixture);
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        struct buffer out = {0};
        subscribe(fixture, orders[i], STAGE_ID("0"));
        assert_int_equal(pull_all(fixture, SINK_WRITE_LIMIT, &out), 1);
        check_events(&out, "a1@-1 b2@-2 b3@-3 c4@-4 a5@-5 a6@-6 c7@-7 b8@-8 a9@-9");
        buffer_fini(&out);
    }
}

static void every_limit_gives_the_same_bytes_and_keeps_frames_whole_if_it_can(void **state)
{
    struct fixture *fixture = *state;
    struct buffer all = {0};
    publish_interleaved(fixture);
    subscribe(fixture, "abc", STAGE_ID("0"));
    pull_all(fixture, SINK_WRITE_LIMIT, &all);
    for (size_t limit = 1; limit <= all.len + 1; limit++) {
        struct buffer out = {0};
        struct bytes *piece;
        subscribe(fixture, "abc", STAGE_ID("0"));
        while ((piece = pull_next(fixture->subscriber, limit, EVENT_ID_MAX)) != NULL) {
            assert_true(piece->len > 0 && piece->len <= limit);
            buffer_add(&out, piece->data, piece->len);
            if (limit >= 50)
                assert_memory_equal(out.data + out.len - 2, "\n\n", 2);
            bytes_unref(piece);
        }
        assert_span_equal(span_of_buffer(&out), span_of_buffer(&all));
        buffer_fini(&out);
    }
    buffer_fini(&all);
}

static void a_gap_stands_between_the_events_of_other_channels(void **state)
{
    struct fixture *fixture = *state;
    struct buffer out = {0};
    publish_interleaved(fixture);
    struct ring *ring = &hub_channel_get(&fixture->stage.hub, span_of("a"))->ring;
    ring_evict(ring);
    ring_evict(ring); /* a1 and a5 are gone */
    subscribe(fixture, "abc", STAGE_ID("2"));
    pull_all(fixture, SINK_WRITE_LIMIT, &out);
    check_events(&out, "b3@-3 c4@-4 gap@-5 a6@-6 c7@-7 b8@-8 a9@-9");
    buffer_fini(&out);
}

/* Cuts the stream behind every event, and comes back with the id that the client then has. */
static void check_every_return(struct fixture *fixture, const char *channels, const char *first_id, size_t gaps)
{
    struct buffer out = {0};
    struct sse_reader reader = {0};
    subscribe(fixture, channels, first_id);
    pull_all(fixture, SINK_WRITE_LIMIT, &out);
    sse_reader_feed(&reader, out.data, out.len);
    for (size_t cut = 0; cut < reader.count; cut++) {
        struct buffer rest = {0};
        struct sse_reader again = {0};
        size_t gaps_of_both = 0;
        const struct buffer *id = &reader.events[cut].last_id;
        subscribe(fixture, channels, id->len > 0 ? id->data : first_id);
        pull_all(fixture, SINK_WRITE_LIMIT, &rest);
        sse_reader_feed(&again, rest.data, rest.len);
        for (size_t i = 0; i <= cut; i++)
            gaps_of_both += strcmp(reader.events[i].type.data, "gap") == 0;
        for (size_t i = 0; i < again.count; i++)
            gaps_of_both += strcmp(again.events[i].type.data, "gap") == 0;
        if (gaps_of_both < gaps)
            fail_msg("who left behind event %zu of %zu was told of %zu gaps, not %zu", cut + 1, reader.count,
                     gaps_of_both, gaps);
        sse_reader_fini(&again);
        buffer_fini(&rest);
    }
    sse_reader_fini(&reader);
    buffer_fini(&out);
}

static void who_leaves_between_tied_gaps_is_told_of_all(void **state)
{
    struct fixture *fixture = *state;
    publish_interleaved(fixture);
    stage_publish(&fixture->stage, "q", "nobody keeps it");
    check_every_return(fixture, "abc", "unknown", 3);
    check_every_return(fixture, "xyz", STAGE_ID("2"), 3);
    check_every_return(fixture, "axbyc", STAGE_ID("2"), 2);
}

/* The new channel begins at the id of the last event of a: event and gap have the same id. */
static void who_leaves_between_an_event_and_a_gap_with_its_id_gets_both(void **state)
{
    struct fixture *fixture = *state;
    stage_publish(&fixture->stage, "a", "a1");
    stage_publish(&fixture->stage, "x", "nobody keeps it");
    stage_publish(&fixture->stage, "a", "a3");
    check_every_return(fixture, "ax", STAGE_ID("0"), 1);
    check_every_return(fixture, "xa", STAGE_ID("1"), 1);
    check_every_return(fixture, "xay", STAGE_ID("1"), 2);
}

static void an_event_and_a_gap_with_its_id_both_come_once(void **state)
{
    struct fixture *fixture = *state;
    struct buffer out = {0};
    struct sse_reader reader = {0};
    stage_publish(&fixture->stage, "a", "a1");
    stage_publish(&fixture->stage, "a", "a2");
    subscribe(fixture, "xa", STAGE_ID("0"));
    pull_all(fixture, SINK_WRITE_LIMIT, &out);
    sse_reader_feed(&reader, out.data, out.len);
    assert_int_equal(reader.count, 3);
    assert_string_equal(reader.events[0].data.data, "a1");
    assert_buffer_equal(&reader.last_id, STAGE_ID("2"));
    sse_reader_fini(&reader);
    buffer_fini(&out);
}

static void who_fell_off_a_ring_has_lagged(void **state)
{
    struct fixture *fixture = *state;
    stage_publish(&fixture->stage, "a", "1");
    stage_publish(&fixture->stage, "a", "2");
    subscribe(fixture, "ab", STAGE_ID("0"));
    struct ring *ring = &hub_channel_get(&fixture->stage.hub, span_of("a"))->ring;
    assert_false(pull_has_lagged(fixture->subscriber));
    assert_false(pull_is_done(fixture->subscriber));
    ring_evict(ring);
    assert_true(pull_has_lagged(fixture->subscriber));
}

static void who_has_a_gap_to_come_has_not_lagged(void **state)
{
    struct fixture *fixture = *state;
    struct buffer out = {0};
    stage_publish(&fixture->stage, "a", "a1");
    stage_publish(&fixture->stage, "a", "a2");
    stage_publish(&fixture->stage, "a", "a3");
    struct ring *ring = &hub_channel_get(&fixture->stage.hub, span_of("a"))->ring;
    ring_evict(ring);
    subscribe(fixture, "a", STAGE_ID("0"));
    ring_evict(ring);
    assert_false(pull_has_lagged(fixture->subscriber));
    pull_all(fixture, SINK_WRITE_LIMIT, &out);
    check_events(&out, "gap@-2 a3@-3");
    buffer_fini(&out);
}

static void gaps_are_no_events(void **state)
{
    struct fixture *fixture = *state;
    subscribe(fixture, "ab", STAGE_ID("0"));
    assert_false(pull_has_event(fixture->subscriber));
    hub_break(&fixture->stage.hub);
    assert_false(pull_is_done(fixture->subscriber));
    assert_false(pull_has_event(fixture->subscriber));
    stage_publish(&fixture->stage, "c", "of no interest");
    assert_false(pull_has_event(fixture->subscriber));
    stage_publish(&fixture->stage, "b", "behind the gap");
    assert_true(pull_has_event(fixture->subscriber));
    subscribe(fixture, "a", "unknown");
    assert_false(pull_has_event(fixture->subscriber));
    subscribe(fixture, "b", "unknown");
    assert_true(pull_has_event(fixture->subscriber));
}

static void what_many_pull_at_one_place_is_joined_once(void **state)
{
    struct fixture *fixture = *state;
    publish_interleaved(fixture);
    subscribe(fixture, "b", STAGE_ID("0"));
    struct bytes *first = pull_next(fixture->subscriber, SINK_WRITE_LIMIT, EVENT_ID_MAX);
    subscribe(fixture, "b", STAGE_ID("0"));
    struct bytes *second = pull_next(fixture->subscriber, SINK_WRITE_LIMIT, EVENT_ID_MAX);
    assert_ptr_equal(first, second);
    bytes_unref(first);
    bytes_unref(second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(several_channels_are_merged_in_id_order),
        TEST(every_limit_gives_the_same_bytes_and_keeps_frames_whole_if_it_can),
        TEST(a_gap_stands_between_the_events_of_other_channels),
        TEST(who_leaves_between_tied_gaps_is_told_of_all),
        TEST(who_leaves_between_an_event_and_a_gap_with_its_id_gets_both),
        TEST(an_event_and_a_gap_with_its_id_both_come_once),
        TEST(who_fell_off_a_ring_has_lagged),
        TEST(who_has_a_gap_to_come_has_not_lagged),
        TEST(gaps_are_no_events),
        TEST(what_many_pull_at_one_place_is_joined_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
