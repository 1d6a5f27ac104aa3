/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/gap.h"

#include "client.h"
#include "stage.h"
#include "unit.h"

static const struct event_id some_id = {.ms = 5, .seq = 6};

static void check_gap(const struct subscriber *subscriber, const char *expected)
{
    struct bytes *event = gap_encode(subscriber, &subscriber->subscriptions[0], some_id);
    assert_span_equal(((struct span){event->data, event->len}), span_of(expected));
    bytes_unref(event);
}

static void a_gap_names_channel_client_and_oldest_retained_event(void **state)
{
    (void)state;
    struct stage stage;
    struct client client;
    stage_init(&stage, NULL);
    client_open(&client, &stage.hub, "a", NULL);
    struct subscriber *subscriber = client.sink.sink.subscriber;

    check_gap(subscriber, "id: 5-6." STAGE_TAG "\nevent: gap\ndata: {\"channel\":\"a\",\"after\":\"" STAGE_ID(
                              "0") "\",\"oldest\":null}\n\n");
    hub_break(&stage.hub);
    stage_publish(&stage, "a", "x");
    check_gap(subscriber, "id: 5-6." STAGE_TAG "\nevent: gap\ndata: {\"channel\":\"a\",\"after\":\"" STAGE_ID(
                              "0") "\",\"oldest\":\"" STAGE_ID("3") "\"}\n\n");
    client_close(&client);
    stage_fini(&stage);
}

static void what_the_client_sent_stands_in_it_as_valid_json(void **state)
{
    (void)state;
    struct stage stage;
    struct fake_sink sink;
    stage_init(&stage, NULL);
    fake_sink_init(&sink);
    const struct subscription_request request = {
        .channels = &(struct span){"a", 1},
        .count = 1,
        .resume = {.kind = RESUME_AFTER_ID, .id = span_of("\"},\\\n\xc3(\t")},
    };
    struct subscriber *subscriber = client_subscribe(&stage.hub, &sink.sink, &request);
    check_gap(subscriber,
              "id: 5-6." STAGE_TAG "\nevent: gap\ndata: "
              "{\"channel\":\"a\",\"after\":\"\\\"},\\\\\\u000a\xef\xbf\xbd(\\u0009\",\"oldest\":null}\n\n");
    fake_sink_leave(&sink);
    fake_sink_fini(&sink);
    stage_fini(&stage);
}

/* The client came without an id: the last one it has is that of the newest event it was sent. */
static void the_id_in_it_is_never_above_the_gaps_own(void **state)
{
    (void)state;
    struct stage stage;
    struct client keeper;
    struct client client;
    stage_init(&stage, NULL);
    client_open(&keeper, &stage.hub, "a", NULL);
    stage_publish(&stage, "a", "1");
    hub_break(&stage.hub);
    stage_publish(&stage, "a", "4");
    hub_flush(&stage.hub);
    client_open_at(&client, &stage.hub, "a", &(struct resume){.kind = RESUME_AFTER_TIME, .ms = STAGE_MS - 1},
                   STREAM_SHOWS_NOTHING, "");
    client_read(&client);
    assert_int_equal(client.reader.count, 3);
    assert_contains(client.reader.events[1].data.data, "\"after\":\"" STAGE_ID("1") "\"");
    client_close(&client);
    client_close(&keeper);
    stage_fini(&stage);
}

static void before_the_first_event_it_names_no_id_of_the_future(void **state)
{
    (void)state;
    struct stage stage;
    struct client keeper;
    struct client client;
    stage_init(&stage, NULL);
    client_open(&keeper, &stage.hub, "a", NULL);
    hub_break(&stage.hub); /* 2 */
    stage_publish(&stage, "a", "3");
    hub_flush(&stage.hub);
    client_open_at(&client, &stage.hub, "a", &(struct resume){.kind = RESUME_AFTER_TIME, .ms = STAGE_MS - 1},
                   STREAM_SHOWS_NOTHING, "");
    client_read(&client);
    assert_int_equal(client.reader.count, 2);
    assert_buffer_equal(&client.reader.events[0].last_id, STAGE_ID("2"));
    bool is_of_the_future = strstr(client.reader.events[0].data.data, "\"after\":\"" STAGE_ID("3") "\"") != NULL;
    client_close(&client);
    client_close(&keeper);
    stage_fini(&stage);
    assert_false(is_of_the_future);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gap_names_channel_client_and_oldest_retained_event),
        cmocka_unit_test(what_the_client_sent_stands_in_it_as_valid_json),
        cmocka_unit_test(the_id_in_it_is_never_above_the_gaps_own),
        cmocka_unit_test(before_the_first_event_it_names_no_id_of_the_future),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
