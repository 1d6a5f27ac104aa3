/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random clients of a hub that works on a random log: it reads behind the log's end, histories are loaded late or asked
 * for twice, rings are loaded anew, and clients lose their connection at any byte and come back, from another responder
 * too. At each event, over all returns: what the client asked for it has got, once and in order, or it was told of a
 * gap before the next event.
 */
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "stage.h"
#include "unit.h"

enum { CHANNELS = 4, CLIENTS = 6, STEPS = 6000, ENTRIES_LIMIT = 20000, LOADS_LIMIT = 100, FAR_AHEAD = 90000 };

static const char *const names[CHANNELS] = {"a", "b", "c", "d"};

/* An entry of the log, by the number in its id; they all have the same milliseconds. */
struct entry {
    enum { NOTHING, EVENT, BREAK_ALL, BREAK_CHANNEL } kind;
    int channel;
    size_t len;
};

struct load {
    int channel;
    uint64_t ticket;
    struct event_id until;
};

struct browser {
    struct client client;
    bool is_open;
    enum stream_shows shows;
    unsigned channels;              /* bit by bit */
    char last_id[64];               /* what it comes back with; "" for none */
    uint64_t last;                  /* the number of its newest id */
    uint64_t covered[CHANNELS];     /* up to here it has got all, or was told; lasts over its returns */
    bool is_free[CHANNELS];         /* it is covered up to whatever comes next, too */
    bool wants_all[CHANNELS];       /* what is retained, wherever that begins: until the first event */
    bool has_unannounced[CHANNELS]; /* its id says nothing here, of which it was not told yet */
    size_t seen;                    /* events looked at */
};

static struct entry entries[ENTRIES_LIMIT];
static uint64_t written; /* the log's end */
static uint64_t asked_end;
static size_t history_kept; /* events in a history */
static bool has_breaks, has_strangers;
static struct load loads[LOADS_LIMIT];
static size_t load_count;
static struct browser browsers[CLIENTS];
static struct stage stage;
static size_t gaps, received, returns, ends;

static struct event_id id_of(uint64_t number)
{
    return (struct event_id){.ms = STAGE_MS, .seq = number};
}

static uint64_t position(void)
{
    return stage.hub.position.seq;
}

static bool one_in(long count)
{
    return random() % count == 0;
}

/* --- the log --------------------------------------------------------------------------------------------------- */

static void write_entry(void)
{
    long kind = random() % 100;
    struct entry *entry = &entries[++written];

    assert_true(written < ENTRIES_LIMIT);
    *entry = (struct entry){.kind = EVENT, .channel = (int)(random() % CHANNELS), .len = 30 + (size_t)random() % 300};
    if (one_in(60))
        entry->len = (size_t)random() % 150000 + 30;
    if (kind < 5)
        entry->kind = NOTHING;
    else if (kind < 7 && has_breaks)
        entry->kind = kind < 6 ? BREAK_ALL : BREAK_CHANNEL;
}

/* The event's data are its channel, its number, and what fills it up. */
static struct message message_of(uint64_t number)
{
    static char data[160000];
    const struct entry *entry = &entries[number];

    memset(data, 'x', entry->len);
    int head = snprintf(data, 30, "%s %llu ", names[entry->channel], (unsigned long long)number);
    data[head] = 'x';
    return (struct message){
        .id = id_of(number), .tag = "", .channel = span_of(names[entry->channel]), .data = {data, entry->len}};
}

static void read_entry(void)
{
    uint64_t number = position() + 1;
    struct message message;

    switch (entries[number].kind) {
    case NOTHING:
        hub_advance(&stage.hub, id_of(number));
        break;
    case EVENT:
        message = message_of(number);
        hub_append(&stage.hub, &message);
        break;
    case BREAK_ALL:
        hub_break_all(&stage.hub, id_of(number));
        break;
    case BREAK_CHANNEL:
        hub_break_channel(&stage.hub, span_of(names[entries[number].channel]), id_of(number));
        break;
    }
}

static bool is_in(int channel, uint64_t number)
{
    return entries[number].kind == BREAK_ALL || (entries[number].kind != NOTHING && entries[number].channel == channel);
}

/* --- histories ------------------------------------------------------------------------------------------------- */

static void on_load(void *context, struct span channel, uint64_t ticket, struct event_id until)
{
    (void)context;
    assert_true(load_count < LOADS_LIMIT);
    loads[load_count++] = (struct load){.channel = channel.data[0] - 'a', .ticket = ticket, .until = until};
}

/* The number of the newest event that the history has dropped; 0 when it has all. */
static uint64_t history_base(int channel)
{
    size_t kept = 0;
    for (uint64_t number = written; number > 0; number--)
        if (entries[number].kind == EVENT && entries[number].channel == channel && ++kept > history_kept)
            return number;
    return 0;
}

static void answer_load(size_t index)
{
    struct load load = loads[index];
    uint64_t base = history_base(load.channel);
    struct ring older;

    loads[index] = loads[--load_count];
    ring_init(&older, id_of(base));
    for (uint64_t number = base + 1; number <= load.until.seq; number++) {
        if (!is_in(load.channel, number))
            continue;
        if (entries[number].kind == EVENT) {
            struct message message = message_of(number);
            hub_load_add(&stage.hub, &older, &message);
        } else {
            ring_append(&older, id_of(number), NULL);
        }
    }
    hub_load_end(&stage.hub, span_of(names[load.channel]), load.ticket, &older);
}

/* --- what clients see ------------------------------------------------------------------------------------------ */

static uint64_t number_of(const char *id)
{
    unsigned long long ms, seq;
    assert_int_equal(sscanf(id, "%llu-%llu", &ms, &seq), 2);
    assert_true(ms == STAGE_MS || (ms == 0 && seq == 0));
    return seq;
}

static void check_nothing_missing(const struct browser *browser, int channel, uint64_t to)
{
    for (uint64_t number = browser->covered[channel] + 1; number < to; number++)
        if (is_in(channel, number))
            fail_msg("client %td, channel %s: %llu is missing at %llu; it came with '%s'", browser - browsers,
                     names[channel], (unsigned long long)number, (unsigned long long)to, browser->last_id);
}

/* The client's cursor moved: what it was told of without an id is covered up to here. */
static void note_id(struct browser *browser, uint64_t number)
{
    if (number == browser->last || number > written)
        return;
    assert_true(number > browser->last);
    browser->last = number;
    for (int i = 0; i < CHANNELS; i++) {
        if ((browser->is_free[i] || browser->wants_all[i]) && browser->covered[i] < number)
            browser->covered[i] = number;
        browser->is_free[i] = false;
    }
}

/* Of gaps that share an id all but the last go with the one that the client has, perhaps from a position. */
static bool has_id_of_its_own(const struct browser *browser, const struct sse_event *event)
{
    const char *after = strstr(event->data.data, "\"after\":\"") + strlen("\"after\":\"");
    bool is_old = strncmp(after, event->last_id.data, event->last_id.len) == 0 && after[event->last_id.len] == '"';
    return event->last_id.len > 0 && number_of(event->last_id.data) > browser->last && !is_old;
}

static void take_gap(struct browser *browser, const struct sse_event *event)
{
    int channel = event->data.data[strlen("{\"channel\":\"")] - 'a';
    const char *oldest = strstr(event->data.data, "\"oldest\":") + strlen("\"oldest\":");
    bool has_id = has_id_of_its_own(browser, event);

    gaps++;
    browser->has_unannounced[channel] = false;
    if (!has_id && event->last_id.len > 0)
        note_id(browser, number_of(event->last_id.data));
    uint64_t upto = *oldest == '"' ? number_of(oldest + 1) - 1 : has_id ? number_of(event->last_id.data) : 0;
    browser->is_free[channel] = browser->is_free[channel] || upto == 0;
    if (browser->covered[channel] < upto)
        browser->covered[channel] = upto;
}

static void take_message(struct browser *browser, const struct sse_event *event)
{
    int channel = event->data.data[0] - 'a';
    uint64_t number = strtoull(event->data.data + 2, NULL, 10);

    received++;
    assert_true((browser->channels >> channel & 1) != 0);
    assert_true(number == number_of(event->last_id.data));
    assert_int_equal(event->data.len, entries[number].len);
    if (number <= browser->last || number <= browser->covered[channel])
        fail_msg("client %td got %llu behind %llu", browser - browsers, (unsigned long long)number,
                 (unsigned long long)browser->last);
    assert_false(browser->has_unannounced[channel]);
    if (!browser->is_free[channel] && !browser->wants_all[channel])
        check_nothing_missing(browser, channel, number);
    browser->is_free[channel] = browser->wants_all[channel] = false;
    browser->covered[channel] = number;
}

/* Reads so many bytes more. What it has read when it is cut off is all that it knows. */
static void read_bytes(struct browser *browser, size_t len)
{
    struct client *client = &browser->client;
    struct sse_reader *reader = &client->reader;

    sse_reader_feed(reader, client->sink.written.data + client->read, len);
    client->read += len;
    for (; browser->seen < reader->count; browser->seen++) {
        const struct sse_event *event = &reader->events[browser->seen];
        if (strcmp(event->type.data, "gap") == 0)
            take_gap(browser, event);
        else if (strcmp(event->type.data, "heartbeat") != 0 && strcmp(event->type.data, "push-position") != 0)
            take_message(browser, event);
        if (event->last_id.len > 0)
            note_id(browser, number_of(event->last_id.data));
    }
    if (reader->last_id.len > 0) {
        note_id(browser, number_of(reader->last_id.data));
        assert_true(browser->shows == STREAM_SHOWS_NOTHING || sse_reader_has_id_of_event(reader));
    }
    assert_int_equal(reader->strange_lines, 0);
}

static void close_browser(struct browser *browser)
{
    const struct sse_reader *reader = &browser->client.reader;
    size_t unread = browser->client.sink.written.len - browser->client.read;

    read_bytes(browser, browser->client.sink.ends > 0 || one_in(2) ? unread : (size_t)random() % (unread + 1));
    if (reader->last_id.len > 0)
        snprintf(browser->last_id, sizeof(browser->last_id), "%s", reader->last_id.data);
    ends += fake_sink_is_over(&browser->client.sink) ? 1 : 0;
    client_close(&browser->client);
    browser->is_open = false;
}

/* Another responder, which has read further, has sent it all up to somewhere. */
static void visit_another(struct browser *browser)
{
    uint64_t from = position() > browser->last ? position() : browser->last;
    uint64_t number = from + (uint64_t)random() % (written - from + 1);

    snprintf(browser->last_id, sizeof(browser->last_id), "%lld-%llu", (long long)STAGE_MS, (unsigned long long)number);
    browser->last = number;
    for (int i = 0; i < CHANNELS; i++)
        browser->covered[i] = number;
}

static struct resume choose_resume(struct browser *browser)
{
    if (browser->last_id[0] != '\0' && stage.hub.is_started && one_in(3))
        visit_another(browser);
    if (browser->last_id[0] == '\0' && has_strangers && one_in(3))
        snprintf(browser->last_id, sizeof(browser->last_id), "%s", one_in(2) ? "9000000000000-90000" : "unknown");
    if (browser->last_id[0] != '\0')
        return (struct resume){.kind = RESUME_AFTER_ID, .id = span_of(browser->last_id)};
    /* Before the start, now is by the clock, which ids here have nothing to do with. */
    bool wants_all = !stage.hub.is_started || one_in(3);
    return (struct resume){.kind = wants_all ? RESUME_ALL : RESUME_NOW};
}

static void note_where_it_begins(struct browser *browser, const struct resume *resume)
{
    struct event_id id;
    bool has_id = resume->kind == RESUME_AFTER_ID && event_id_parse(resume->id, "", &id);
    bool is_known = has_id && id.seq < FAR_AHEAD;

    browser->last = is_known ? id.seq : resume->kind == RESUME_NOW ? position() : 0;
    for (int i = 0; i < CHANNELS; i++) {
        browser->has_unannounced[i] = resume->kind == RESUME_AFTER_ID && !is_known;
        browser->wants_all[i] = resume->kind == RESUME_ALL;
        browser->is_free[i] = false;
        if (!is_known)
            browser->covered[i] = browser->last;
    }
}

static void open_browser(struct browser *browser)
{
    char channels[16] = "";

    if (browser->last_id[0] == '\0')
        browser->channels = 1 + (unsigned)random() % 15;
    for (int i = 0; i < CHANNELS; i++)
        if ((browser->channels >> i & 1) != 0) {
            strcat(channels, channels[0] != '\0' ? "," : "");
            strcat(channels, names[i]);
        }
    struct resume resume = choose_resume(browser);
    browser->seen = 0;
    note_where_it_begins(browser, &resume);
    browser->shows = (enum stream_shows)(random() % 3);
    client_open_at(&browser->client, &stage.hub, channels, &resume, browser->shows, "");
    browser->is_open = true;
    returns++;
}

static void step_browser(struct browser *browser)
{
    if (!browser->is_open) {
        open_browser(browser);
        return;
    }
    struct fake_sink *sink = &browser->client.sink;
    switch (random() % 10) {
    case 0:
        close_browser(browser);
        if (one_in(8))
            browser->last_id[0] = '\0';
        return;
    case 1:
        sink->blocks = true;
        break;
    case 2:
    case 3:
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

/* --- the course of things -------------------------------------------------------------------------------------- */

static void confirm_end(void)
{
    hub_confirm_end(&stage.hub, id_of(asked_end));
    asked_end = written;
}

static void step_log(void)
{
    long kind = random() % 100;
    if (!stage.hub.is_started)
        return;
    if (kind < 50 && position() < written)
        read_entry();
    else if (kind < 54)
        hub_reload(&stage.hub, id_of(position() + (uint64_t)random() % (written - position() + 1)));
    else if (kind < 58 && load_count + CHANNELS < LOADS_LIMIT)
        hub_retry_loads(&stage.hub);
    else if (kind < 62)
        confirm_end();
    else if (load_count > 0)
        answer_load((size_t)random() % load_count);
}

static void step(void)
{
    long kind = random() % 100;
    while (load_count + 2 * CHANNELS > LOADS_LIMIT)
        answer_load(0);
    if (kind < 25)
        write_entry();
    else if (kind < 65)
        step_log();
    else if (kind < 66)
        stage_wait(&stage, random() % 20000);
    else if (kind < 85)
        step_browser(&browsers[random() % CLIENTS]);
    else if (kind < 96)
        hub_flush_prompt(&stage.hub);
    else
        hub_flush(&stage.hub);
    close_what_is_over();
}

static void settle_log(void)
{
    while (position() < written)
        read_entry();
    while (load_count > 0)
        answer_load(load_count - 1);
    confirm_end();
    confirm_end();
    hub_flush(&stage.hub);
}

/* All is read and loaded; everyone reads to the end, and then has all that is in the log. */
static void settle(void)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        struct browser *browser = &browsers[i];
        do {
            if (!browser->is_open)
                open_browser(browser);
            settle_log();
            fake_sink_drain(&browser->client.sink);
            while (fake_sink_call_back(&browser->client.sink)) {
            }
            close_what_is_over();
        } while (!browser->is_open);
        read_bytes(browser, browser->client.sink.written.len - browser->client.read);
        assert_true(sse_reader_is_between_events(&browser->client.reader));
        assert_true(browser->client.reader.last_id.len > 0);
        for (int channel = 0; channel < CHANNELS; channel++)
            if ((browser->channels >> channel & 1) != 0)
                check_nothing_missing(browser, channel, written + 1);
    }
    assert_int_equal(stage.hub.stats.requests_waiting.value, 0);
}

static void check_bytes(void)
{
    struct lh_entry *entry;
    uint64_t total = 0;
    lh_foreach(stage.hub.channels, entry)
        total += channel_size(lh_entry_v(entry));
    assert_int_equal(stage.hub.stats.channels_bytes.value, total);
}

static void run(unsigned seed, struct hub_config config)
{
    static const struct hub_source source = {.load = on_load};

    srandom(seed);
    memset(browsers, 0, sizeof(browsers));
    memset(entries, 0, sizeof(entries));
    written = asked_end = load_count = 0;
    gaps = received = returns = ends = 0;
    config.source = &source;
    stage_init_log(&stage, &config);
    for (int i = 0; i < STEPS; i++) {
        if (i == 100)
            hub_start(&stage.hub, id_of(written / 2));
        step();
        if (i % 1500 == 1499) {
            settle();
            check_bytes();
        }
    }
    for (size_t i = 0; i < CLIENTS; i++)
        if (browsers[i].is_open)
            close_browser(&browsers[i]);
    print_message("%zu received, %zu gaps, %zu streams, %zu of them ended, %llu loads, %llu ahead\n", received, gaps,
                  returns, ends, (unsigned long long)stage.hub.stats.loads_done.value,
                  (unsigned long long)stage.hub.stats.requests_ahead.value);
    assert_true(received > 500 && returns > 80);
    assert_true(stage.hub.stats.requests_ahead.value > 10 && stage.hub.stats.loads_late.value > 10);
    assert_int_equal(stage.hub.stats.log_disordered.value, 0);
    stage_fini(&stage);
}

static void whatever_happens_each_event_comes_once_in_order_or_is_announced_as_a_gap(void **state)
{
    (void)state;
    struct hub_config config = stage_config;
    config.history_length = 12;
    config.ring_memory_bytes = 400000;
    config.ring_linger_ms = 5000;
    has_breaks = has_strangers = true;
    for (unsigned seed = 1; seed <= 4; seed++) {
        history_kept = seed % 2 == 0 ? 40 : 12;
        run(seed, config);
        assert_true(gaps > 20);
    }
}

/* Loads, reloads and the ways of other responders are no reason for a gap. */
static void where_histories_have_all_and_nothing_breaks_no_gap_is_announced(void **state)
{
    (void)state;
    struct hub_config config = stage_config;
    config.history_length = history_kept = 10000;
    config.ring_memory_bytes = 1 << 28;
    config.ring_linger_ms = 5000;
    has_breaks = has_strangers = false;
    for (unsigned seed = 21; seed <= 22; seed++) {
        run(seed, config);
        assert_int_equal(gaps, 0);
    }
}

static void nor_where_streams_are_ended_by_their_age(void **state)
{
    (void)state;
    struct hub_config config = stage_config;
    config.history_length = history_kept = 10000;
    config.ring_memory_bytes = 1 << 28;
    config.ring_linger_ms = 5000;
    config.max_age_ms = 20000;
    has_breaks = has_strangers = false;
    for (unsigned seed = 24; seed <= 25; seed++) {
        run(seed, config);
        assert_int_equal(gaps, 0);
        assert_true(stage.hub.stats.streams_aged.value > 10);
    }
}

static void nor_where_messages_wait_for_others(void **state)
{
    (void)state;
    struct hub_config config = stage_config;
    config.history_length = history_kept = 10000;
    config.ring_memory_bytes = 1 << 28;
    config.ring_linger_ms = 5000;
    config.coalesce_ms = 100000;
    has_breaks = has_strangers = false;
    for (unsigned seed = 26; seed <= 27; seed++) {
        run(seed, config);
        assert_int_equal(gaps, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_each_event_comes_once_in_order_or_is_announced_as_a_gap),
        cmocka_unit_test(where_histories_have_all_and_nothing_breaks_no_gap_is_announced),
        cmocka_unit_test(nor_where_streams_are_ended_by_their_age),
        cmocka_unit_test(nor_where_messages_wait_for_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
