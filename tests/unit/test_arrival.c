/* SPDX-License-Identifier: BSD-2-Clause */
/* Where clients that wait for their channels begin, and what they are sent meanwhile: push/arrival.h. */
#include "push/arrival.h"

#include <inttypes.h>

#include "base/clock.h"
#include "history.h"
#include "unit.h"

#define GAP(channel, after, oldest)                                                                                    \
    "gap:{\"channel\":\"" channel "\",\"after\":\"" after "\",\"oldest\":\"" oldest "\"}"
#define GAP_BEFORE_NOTHING(channel, after) "gap:{\"channel\":\"" channel "\",\"after\":\"" after "\",\"oldest\":null}"

static void check_id(const struct client *client, const char *id)
{
    assert_int_equal(client->reader.last_id.len, strlen(id));
    if (*id != '\0')
        assert_string_equal(client->reader.last_id.data, id);
}

/* --- places --- */

static void from_now_on_means_from_the_request_on(void **state)
{
    struct history *history = *state;
    struct client early, late;
    client_open(&early, history->hub, "a", NULL);
    history_append(history, "a", 11);
    client_open(&late, history->hub, "a", NULL);
    history_append(history, "a", 12);
    history_answer(history, "a", 0, "9 10");
    hub_flush(history->hub);
    assert_string_equal(client_events(&early), "message:a11 message:a12");
    assert_string_equal(client_events(&late), "message:a12");
    client_close(&early);
    client_close(&late);
}

static void all_means_all_that_is_loaded_without_a_gap(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", "0");
    history_answer(history, "a", 4, "5 6");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a5 message:a6");
    check_id(&client, LOG_ID("10"));
    client_close(&client);
}

static void a_gap_comes_exactly_when_the_id_is_below_what_is_lacked(void **state)
{
    struct history *history = *state;
    struct client below, at, above;
    client_open(&below, history->hub, "a", LOG_ID("3"));
    client_open(&at, history->hub, "a", LOG_ID("4"));
    client_open(&above, history->hub, "a", LOG_ID("5"));
    history_answer(history, "a", 4, "5 6");
    hub_flush(history->hub);
    assert_string_equal(client_events(&below), GAP("a", LOG_ID("3"), LOG_ID("5")) " message:a5 message:a6");
    assert_string_equal(client_events(&at), "message:a5 message:a6");
    assert_string_equal(client_events(&above), "message:a6");
    client_close(&below);
    client_close(&at);
    client_close(&above);
}

static void an_id_that_says_nothing_gets_a_gap_and_all(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", STAGE_ID("5"));
    history_answer(history, "a", 0, "5 6");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), GAP("a", STAGE_ID("5"), LOG_ID("5")) " message:a5 message:a6");
    client_close(&client);
}

static void by_time_it_is_what_is_newer_than_the_millisecond(void **state)
{
    struct history *history = *state;
    struct client past, future;
    const struct resume after = {.kind = RESUME_AFTER_TIME, .ms = STAGE_MS};
    const struct resume after_now = {.kind = RESUME_AFTER_TIME, .ms = STAGE_MS + 5};
    hub_advance(history->hub, history_id(300));
    client_open_at(&past, history->hub, "a", &after, STREAM_SHOWS_NOTHING, "");
    client_open_at(&future, history->hub, "a", &after_now, STREAM_SHOWS_NOTHING, "");
    history_append(history, "a", 301);
    history_append(history, "a", 401);
    history_answer(history, "a", 0, "5 99 105 205");
    hub_flush(history->hub);
    assert_string_equal(client_events(&past), "message:a105 message:a205 message:a301 message:a401");
    assert_string_equal(client_events(&future), "message:a301 message:a401");
    client_close(&past);
    client_close(&future);
}

static void the_gap_of_an_empty_history_moves_the_client_to_the_position_and_comes_once(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", LOG_ID("3"));
    history_answer(history, "a", 5, "");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), GAP_BEFORE_NOTHING("a", LOG_ID("3")));
    assert_string_equal(client.reader.events[0].last_id.data, LOG_ID("10"));
    client_close(&client);
    client_open(&client, history->hub, "a", LOG_ID("10"));
    assert_string_equal(client_events(&client), "");
    client_close(&client);
}

/* Were the gap behind b's events, a client that left among them would come back behind what a lacks. */
static void who_leaves_before_the_gap_of_an_empty_history_is_told_when_it_comes_back(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a,b", LOG_ID("2"));
    history_answer(history, "a", 5, "");
    history_answer(history, "b", 0, "3 7 8");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client),
                        "message:b3 " GAP_BEFORE_NOTHING("a", LOG_ID("2")) " message:b7 message:b8");
    assert_string_equal(client.reader.events[0].last_id.data, LOG_ID("3"));
    assert_string_equal(client.reader.events[1].last_id.data, LOG_ID("5"));
    client_close(&client);
    client_open(&client, history->hub, "a,b", LOG_ID("3"));
    assert_string_equal(client_events(&client), GAP_BEFORE_NOTHING("a", LOG_ID("3")) " message:b7 message:b8");
    client_close(&client);
}

static void a_loaded_break_is_a_gap_in_its_place(void **state)
{
    struct history *history = *state;
    struct client client, behind;
    client_open(&client, history->hub, "a", LOG_ID("3"));
    client_open(&behind, history->hub, "a", LOG_ID("5"));
    history_answer(history, "a", 0, "4 !5 6");
    hub_flush(history->hub);
    assert_string_equal(client_events(&client), "message:a4 " GAP("a", LOG_ID("3"), LOG_ID("6")) " message:a6");
    assert_string_equal(client_events(&behind), "message:a6");
    client_close(&client);
    client_close(&behind);
}

/* --- while it waits --- */

static void a_waiting_stream_is_opened_and_kept_alive_but_has_no_position(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", NULL);
    assert_int_equal(client.reader.comments, 1);
    assert_true(client.reader.retry_ms > 0);
    assert_null(strstr(client_text(&client), "id:"));
    history_append(history, "a", 11);
    client_forget(&client);
    stage_wait(history->stage, stage_config.heartbeat_ms);
    client_turn(&client, history->hub);
    assert_string_equal(client_text(&client), ":\n");
    history_answer(history, "a", 0, "");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:a11");
    client_forget(&client);
    history_append(history, "b", 12);
    client_turn(&client, history->hub);
    assert_string_equal(client_text(&client), "");
    client_close(&client);
}

static void once_it_has_all_it_is_told_its_position(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", NULL);
    history_append(history, "b", 11);
    history_answer(history, "a", 0, "9");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "");
    check_id(&client, LOG_ID("11"));
    client_close(&client);
}

/* A heartbeat event takes the client's id from it, unless an id goes before. */
static void before_the_first_visible_heartbeat_goes_the_id_that_the_client_has(void **state)
{
    struct history *history = *state;
    struct client client;
    const struct resume known = {.kind = RESUME_AFTER_ID, .id = span_of(LOG_ID("3"))};
    const struct resume ahead = {.kind = RESUME_AFTER_ID, .id = span_of(LOG_ID("30"))};
    const struct resume now = {.kind = RESUME_NOW};
    client_open_at(&client, history->hub, "a", &known, STREAM_SHOWS_LIFE, "");
    assert_string_equal(client_events(&client), "heartbeat:{}");
    check_id(&client, LOG_ID("3"));
    client_close(&client);
    client_open_at(&client, history->hub, "a", &ahead, STREAM_SHOWS_LIFE, "");
    assert_string_equal(client_events(&client), "heartbeat:{}");
    check_id(&client, LOG_ID("30"));
    client_close(&client);
    client_open_at(&client, history->hub, "a", &now, STREAM_SHOWS_LIFE, "");
    assert_string_equal(client_events(&client), "heartbeat:{}");
    assert_null(strstr(client_text(&client), "id:"));
    client_close(&client);
}

/* Without any id it would come back as a new client, and be told nothing. */
static void with_an_unknown_id_it_is_told_when_it_comes_back_before_its_channel_is_loaded(void **state)
{
    struct history *history = *state;
    struct client client;
    const struct resume unknown = {.kind = RESUME_AFTER_ID, .id = span_of("unknown")};
    client_open_at(&client, history->hub, "a", &unknown, STREAM_SHOWS_LIFE, "");
    client_read(&client);
    check_id(&client, "0-0");
    client_close(&client);
    client_open(&client, history->hub, "a", "0-0");
    history_answer(history, "a", 4, "5");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), GAP("a", "0-0", LOG_ID("5")) " message:a5");
    client_close(&client);
}

static void when_the_program_ends_a_waiting_stream_ends_without_a_position(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", LOG_ID("3"));
    history_append(history, "a", 11);
    client_forget(&client);
    hub_flush(history->hub);
    hub_end_over(history->hub, 0);
    client_read(&client);
    assert_int_equal(client.sink.ends, 1);
    assert_true(client.reader.retry_ms > 0);
    assert_null(strstr(client_text(&client), "id:"));
    assert_string_equal(client_events(&client), "");
    client_close(&client);
}

static void a_stream_that_blocks_while_it_waits_goes_on_when_it_reads_again(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", "0");
    client.sink.blocks = true;
    stage_wait(history->stage, stage_config.heartbeat_ms);
    history_answer(history, "a", 0, "3");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "");
    fake_sink_drain(&client.sink);
    assert_string_equal(client_events(&client), "message:a3");
    check_id(&client, LOG_ID("10"));
    client_close(&client);
}

static void what_went_from_one_channel_while_another_loads_is_a_gap(void **state)
{
    struct history *history = *state;
    struct client keeper, client;
    client_open(&keeper, history->hub, "a", NULL);
    history_answer(history, "a", 0, "");
    client_open(&client, history->hub, "a,b", NULL);
    for (uint64_t number = 11; number < 11 + stage_config.history_length + 1; number++) {
        history_append(history, "a", number);
        hub_flush(history->hub);
    }
    history_answer(history, "b", 0, "");
    client_turn(&client, history->hub);
    assert_int_equal(client.reader.count, 1 + stage_config.history_length);
    assert_string_equal(client.reader.events[0].type.data, "gap");
    assert_string_equal(client.reader.events[1].data.data, "a12");
    assert_int_equal(history->hub->stats.streams_lagged.value, 0);
    client_close(&client);
    client_close(&keeper);
}

/* --- before it is known where reading begins --- */

static void before_the_start_streams_are_opened_and_nothing_is_loaded(void **state)
{
    struct history *history = *state;
    struct client known, all, unknown;
    client_open(&known, history->hub, "a,b", LOG_ID("5"));
    client_open(&all, history->hub, "a", "0");
    client_open(&unknown, history->hub, "a", "unknown");
    assert_int_equal(known.sink.writes, 1);
    assert_null(strstr(client_text(&known), "id:"));
    assert_int_equal(history->count, 0);
    hub_start(history->hub, history_id(10));
    assert_int_equal(history->count, 2);
    assert_int_equal(event_id_compare(history_find(history, "b")->until, history_id(10)), 0);
    history_answer(history, "a", 3, "4 6");
    history_answer(history, "b", 3, "7");
    hub_flush(history->hub);
    assert_string_equal(client_events(&known), "message:a6 message:b7");
    assert_string_equal(client_events(&all), "message:a4 message:a6");
    assert_string_equal(client_events(&unknown), GAP("a", "unknown", LOG_ID("4")) " message:a4 message:a6");
    client_close(&known);
    client_close(&all);
    client_close(&unknown);
}

/* By the clock: the events have ids of now. */
static void add_at(struct history *history, struct ring *older, uint64_t ms, const char *data)
{
    hub_load_add(history->hub, older,
                 &(struct message){.id = {.ms = ms}, .tag = "", .channel = span_of("a"), .data = span_of(data)});
}

static void who_came_before_the_start_gets_all_that_came_since(void **state)
{
    struct history *history = *state;
    struct client client, future;
    struct ring older;
    uint64_t before_ms = (uint64_t)clock_wall_ms();
    const struct resume after_now = {.kind = RESUME_AFTER_TIME, .ms = before_ms + 1000000};
    client_open(&client, history->hub, "a", NULL);
    client_open_at(&future, history->hub, "a", &after_now, STREAM_SHOWS_NOTHING, "");
    uint64_t since_ms = (uint64_t)clock_wall_ms();
    hub_start(history->hub, (struct event_id){.ms = since_ms + 10});
    ring_init(&older, EVENT_ID_NONE);
    add_at(history, &older, before_ms - 2, "before");
    add_at(history, &older, since_ms, "since");
    add_at(history, &older, since_ms + 10, "later");
    hub_load_end(history->hub, span_of("a"), history_find(history, "a")->ticket, &older);
    hub_flush(history->hub);
    assert_string_equal(client_events(&client), "message:since message:later");
    assert_string_equal(client_events(&future), "message:since message:later");
    client_close(&client);
    client_close(&future);
}

/* The log's clock may be behind ours. */
static void who_came_before_the_start_misses_nothing_behind_it_whatever_the_clock_says(void **state)
{
    struct history *history = *state;
    struct client client;
    uint64_t past_ms = (uint64_t)clock_wall_ms() - 3600000;
    client_open(&client, history->hub, "a", NULL);
    hub_start(history->hub, (struct event_id){.ms = past_ms});
    hub_append(
        history->hub,
        &(struct message){.id = {.ms = past_ms + 1}, .tag = "", .channel = span_of("a"), .data = span_of("live")});
    history_answer(history, "a", 0, "");
    client_turn(&client, history->hub);
    assert_string_equal(client_events(&client), "message:live");
    client_close(&client);
}

static void a_stream_that_ends_before_the_start_has_no_position(void **state)
{
    struct history *history = *state;
    struct client client;
    client_open(&client, history->hub, "a", NULL);
    client_forget(&client);
    hub_end_over(history->hub, 0);
    client_read(&client);
    assert_int_equal(client.sink.ends, 1);
    assert_null(strstr(client_text(&client), "id:"));
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(from_now_on_means_from_the_request_on),
        HISTORY_TEST(all_means_all_that_is_loaded_without_a_gap),
        HISTORY_TEST(a_gap_comes_exactly_when_the_id_is_below_what_is_lacked),
        HISTORY_TEST(an_id_that_says_nothing_gets_a_gap_and_all),
        HISTORY_TEST(by_time_it_is_what_is_newer_than_the_millisecond),
        HISTORY_TEST(the_gap_of_an_empty_history_moves_the_client_to_the_position_and_comes_once),
        HISTORY_TEST(who_leaves_before_the_gap_of_an_empty_history_is_told_when_it_comes_back),
        HISTORY_TEST(a_loaded_break_is_a_gap_in_its_place),
        HISTORY_TEST(a_waiting_stream_is_opened_and_kept_alive_but_has_no_position),
        HISTORY_TEST(once_it_has_all_it_is_told_its_position),
        HISTORY_TEST(before_the_first_visible_heartbeat_goes_the_id_that_the_client_has),
        HISTORY_TEST(with_an_unknown_id_it_is_told_when_it_comes_back_before_its_channel_is_loaded),
        HISTORY_TEST(when_the_program_ends_a_waiting_stream_ends_without_a_position),
        HISTORY_TEST(a_stream_that_blocks_while_it_waits_goes_on_when_it_reads_again),
        HISTORY_TEST(what_went_from_one_channel_while_another_loads_is_a_gap),
        HISTORY_TEST_UNSTARTED(before_the_start_streams_are_opened_and_nothing_is_loaded),
        HISTORY_TEST_UNSTARTED(who_came_before_the_start_gets_all_that_came_since),
        HISTORY_TEST_UNSTARTED(who_came_before_the_start_misses_nothing_behind_it_whatever_the_clock_says),
        HISTORY_TEST_UNSTARTED(a_stream_that_ends_before_the_start_has_no_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
