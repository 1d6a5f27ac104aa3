/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random clients of a random hub: they subscribe, read slowly, lose their connection at any byte, and come back with
 * the id that a browser would send. The model knows every message and every break, and checks at each event, over all
 * returns: what the client asked for it has got, once and in order, or it was told of a gap before the next event.
 */
#include <json-c/linkhash.h>
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "stage.h"
#include "unit.h"

enum { CHANNELS = 4, CLIENTS = 6, STEPS = 5000, EVERYTHING_LIMIT = 20000 };

static const char *const names[CHANNELS] = {"a", "b", "c", "d"};

/* What happened under each number: all ids have the same milliseconds. */
struct happening {
    int channel; /* -1: nothing that a client can miss */
    bool is_break;
};

struct browser {
    struct client client;
    bool is_open;
    enum stream_shows shows;
    unsigned channels;              /* bit by bit */
    char last_id[64];               /* what it comes back with; "" for none */
    uint64_t began;                 /* nothing at or below is to be sent to it */
    uint64_t last;                  /* the number of its newest id */
    uint64_t covered[CHANNELS];     /* up to here it has got all, or was told; lasts over its returns */
    bool is_told[CHANNELS];         /* a gap without an id came: it covers up to the next id */
    uint64_t base[CHANNELS];        /* of the rings when it came */
    bool is_unknown;                /* it came with an id that says nothing, and ... */
    bool has_unannounced[CHANNELS]; /* ... was not told yet */
    size_t seen;                    /* events looked at */
    bool has_position;
};

static struct happening happenings[EVERYTHING_LIMIT];
static struct browser browsers[CLIENTS];
static struct stage stage;
static size_t gaps, received, returns, lags;
static bool is_restless; /* clients leave often, and channels are dropped at once */

static uint64_t now(void)
{
    return stage.hub.position.seq;
}

static struct channel *find_channel(int channel)
{
    void *found = NULL;
    lh_table_lookup_ex(stage.hub.channels, names[channel], &found);
    return found;
}

static uint64_t number_of(const char *id)
{
    unsigned long long ms, seq;
    assert_int_equal(sscanf(id, "%llu-%llu." STAGE_TAG, &ms, &seq), 2);
    /* 0-0 stands before everything: what a client has that came with an unknown id. */
    assert_true(ms == STAGE_MS || (ms == 0 && seq == 0));
    return seq;
}

static int channel_of(const char *name)
{
    for (int i = 0; i < CHANNELS; i++)
        if (name[0] == names[i][0])
            return i;
    fail_msg("no channel: %s", name);
    return -1;
}

/* Fails when something of the channel in (from, to) happened that the client was neither sent nor told of. */
static void check_nothing_missing(const struct browser *browser, int channel, uint64_t to)
{
    for (uint64_t i = browser->covered[channel] + 1; i < to; i++)
        if (happenings[i].channel == channel)
            fail_msg("client %td, channel %s: %s %llu is missing at id %llu; it came with '%s' at %llu",
                     browser - browsers, names[channel], happenings[i].is_break ? "the gap of break" : "message",
                     (unsigned long long)i, (unsigned long long)to, browser->last_id,
                     (unsigned long long)browser->began);
}

/* The client's cursor moved to `id`. */
static void take_id(struct browser *browser, uint64_t id)
{
    assert_true(id >= browser->last);
    browser->last = id;
    for (int i = 0; i < CHANNELS; i++) {
        if (browser->is_told[i] && browser->covered[i] < id)
            browser->covered[i] = id;
        browser->is_told[i] = false;
    }
}

/* A gap needs a reason: a break, or something of the channel that is older than what the ring held. */
static void check_reason(const struct browser *browser, int channel, uint64_t upto)
{
    bool has_reason = browser->is_unknown || browser->base[channel] > browser->began;
    for (uint64_t i = browser->began + 1; i <= upto && !has_reason; i++)
        has_reason = happenings[i].channel == channel && happenings[i].is_break;
    if (!has_reason)
        fail_msg("client %td was told of a gap in channel %s up to %llu for no reason", browser - browsers,
                 names[channel], (unsigned long long)upto);
}

static void take_gap(struct browser *browser, const struct sse_event *event, bool has_id)
{
    int channel = channel_of(event->data.data + strlen("{\"channel\":\""));
    const char *oldest = strstr(event->data.data, "\"oldest\":") + strlen("\"oldest\":");
    uint64_t upto = *oldest == '"' ? number_of(oldest + 1) - 1 : has_id ? number_of(event->last_id.data) : now();

    gaps++;
    check_reason(browser, channel, upto);
    if (*oldest != '"' && !has_id)
        browser->is_told[channel] = true;
    else if (browser->covered[channel] < upto)
        browser->covered[channel] = upto;
    browser->has_unannounced[channel] = false;
}

/* The payload is "<channel> <number> xxxx…". */
static void take_message(struct browser *browser, const struct sse_event *event)
{
    int channel = channel_of(event->data.data);
    uint64_t number = strtoull(event->data.data + 2, NULL, 10);

    received++;
    assert_true((browser->channels >> channel & 1) != 0);
    assert_true(number == number_of(event->last_id.data));
    assert_true(number > browser->began);
    if (number <= browser->last || number <= browser->covered[channel])
        fail_msg("client %td got %llu behind %llu", browser - browsers, (unsigned long long)number,
                 (unsigned long long)browser->last);
    assert_false(browser->has_unannounced[channel]);
    if (!browser->is_told[channel])
        check_nothing_missing(browser, channel, number);
    browser->covered[channel] = number;
}

static void look_at_event(struct browser *browser, const struct sse_event *event)
{
    bool has_id = event->last_id.len > 0 && number_of(event->last_id.data) > browser->last;

    if (strcmp(event->type.data, "heartbeat") == 0)
        assert_string_equal(event->data.data, "{}");
    else if (strcmp(event->type.data, "push-position") == 0)
        assert_string_equal(event->data.data, "");
    else if (strcmp(event->type.data, "gap") == 0)
        take_gap(browser, event, has_id);
    else
        take_message(browser, event);
}

/* Reads so many bytes more, and looks at each block as it ends. */
static void read_bytes(struct browser *browser, size_t len)
{
    struct client *client = &browser->client;
    struct sse_reader *reader = &client->reader;

    for (size_t end = client->read + len; client->read < end; client->read++) {
        size_t blocks = reader->blank_lines;
        sse_reader_feed(reader, client->sink.written.data + client->read, 1);
        if (reader->blank_lines == blocks)
            continue;
        bool has_event = reader->count > browser->seen;
        if (has_event)
            look_at_event(browser, &reader->events[browser->seen++]);
        if (reader->last_id.len > 0) {
            uint64_t id = number_of(reader->last_id.data);
            bool is_gap_without_id =
                has_event && id == browser->last && strcmp(reader->events[reader->count - 1].type.data, "gap") == 0;
            if (!is_gap_without_id)
                take_id(browser, id);
            browser->has_position = true;
            assert_true(browser->shows == STREAM_SHOWS_NOTHING || sse_reader_has_id_of_event(reader));
        }
    }
    assert_int_equal(reader->strange_lines, 0);
}

static void close_browser(struct browser *browser)
{
    const struct sse_reader *reader = &browser->client.reader;
    size_t unread = browser->client.sink.written.len - browser->client.read;

    if (browser->client.sink.ends > 0 || random() % 2 == 0)
        read_bytes(browser, unread);
    else
        read_bytes(browser, (size_t)random() % (unread + 1));
    if (reader->last_id.len > 0)
        snprintf(browser->last_id, sizeof(browser->last_id), "%s", reader->last_id.data);
    lags += fake_sink_is_over(&browser->client.sink) ? 1 : 0;
    client_close(&browser->client);
    browser->is_open = false;
}

/* Who asks for all that is kept is not told of breaks before it. */
static uint64_t behind_first_breaks(const struct ring *ring)
{
    uint64_t index = ring_skip_breaks(ring, ring->first);
    return index > ring->first ? ring_at(ring, index - 1)->id.seq : ring->base.seq;
}

static void note_where_it_begins(struct browser *browser, const struct resume *resume)
{
    struct event_id id;
    bool is_known = resume->kind == RESUME_AFTER_ID && event_id_parse(resume->id, STAGE_TAG, &id) && id.seq <= now() &&
                    id.ms == STAGE_MS;

    browser->is_unknown = resume->kind == RESUME_AFTER_ID && !is_known;
    browser->began = is_known ? id.seq : resume->kind == RESUME_NOW ? now() : 0;
    browser->last = browser->began;
    for (int i = 0; i < CHANNELS; i++) {
        const struct channel *channel = find_channel(i);
        browser->base[i] = channel != NULL ? channel->ring.base.seq : 0;
        if (resume->kind == RESUME_ALL)
            browser->covered[i] = channel != NULL ? behind_first_breaks(&channel->ring) : 0;
        else if (!is_known)
            browser->covered[i] = browser->began;
        browser->is_told[i] = false;
        browser->has_unannounced[i] = browser->is_unknown;
    }
}

static void open_browser(struct browser *browser)
{
    struct resume resume = {.kind = RESUME_NOW};
    char channels[16] = "";

    if (browser->last_id[0] == '\0')
        browser->channels = 1 + (unsigned)random() % 15;
    for (int i = 0; i < CHANNELS; i++)
        if ((browser->channels >> i & 1) != 0) {
            strcat(channels, channels[0] != '\0' ? "," : "");
            strcat(channels, names[i]);
        }
    if (browser->last_id[0] != '\0')
        resume = (struct resume){.kind = RESUME_AFTER_ID, .id = span_of(browser->last_id)};
    else if (random() % 3 == 0)
        resume = (struct resume){.kind = random() % 2 ? RESUME_ALL : RESUME_AFTER_ID, .id = span_of("unknown")};
    browser->seen = 0;
    browser->has_position = false;
    browser->shows = (enum stream_shows)(random() % 3);
    client_open_at(&browser->client, &stage.hub, channels, &resume, browser->shows, "");
    note_where_it_begins(browser, &resume);
    browser->is_open = true;
    returns++;
}

static void publish(void)
{
    static char payload[160000];
    int channel = (int)(random() % CHANNELS);
    size_t len = random() % 100 == 0 ? (size_t)random() % sizeof(payload) : (size_t)random() % 300;
    bool is_too_large = random() % 200 == 0;

    if (payload[100] == '\0')
        memset(payload, 'x', sizeof(payload));
    int head = snprintf(payload, 32, "%s %llu ", names[channel], (unsigned long long)now() + 1);
    payload[head] = 'x';
    if (is_too_large)
        len = stage.hub.config.max_message_bytes + 1;
    else if (len < (size_t)head)
        len = (size_t)head;
    hub_publish(&stage.hub, span_of(names[channel]), (struct span){payload, len});
    happenings[now()] = (struct happening){.channel = channel, .is_break = len > stage.hub.config.max_message_bytes};
}

static void break_all(void)
{
    uint64_t before = now();
    hub_break(&stage.hub);
    for (uint64_t i = before + 1; i <= now(); i++)
        happenings[i] = (struct happening){.channel = -1};
    for (int i = 0; i < CHANNELS; i++) {
        const struct channel *channel = find_channel(i);
        if (channel != NULL)
            happenings[ring_at(&channel->ring, channel->ring.end - 1)->id.seq] =
                (struct happening){.channel = i, .is_break = true};
    }
}

static void step_browser(struct browser *browser)
{
    if (!browser->is_open) {
        open_browser(browser);
        return;
    }
    struct fake_sink *sink = &browser->client.sink;
    switch (random() % (is_restless ? 3 : 12)) {
    case 0:
        close_browser(browser);
        if (random() % 8 == 0)
            browser->last_id[0] = '\0';
        return;
    case 1:
        sink->blocks = true;
        break;
    case 2:
    case 3:
    case 4:
        fake_sink_drain(sink);
        break;
    default:
        fake_sink_call_back(sink);
        break;
    }
    read_bytes(browser, (size_t)random() % (sink->written.len - browser->client.read + 1));
}

static void close_what_is_over(void)
{
    for (size_t i = 0; i < CLIENTS; i++)
        if (browsers[i].is_open && fake_sink_is_over(&browsers[i].client.sink))
            close_browser(&browsers[i]);
}

static void step(void)
{
    long kind = random() % 100;
    if (kind < 45)
        publish();
    else if (kind < 46)
        break_all();
    else if (kind < (is_restless ? 56 : 48))
        stage_wait(&stage, random() % 20000);
    else if (kind < 75)
        step_browser(&browsers[random() % CLIENTS]);
    else if (kind < 96)
        hub_flush_prompt(&stage.hub);
    else
        hub_flush(&stage.hub);
    close_what_is_over();
}

/* Everyone reads to the end, and then stands where the hub stands. */
static void settle(void)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        struct browser *browser = &browsers[i];
        do {
            if (!browser->is_open)
                open_browser(browser);
            hub_flush(&stage.hub);
            fake_sink_drain(&browser->client.sink);
            while (fake_sink_call_back(&browser->client.sink)) {
            }
            close_what_is_over();
        } while (!browser->is_open);
        read_bytes(browser, browser->client.sink.written.len - browser->client.read);
        assert_true(sse_reader_is_between_events(&browser->client.reader));
        assert_true(browser->has_position);
        for (int channel = 0; channel < CHANNELS; channel++)
            if ((browser->channels >> channel & 1) != 0)
                check_nothing_missing(browser, channel, now() + 1);
    }
}

static void run(unsigned seed, const struct hub_config *config)
{
    srandom(seed);
    memset(browsers, 0, sizeof(browsers));
    for (size_t i = 0; i < EVERYTHING_LIMIT; i++)
        happenings[i].channel = -1;
    gaps = received = returns = lags = 0;
    stage_init(&stage, config);
    for (int i = 0; i < STEPS; i++) {
        step();
        if (i % 1500 == 1499)
            settle();
    }
    settle();
    for (size_t i = 0; i < CLIENTS; i++)
        if (browsers[i].is_open)
            close_browser(&browsers[i]);
    stage_fini(&stage);
    print_message("%zu received, %zu gaps, %zu streams, %zu of them ended\n", received, gaps, returns, lags);
    assert_true(received > 1000 && gaps > 20 && returns > 100);
}

static void whatever_happens_each_message_comes_once_in_order_or_is_announced_as_a_gap(void **state)
{
    (void)state;
    struct hub_config config = stage_config;
    config.max_message_bytes = 159000;
    config.history_length = 12;
    config.ring_memory_bytes = 400000;
    config.ring_linger_ms = 5000;
    for (unsigned seed = 1; seed <= 2; seed++)
        run(seed, &config);
}

static void so_it_is_when_rings_are_long_and_kept(void **state)
{
    (void)state;
    struct hub_config config = stage_config;
    config.max_message_bytes = 159000;
    config.history_length = 200;
    config.ring_memory_bytes = 4000000;
    config.ring_linger_ms = 3600000;
    run(7, &config);
}

/* Channels are dropped as soon as nobody listens, and clients come and go: rings begin in the middle of others. */
static void so_it_is_when_channels_come_and_go(void **state)
{
    (void)state;
    struct hub_config config = stage_config;
    config.max_message_bytes = 159000;
    config.history_length = 50;
    config.ring_memory_bytes = 4000000;
    config.ring_linger_ms = 1;
    for (unsigned seed = 10; seed <= 11; seed++) {
        is_restless = true;
        run(seed, &config);
        is_restless = false;
    }
}

static void so_it_is_when_streams_are_ended_by_their_age(void **state)
{
    (void)state;
    struct hub_config config = stage_config;
    config.max_message_bytes = 159000;
    config.history_length = 12;
    config.ring_memory_bytes = 400000;
    config.ring_linger_ms = 5000;
    config.max_age_ms = 20000;
    for (unsigned seed = 14; seed <= 15; seed++) {
        run(seed, &config);
        assert_true(stage.hub.stats.streams_aged.value > 10);
    }
}

static void so_it_is_when_messages_wait_for_others(void **state)
{
    (void)state;
    struct hub_config config = stage_config;
    config.max_message_bytes = 159000;
    config.history_length = 50;
    config.ring_memory_bytes = 4000000;
    config.coalesce_ms = 100000;
    for (unsigned seed = 16; seed <= 17; seed++)
        run(seed, &config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_each_message_comes_once_in_order_or_is_announced_as_a_gap),
        cmocka_unit_test(so_it_is_when_rings_are_long_and_kept),
        cmocka_unit_test(so_it_is_when_channels_come_and_go),
        cmocka_unit_test(so_it_is_when_streams_are_ended_by_their_age),
        cmocka_unit_test(so_it_is_when_messages_wait_for_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
