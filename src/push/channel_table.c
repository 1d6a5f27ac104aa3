/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/channel_table.h"

#include <assert.h>
#include <string.h>

#include "push/channel_name.h"
#include "push/load.h"

enum { WORTH_WAITING = 4, BOUNDS_TILL_QUIET = 10 };

enum { BREAKS_KEPT = 16 }; /* in a ring besides its events, however often the source is lost while nothing comes */

/* --- by name -------------------------------------------------------------------------------------------------- */

/* The slots know rings by their addresses, where new ones may come to stand. */
static void forget_rings(struct hub *hub)
{
    batch_clear(&hub->batch);
    poll_body_slot_clear(&hub->poll_body);
}

void hub_channel_drop(struct hub *hub, struct channel *channel)
{
    forget_rings(hub);
    hub->stats.channels_bytes.value -= channel_size(channel);
    hub->stats.channels_open.value--;
    lh_table_delete(hub->channels, channel->name);
    channel_free(channel);
}

struct channel *hub_channel_find(const struct hub *hub, struct span name)
{
    char key[CHANNEL_NAME_LIMIT + 1];
    void *found = NULL;

    assert(name.len <= CHANNEL_NAME_LIMIT);
    memcpy(key, name.data, name.len);
    key[name.len] = '\0';
    lh_table_lookup_ex(hub->channels, key, &found);
    return found;
}

void hub_make_room(struct hub *hub, size_t more)
{
    while (hub->stats.channels_bytes.value + more > hub->config.ring_memory_bytes) {
        struct timeout *oldest = timeouts_take_due(&hub->idle_channels, TIMEOUT_NEVER - 1);
        if (oldest == NULL)
            return;
        hub_channel_drop(hub, LIST_ENTRY(oldest, struct channel, idle));
    }
}

struct channel *hub_channel_get(struct hub *hub, struct span name)
{
    struct channel *channel = hub_channel_find(hub, name);
    if (channel != NULL) {
        timeout_stop(&channel->idle);
        return channel;
    }
    hub_make_room(hub, 0);
    channel = channel_new(name, hub->position);
    lh_table_insert(hub->channels, channel->name, channel);
    hub->stats.channels_open.value++;
    hub->stats.channels_bytes.value += channel_size(channel);
    channel->is_loaded = hub->config.source == NULL;
    if (!channel->is_loaded && hub->is_started)
        load_ask(hub, channel, hub->position);
    return channel;
}

void hub_channel_release(struct hub *hub, struct channel *channel)
{
    timeout_start(&hub->idle_channels, &channel->idle, hub->now_ms);
}

/* --- what is new ---------------------------------------------------------------------------------------------- */

/*
 * Waiting is for channels where it gathers several messages at least, and which speak still. A flush of all channels,
 * in which time does not go on, may take several times as long as messages may wait.
 */
static bool can_wait(const struct hub *hub, const struct channel *channel)
{
    int64_t bound_ms = hub->config.coalesce_ms;
    return bound_ms > 0 && channel->spacing_ms <= bound_ms / WORTH_WAITING &&
           hub->now_ms - channel->flushed_ms <= bound_ms * BOUNDS_TILL_QUIET;
}

static void note_spacing(const struct hub *hub, struct channel *channel)
{
    uint64_t messages = channel->ring.end - channel->offered;

    if (messages == 0)
        return;
    channel->spacing_ms = (hub->now_ms - channel->flushed_ms) / (int64_t)messages;
    channel->flushed_ms = hub->now_ms;
}

static void mark_new(struct hub *hub, struct channel *channel)
{
    if (list_is_empty(&channel->dirty) && !list_is_empty(&channel->subscriptions))
        list_append(can_wait(hub, channel) ? &hub->dirty : &hub->prompt, &channel->dirty);
}

void hub_channel_mark_prompt(struct hub *hub, struct channel *channel)
{
    if (!list_is_empty(&channel->subscriptions))
        list_move_to_end(&hub->prompt, &channel->dirty);
}

void hub_channel_flush(struct hub *hub, struct channel *channel)
{
    list_remove(&channel->dirty);
    note_spacing(hub, channel);
    channel->offered = channel->ring.end;
    LIST_FOR_EACH_SAFE(link, &channel->subscriptions)
        subscriber_flush(LIST_ENTRY(link, struct subscription, link)->subscriber);
}

static bool is_over_bounds(const struct hub *hub, const struct ring *ring)
{
    return ring->events > hub->config.history_length ||
           ring->end - ring->first > hub->config.history_length + BREAKS_KEPT ||
           hub->stats.channels_bytes.value > hub->config.ring_memory_bytes;
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
static void trim(struct hub *hub, struct channel *channel)
{
    struct ring *ring = &channel->ring;

    while (can_evict(ring) && is_over_bounds(hub, ring)) {
        if (ring->first >= channel->offered)
            hub_channel_flush(hub, channel);
        size_t before = ring->size_bytes;
        ring_evict(ring);
        hub->stats.channels_bytes.value -= before - ring->size_bytes;
    }
}

void hub_channel_append(struct hub *hub, struct channel *channel, struct event_id id, struct bytes *frame)
{
    size_t before = channel->ring.size_bytes;

    ring_append(&channel->ring, id, frame);
    hub->stats.channels_bytes.value += channel->ring.size_bytes - before;
    mark_new(hub, channel);
    /* The rest of the ring is for those that are slower than others. */
    if (channel->ring.end - channel->offered > hub->config.history_length / 2)
        hub_channel_mark_prompt(hub, channel);
    trim(hub, channel);
}

void hub_channel_replace(struct hub *hub, struct channel *channel, struct ring *ring)
{
    forget_rings(hub);
    hub->stats.channels_bytes.value += ring->size_bytes;
    hub->stats.channels_bytes.value -= channel->ring.size_bytes;
    ring_fini(&channel->ring);
    channel->ring = *ring;
    channel->offered = ring->end;
    trim(hub, channel);
}
