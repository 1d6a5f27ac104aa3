/* SPDX-License-Identifier: BSD-2-Clause */
/* What the reader of a log tells the hub: push/hub.h. */
#include <assert.h>

#include "push/ahead.h"
#include "push/channel_table.h"

/* False when the id is not the next one of a log. */
static bool take_id(struct hub *hub, struct event_id id)
{
    assert(hub->is_started);
    if (event_id_compare(id, hub->position) <= 0) {
        hub->stats.log_disordered.value++;
        return false;
    }
    hub->position = id;
    return true;
}

void hub_append(struct hub *hub, const struct message *message)
{
    if (!take_id(hub, message->id))
        return;
    hub->stats.messages_received.value++;
    hub_make_room(hub, message->data.len);
    struct channel *channel = hub_channel_find(hub, message->channel);
    if (channel == NULL)
        hub->stats.messages_unheard.value++;
    else
        hub_channel_append(hub, channel, message->id, hub_encode(hub, message));
    ahead_meet(hub);
}

void hub_advance(struct hub *hub, struct event_id id)
{
    if (take_id(hub, id))
        ahead_meet(hub);
}

void hub_break_all(struct hub *hub, struct event_id id)
{
    struct lh_entry *entry;

    if (!take_id(hub, id))
        return;
    hub->stats.breaks.value++;
    lh_foreach(hub->channels, entry)
        hub_channel_append(hub, lh_entry_v(entry), id, NULL);
    ahead_meet(hub);
}

void hub_break_channel(struct hub *hub, struct span name, struct event_id id)
{
    if (!take_id(hub, id))
        return;
    hub->stats.breaks.value++;
    struct channel *channel = hub_channel_find(hub, name);
    if (channel != NULL)
        hub_channel_append(hub, channel, id, NULL);
    ahead_meet(hub);
}
