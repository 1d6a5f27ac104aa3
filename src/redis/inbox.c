/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/inbox.h"

#include <inttypes.h>

#include "base/clock.h"
#include "push/channel_name.h"
#include "redis/entry.h"

/* Entries; they may be large. */
enum { READ_COUNT = 16 };

static void note_malformed(struct inbox *inbox, const struct entry *entry, const char *problem)
{
    uint64_t suppressed;
    inbox->stats.malformed.value++;
    if (log_limit_allows(&inbox->malformed_log, clock_monotonic_ms(), &suppressed))
        log_warning("deleted entry %.*s of %s, which %s; use: XADD %s * channel NAME data TEXT; %" PRIu64
                    " more since the last such line",
                    (int)entry->id_text.len, entry->id_text.data, inbox->keys->inbox, problem, inbox->keys->inbox,
                    suppressed);
}

static void add_message(struct inbox *inbox, const struct entry *entry, struct span channel)
{
    size_t len = entry_get(entry, "data").len;
    int64_t now_ms = clock_monotonic_ms();

    if (len > inbox->max_message_bytes) {
        complaint_of_size(&inbox->stats.too_large, channel, len, inbox->max_message_bytes, now_ms);
        run_add_gap(&inbox->run, inbox->keys, entry->id_text, channel, EVENT_ID_NONE);
    } else {
        entry_read_envelope(entry, &inbox->envelope);
        complaint_of_members(&inbox->stats.members_dropped, channel, inbox->envelope.dropped, now_ms);
        run_add_event(&inbox->run, inbox->keys, entry->id_text, channel, EVENT_ID_NONE, &inbox->envelope);
    }
}

static void add(struct inbox *inbox, const struct entry *entry)
{
    struct span channel = entry_get(entry, "channel");

    if (!channel_name_is_valid(channel)) {
        note_malformed(inbox, entry, "names no valid channel");
        run_add_drop(&inbox->run, inbox->keys, entry->id_text);
    } else if (!entry_has(entry, "data")) {
        note_malformed(inbox, entry, "has no data");
        run_add_drop(&inbox->run, inbox->keys, entry->id_text);
    } else {
        add_message(inbox, entry, channel);
    }
}

static void on_entry(void *owner, const struct entry *entry)
{
    struct inbox *inbox = owner;
    if (!run_is_full(&inbox->run))
        add(inbox, entry);
}

static void on_reply(void *owner, const redisReply *reply)
{
    entry_for_each(reply, on_entry, owner);
}

/* From the front each time: what stays there was not recorded. */
static void read_on(void *owner)
{
    struct inbox *inbox = owner;
    if (inbox->is_wanted && !inbox_has_run(inbox))
        tail_read(&inbox->tail, EVENT_ID_NONE, READ_COUNT);
}

void inbox_init(struct inbox *inbox, struct ev_loop *loop, const struct redis_address *address, const struct keys *keys,
                size_t max_message_bytes, struct link_stats *links, struct counters *counters)
{
    const struct tail_events events = {.on_idle = read_on, .on_reply = on_reply, .owner = inbox};

    *inbox = (struct inbox){.keys = keys, .max_message_bytes = max_message_bytes};
    counters_register(counters, &inbox->stats.recorded, "inbox.recorded");
    counters_register(counters, &inbox->stats.malformed, "inbox.malformed");
    counters_register(counters, &inbox->stats.too_large.count, "inbox.too_large");
    counters_register(counters, &inbox->stats.members_dropped.count, "inbox.members_dropped");
    tail_init(&inbox->tail, loop, address, "inbox", keys->inbox, &events, links);
}

void inbox_fini(struct inbox *inbox)
{
    tail_fini(&inbox->tail);
    run_fini(&inbox->run);
    envelope_fini(&inbox->envelope);
}

void inbox_start(struct inbox *inbox)
{
    tail_start(&inbox->tail);
}

void inbox_want(struct inbox *inbox, bool is_wanted)
{
    inbox->is_wanted = is_wanted;
    read_on(inbox);
}

bool inbox_has_run(const struct inbox *inbox)
{
    return inbox->run.keys.count > 0;
}

void inbox_next(struct inbox *inbox, uint64_t count)
{
    inbox->stats.recorded.value += count;
    run_clear(&inbox->run);
    read_on(inbox);
}
