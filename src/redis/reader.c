/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/reader.h"

#include <inttypes.h>

#include "base/clock.h"
#include "push/channel_name.h"
#include "redis/entry.h"
#include "redis/place.h"

enum {
    READ_BYTES = 16 << 20,   /* a reply stays below it */
    READ_COUNT_LIMIT = 2048, /* above RUN_ITEMS_LIMIT: Redis may answer one read for each call of the recorder */
    SMALL_BYTES = 1024,
    FORGETTING = 8, /* with each reply so much of the largest message's size is forgotten: a part of it */
};

/* --- entries -------------------------------------------------------------------------------------------------- */

/* What follows is above this id, and nothing between them is. */
static struct event_id id_before(struct event_id id)
{
    return id.seq > 0 ? (struct event_id){id.ms, id.seq - 1} : (struct event_id){id.ms - 1, UINT64_MAX};
}

static void go_on_behind(struct reader *reader, struct event_id id)
{
    reader->broken.value++;
    log_warning("%s lacks entries that were not read yet: loading all channels anew", reader->keys->log);
    hub_reload(reader->hub, id);
    reader->position = id;
}

static void check_order(struct reader *reader, const struct entry *entry, const struct place *place)
{
    if (place->is_given && event_id_compare(place->last, reader->position) != 0)
        go_on_behind(reader, id_before(entry->id));
}

/* Nothing came although there was more when it was asked for: it was trimmed. */
static void check_end(struct reader *reader)
{
    if (event_id_compare(reader->owed, reader->position) > 0)
        go_on_behind(reader, reader->owed);
}

static void deliver(struct reader *reader, const struct entry *entry, struct span channel)
{
    const struct message message = entry_message(entry, channel, reader->hub->tag, &reader->envelope);

    reader_expect(reader, message.data.len);
    hub_append(reader->hub, &message);
}

/* Events of the channel are lost: one that is too large, which was announced by who received it, or this. */
static void note_unkept(struct reader *reader, const struct entry *entry, struct span channel)
{
    uint64_t suppressed;
    bool has_history = !span_equals(entry_get(entry, "gap"), "history");
    if (!has_history && log_limit_allows(&reader->unkept_log, clock_monotonic_ms(), &suppressed))
        log_warning("a message of channel %.*s could not be kept: %shistory:%.*s cannot be written to; %" PRIu64
                    " more since the last such line",
                    (int)channel.len, channel.data, reader->keys->prefix, (int)channel.len, channel.data, suppressed);
}

static void take(struct reader *reader, const struct entry *entry)
{
    struct span channel = entry_get(entry, "channel");

    if (channel_name_is_valid(channel) && entry_has(entry, "data")) {
        deliver(reader, entry, channel);
    } else if (channel_name_is_valid(channel)) {
        note_unkept(reader, entry, channel);
        hub_break_channel(reader->hub, channel, entry->id);
    } else if (entry_has(entry, "break")) {
        hub_break_all(reader->hub, entry->id);
        reader->events.on_break(reader->events.owner, entry->id);
    } else {
        reader->malformed.value += !entry_has(entry, "recorder");
        hub_advance(reader->hub, entry->id);
    }
}

static void acknowledge(struct reader *reader, const struct entry *entry, const struct place *place)
{
    const struct reader_events *events = &reader->events;

    if (place->marker.len > 0)
        events->on_acknowledged(events->owner, place->marker, place->position);
    if (entry_has(entry, "data"))
        return;
    if (entry_has(entry, "recorder"))
        events->on_acknowledged(events->owner, entry_get(entry, "recorder"), 0);
    if (entry_has(entry, "break") && entry_get(entry, "break").len > 0)
        events->on_acknowledged(events->owner, entry_get(entry, "break"), 0);
}

static void on_entry(void *owner, const struct entry *entry)
{
    struct reader *reader = owner;

    const struct place place = place_read(entry_get(entry, "after"));

    reader->entries.value++;
    check_order(reader, entry, &place);
    take(reader, entry);
    acknowledge(reader, entry, &place);
    reader->position = entry->id;
}

/* --- the connection ------------------------------------------------------------------------------------------- */

static void on_reply(void *owner, const redisReply *reply)
{
    struct reader *reader = owner;

    if (reply->type == REDIS_REPLY_NIL) {
        check_end(reader);
        return;
    }
    reader->largest_bytes -= reader->largest_bytes / FORGETTING;
    entry_for_each(reply, on_entry, reader);
}

static int read_count(const struct reader *reader)
{
    size_t count = READ_BYTES / (reader->largest_bytes + SMALL_BYTES);
    return count > READ_COUNT_LIMIT ? READ_COUNT_LIMIT : count > 0 ? (int)count : 1;
}

static void read_on(void *owner)
{
    struct reader *reader = owner;
    if (reader->is_placed && tail_read(&reader->tail, reader->position, read_count(reader)))
        reader->owed = reader->log_end;
}

void reader_init(struct reader *reader, struct ev_loop *loop, const struct redis_address *address,
                 const struct keys *keys, const struct reader_events *events, struct link_stats *links,
                 struct counters *counters)
{
    const struct tail_events tail_events = {.on_idle = read_on, .on_reply = on_reply, .owner = reader};

    *reader = (struct reader){.keys = keys, .events = *events};
    counters_register(counters, &reader->entries, "log.entries");
    counters_register(counters, &reader->broken, "log.broken");
    counters_register(counters, &reader->malformed, "log.malformed");
    tail_init(&reader->tail, loop, address, "log", keys->log, &tail_events, links);
}

void reader_set_hub(struct reader *reader, struct hub *hub)
{
    reader->hub = hub;
}

void reader_fini(struct reader *reader)
{
    tail_fini(&reader->tail);
    envelope_fini(&reader->envelope);
}

void reader_start(struct reader *reader)
{
    tail_start(&reader->tail);
}

void reader_place(struct reader *reader, struct event_id position)
{
    reader->position = position;
    reader->is_placed = true;
    hub_start(reader->hub, position);
    read_on(reader);
}

void reader_expect_end(struct reader *reader, struct event_id end)
{
    reader->log_end = end;
}

bool reader_is_current(const struct reader *reader)
{
    return reader->is_placed && event_id_compare(reader->position, reader->log_end) >= 0;
}

void reader_expect(struct reader *reader, size_t bytes)
{
    if (bytes > reader->largest_bytes)
        reader->largest_bytes = bytes;
}
