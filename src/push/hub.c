/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/hub.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "push/channel_name.h"
#include "push/poll.h"

enum {
    INITIAL_CHANNELS = 64,
    BREAKS_KEPT = 16, /* in a ring besides its events, however often the source is lost while nothing comes */
};

static void register_counters(struct hub_stats *stats, struct counters *counters)
{
    counters_register(counters, &stats->streams_open, "streams.open");
    counters_register(counters, &stats->streams_opened, "streams.opened");
    counters_register(counters, &stats->streams_left, "streams.left");
    counters_register(counters, &stats->streams_lagged, "streams.lagged");
    counters_register(counters, &stats->polls_open, "polls.open");
    counters_register(counters, &stats->polls_opened, "polls.opened");
    counters_register(counters, &stats->polls_timed_out, "polls.timed_out");
    counters_register(counters, &stats->polls_left, "polls.left");
    counters_register(counters, &stats->messages_received, "messages.received");
    counters_register(counters, &stats->messages_unheard, "messages.unheard");
    counters_register(counters, &stats->messages_too_large, "messages.too_large");
    counters_register(counters, &stats->members_dropped, "messages.members_dropped");
    counters_register(counters, &stats->events_delivered, "events.delivered");
    counters_register(counters, &stats->gaps_sent, "gaps.sent");
    counters_register(counters, &stats->breaks, "breaks");
    counters_register(counters, &stats->channels_open, "channels.open");
    counters_register(counters, &stats->channels_bytes, "channels.bytes");
}

/* NULL where the format has no such thing. */
static struct bytes *share_text(const char *text)
{
    return text != NULL ? bytes_new(text, strlen(text)) : NULL;
}

void hub_init(struct hub *hub, const struct hub_config *config, const char *tag, struct counters *counters)
{
    *hub = (struct hub){.config = *config};
    register_counters(&hub->stats, counters);
    strncpy(hub->tag, tag, EVENT_TAG_LEN);
    hub->position = event_id_next(EVENT_ID_NONE, (uint64_t)clock_wall_ms());
    hub->channels = lh_kchar_table_new(INITIAL_CHANNELS, NULL);
    list_init(&hub->dirty);
    timeouts_init(&hub->idle_channels, config->ring_linger_ms);
    timeouts_init(&hub->heartbeats, config->heartbeat_ms);
    timeouts_init(&hub->polls, config->poll_timeout_ms);
    timeouts_init(&hub->held_polls, POLL_HOLD_MS);
    hub->heartbeat = share_text(config->format->heartbeat);
    hub->heartbeat_event = share_text(config->format->heartbeat_event);
}

void hub_set_time(struct hub *hub, int64_t now_ms)
{
    hub->now_ms = now_ms;
}

static struct event_id take_id(struct hub *hub)
{
    hub->position = event_id_next(hub->position, (uint64_t)clock_wall_ms());
    return hub->position;
}

/* --- channels ------------------------------------------------------------------------------------------------- */

static void channel_drop(struct hub *hub, struct channel *channel)
{
    /* The slot may hold frames of this ring, and a new ring may get the same address. */
    batch_clear(&hub->batch);
    hub->stats.channels_bytes.value -= channel_size(channel);
    hub->stats.channels_open.value--;
    lh_table_delete(hub->channels, channel->name);
    channel_free(channel);
}

static struct channel *channel_find(const struct hub *hub, struct span name)
{
    char key[CHANNEL_NAME_LIMIT + 1];
    void *found = NULL;

    assert(name.len <= CHANNEL_NAME_LIMIT);
    memcpy(key, name.data, name.len);
    key[name.len] = '\0';
    lh_table_lookup_ex(hub->channels, key, &found);
    return found;
}

/* Drops channels that nobody listens to, the longest idle first, until `more` bytes fit into the rings' memory. */
static void make_room(struct hub *hub, size_t more)
{
    while (hub->stats.channels_bytes.value + more > hub->config.ring_memory_bytes) {
        struct timeout *oldest = timeouts_take_due(&hub->idle_channels, TIMEOUT_NEVER - 1);
        if (oldest == NULL)
            return;
        channel_drop(hub, LIST_ENTRY(oldest, struct channel, idle));
    }
}

struct channel *hub_channel_get(struct hub *hub, struct span name)
{
    struct channel *channel = channel_find(hub, name);
    if (channel != NULL) {
        timeout_stop(&channel->idle);
        return channel;
    }
    make_room(hub, 0);
    channel = channel_new(name, hub->position);
    lh_table_insert(hub->channels, channel->name, channel);
    hub->stats.channels_open.value++;
    hub->stats.channels_bytes.value += channel_size(channel);
    return channel;
}

void hub_channel_release(struct hub *hub, struct channel *channel)
{
    timeout_start(&hub->idle_channels, &channel->idle, hub->now_ms);
}

static bool is_over_bounds(const struct hub *hub, const struct ring *ring)
{
    return ring->events > hub->config.history_length ||
           ring->end - ring->first > hub->config.history_length + BREAKS_KEPT ||
           hub->stats.channels_bytes.value > hub->config.ring_memory_bytes;
}

static void channel_flush(struct channel *channel)
{
    list_remove(&channel->dirty);
    channel->offered = channel->ring.end;
    LIST_FOR_EACH_SAFE(link, &channel->subscriptions)
        subscriber_flush(LIST_ENTRY(link, struct subscription, link)->subscriber);
}

/* The newest event stays, whatever the bounds are, and so does what is behind it. */
static bool can_evict(const struct ring *ring)
{
    return ring->end - ring->first > 1 && (ring->events > 1 || ring_at(ring, ring->first)->frame == NULL);
}

/*
 * Drops the channel's oldest entries that are too many. A burst may be longer than the ring: before an entry goes that
 * nobody was offered, all subscribers get a turn.
 */
static void channel_trim(struct hub *hub, struct channel *channel)
{
    struct ring *ring = &channel->ring;

    while (can_evict(ring) && is_over_bounds(hub, ring)) {
        if (ring->first >= channel->offered)
            channel_flush(channel);
        size_t before = ring->size_bytes;
        ring_evict(ring);
        hub->stats.channels_bytes.value -= before - ring->size_bytes;
    }
}

/* Appends an event, or a break, and marks the channel. */
static void channel_append(struct hub *hub, struct channel *channel, struct event_id id, struct bytes *frame)
{
    size_t before = channel->ring.size_bytes;

    ring_append(&channel->ring, id, frame);
    hub->stats.channels_bytes.value += channel->ring.size_bytes - before;
    if (list_is_empty(&channel->dirty) && !list_is_empty(&channel->subscriptions))
        list_append(&hub->dirty, &channel->dirty);
    channel_trim(hub, channel);
}

/* --- messages in ---------------------------------------------------------------------------------------------- */

static void refuse_too_large(struct hub *hub, struct span name, size_t len)
{
    uint64_t suppressed;
    hub->stats.messages_too_large.value++;
    if (log_limit_allows(&hub->too_large_log, hub->now_ms, &suppressed))
        log_warning("refused a message of %zu bytes on channel %.*s, allowed are %zu (--max-message); %" PRIu64
                    " more since the last such line",
                    len, (int)name.len, name.data, hub->config.max_message_bytes, suppressed);
}

static void note_dropped_members(struct hub *hub, struct span name, unsigned dropped)
{
    uint64_t suppressed;
    hub->stats.members_dropped.value += dropped;
    if (log_limit_allows(&hub->members_log, hub->now_ms, &suppressed))
        log_warning("an envelope on channel %.*s had an invalid id, event or retry, which was left out; %" PRIu64
                    " more since the last such line",
                    (int)name.len, name.data, suppressed);
}

static struct bytes *encode(struct hub *hub, struct span name, struct event_id id, struct span payload)
{
    struct envelope *envelope = &hub->envelope;

    envelope_parse(envelope, payload);
    if (envelope->dropped > 0)
        note_dropped_members(hub, name, envelope->dropped);
    buffer_clear(&hub->scratch);
    hub->config.format->encode(&(struct message){.id = id,
                                                 .tag = hub->tag,
                                                 .application_id = envelope->id,
                                                 .channel = name,
                                                 .event = envelope->event,
                                                 .data = envelope->data,
                                                 .retry_ms = envelope->retry_ms},
                               &hub->scratch);
    return buffer_to_bytes(&hub->scratch);
}

void hub_publish(struct hub *hub, struct span name, struct span payload)
{
    struct event_id id = take_id(hub);
    bool is_too_large = payload.len > hub->config.max_message_bytes;

    hub->stats.messages_received.value++;
    if (is_too_large)
        refuse_too_large(hub, name, payload.len);
    else
        make_room(hub, payload.len);
    struct channel *channel = channel_find(hub, name);
    if (channel == NULL)
        hub->stats.messages_unheard.value++;
    else
        channel_append(hub, channel, id, is_too_large ? NULL : encode(hub, name, id, payload));
}

void hub_break(struct hub *hub)
{
    struct lh_entry *entry;

    hub->stats.breaks.value++;
    take_id(hub);
    /* Each channel's break has an id of its own, so that none hides behind another when a client comes back. */
    lh_foreach(hub->channels, entry)
        channel_append(hub, lh_entry_v(entry), take_id(hub), NULL);
}

/* --- bytes out ------------------------------------------------------------------------------------------------ */

void hub_flush(struct hub *hub)
{
    while (!list_is_empty(&hub->dirty))
        channel_flush(LIST_ENTRY(hub->dirty.next, struct channel, dirty));
    batch_clear(&hub->batch);
}

int64_t hub_due(const struct hub *hub)
{
    const int64_t dues[] = {timeouts_due(&hub->heartbeats), timeouts_due(&hub->polls), timeouts_due(&hub->held_polls),
                            timeouts_due(&hub->idle_channels)};
    int64_t first = TIMEOUT_NEVER;
    for (size_t i = 0; i < sizeof(dues) / sizeof(dues[0]); i++)
        if (dues[i] < first)
            first = dues[i];
    return first;
}

static void expire_subscribers(struct timeouts *timeouts, int64_t now_ms)
{
    struct timeout *due;
    while ((due = timeouts_take_due(timeouts, now_ms)) != NULL)
        subscriber_on_timeout(LIST_ENTRY(due, struct subscriber, timeout));
}

void hub_expire(struct hub *hub)
{
    struct timeout *due;

    expire_subscribers(&hub->heartbeats, hub->now_ms);
    expire_subscribers(&hub->polls, hub->now_ms);
    expire_subscribers(&hub->held_polls, hub->now_ms);
    while ((due = timeouts_take_due(&hub->idle_channels, hub->now_ms)) != NULL)
        channel_drop(hub, LIST_ENTRY(due, struct channel, idle));
}

static void end_subscribers(struct timeouts *timeouts)
{
    LIST_FOR_EACH_SAFE(link, &timeouts->waiting)
        subscriber_end(LIST_ENTRY(link, struct subscriber, timeout.link));
}

void hub_end_all(struct hub *hub)
{
    end_subscribers(&hub->heartbeats);
    end_subscribers(&hub->polls);
    end_subscribers(&hub->held_polls);
    batch_clear(&hub->batch);
}

void hub_fini(struct hub *hub)
{
    struct timeout *idle;

    assert(list_is_empty(&hub->heartbeats.waiting) && list_is_empty(&hub->polls.waiting) &&
           list_is_empty(&hub->held_polls.waiting));
    while ((idle = timeouts_take_due(&hub->idle_channels, TIMEOUT_NEVER - 1)) != NULL)
        channel_drop(hub, LIST_ENTRY(idle, struct channel, idle));
    assert(lh_table_length(hub->channels) == 0);
    lh_table_free(hub->channels);
    envelope_fini(&hub->envelope);
    buffer_fini(&hub->scratch);
    batch_clear(&hub->batch);
    bytes_unref(hub->heartbeat);
    bytes_unref(hub->heartbeat_event);
}
