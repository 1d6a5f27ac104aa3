/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/load.h"

#include <assert.h>

#include "push/ahead.h"
#include "push/channel_table.h"

/* --- asking --------------------------------------------------------------------------------------------------- */

void load_ask(struct hub *hub, struct channel *channel, struct event_id until)
{
    const struct hub_source *source = hub->config.source;

    channel->ticket = ++hub->last_ticket;
    channel->until = until;
    hub->stats.loads_started.value++;
    source->load(source->context, span_of(channel->name), channel->ticket, until);
}

/* From here on the ring holds only what is live, above the hub's position. */
static void load(struct hub *hub, struct channel *channel)
{
    struct ring empty;

    ring_init(&empty, hub->position);
    hub_channel_replace(hub, channel, &empty);
    if (channel->is_loaded)
        LIST_FOR_EACH(link, &channel->subscriptions)
            LIST_ENTRY(link, struct subscription, link)->subscriber->waits++;
    channel->is_loaded = false;
    load_ask(hub, channel, hub->position);
}

static void load_all(struct hub *hub)
{
    struct lh_entry *entry;
    lh_foreach(hub->channels, entry)
        load(hub, lh_entry_v(entry));
}

static void settle_arrivals(struct channel *channel)
{
    LIST_FOR_EACH(link, &channel->subscriptions)
        arrival_settle(LIST_ENTRY(link, struct subscription, link)->subscriber);
}

void hub_start(struct hub *hub, struct event_id position)
{
    struct lh_entry *entry;

    assert(!hub->is_started);
    hub->is_started = true;
    hub->position = position;
    lh_foreach(hub->channels, entry)
        settle_arrivals(lh_entry_v(entry));
    load_all(hub);
    ahead_meet(hub);
}

static void tell_subscribers(struct channel *channel)
{
    LIST_FOR_EACH_SAFE(link, &channel->subscriptions)
        subscriber_on_reload(LIST_ENTRY(link, struct subscription, link)->subscriber);
}

void hub_reload(struct hub *hub, struct event_id position)
{
    struct lh_entry *entry;

    assert(hub->is_started);
    hub->stats.log_reloads.value++;
    /* All of them before the first ring is emptied: where they stand is read from the rings. */
    lh_foreach(hub->channels, entry)
        tell_subscribers(lh_entry_v(entry));
    if (event_id_compare(position, hub->position) > 0)
        hub->position = position;
    load_all(hub);
    ahead_meet(hub);
}

void hub_retry_loads(struct hub *hub)
{
    struct lh_entry *entry;

    lh_foreach(hub->channels, entry) {
        struct channel *channel = lh_entry_v(entry);
        if (channel->ticket != 0)
            load_ask(hub, channel, channel->until);
    }
}

/* --- the answer ----------------------------------------------------------------------------------------------- */

void hub_load_add(struct hub *hub, struct ring *older, const struct message *message)
{
    if (event_id_compare(message->id, ring_newest(older)) <= 0) {
        hub->stats.log_disordered.value++;
        return;
    }
    ring_append(older, message->id, hub_encode(hub, message));
}

/* Puts the older entries in front of what the ring got since they were asked for. */
static void fill(struct hub *hub, struct channel *channel, struct ring *older)
{
    /* What is above `until` comes from the log, whatever an empty history says. */
    if (older->first == older->end && event_id_compare(older->base, channel->until) > 0)
        older->base = channel->until;
    size_t before = channel->ring.size_bytes;
    hub->stats.log_disordered.value += ring_join(older, &channel->ring);
    hub->stats.channels_bytes.value -= before - channel->ring.size_bytes;
    hub_channel_replace(hub, channel, older);
}

void hub_load_end(struct hub *hub, struct span name, uint64_t ticket, struct ring *older)
{
    hub_make_room(hub, older->size_bytes);
    struct channel *channel = hub_channel_find(hub, name);
    if (channel == NULL || channel->ticket != ticket) {
        hub->stats.loads_late.value++;
        ring_fini(older);
        return;
    }
    hub->stats.loads_done.value++;
    channel->ticket = 0;
    channel->is_loaded = true;
    /* When live entries had to go already, all before them would have to go too. */
    if (channel->ring.first > 0)
        ring_fini(older);
    else
        fill(hub, channel, older);
    channel->offered = channel->ring.first;
    LIST_FOR_EACH(link, &channel->subscriptions)
        LIST_ENTRY(link, struct subscription, link)->subscriber->waits--;
    hub_channel_mark_prompt(hub, channel);
}
