/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory mode: what a publisher tells the hub gets its id from the clock. See push/hub.h. */
#include "base/clock.h"
#include "push/channel_table.h"

static struct event_id take_id(struct hub *hub)
{
    hub->position = event_id_next(hub->position, (uint64_t)clock_wall_ms());
    return hub->position;
}

static struct bytes *encode(struct hub *hub, struct span name, struct event_id id, struct span payload)
{
    struct envelope *envelope = &hub->envelope;

    envelope_parse(envelope, payload);
    complaint_of_members(&hub->stats.members_dropped, name, envelope->dropped, hub->now_ms);
    return hub_encode(hub, &(struct message){.id = id,
                                             .tag = hub->tag,
                                             .application_id = envelope->id,
                                             .channel = name,
                                             .event = envelope->event,
                                             .data = envelope->data,
                                             .retry_ms = envelope->retry_ms});
}

void hub_publish(struct hub *hub, struct span name, struct span payload)
{
    struct event_id id = take_id(hub);
    bool is_too_large = payload.len > hub->config.max_message_bytes;

    hub->stats.messages_received.value++;
    if (is_too_large)
        complaint_of_size(&hub->stats.messages_too_large, name, payload.len, hub->config.max_message_bytes,
                          hub->now_ms);
    else
        hub_make_room(hub, payload.len);
    struct channel *channel = hub_channel_find(hub, name);
    if (channel == NULL)
        hub->stats.messages_unheard.value++;
    else
        hub_channel_append(hub, channel, id, is_too_large ? NULL : encode(hub, name, id, payload));
}

void hub_break(struct hub *hub)
{
    struct lh_entry *entry;

    hub->stats.breaks.value++;
    take_id(hub);
    /* Each channel's break has an id of its own, so that none hides behind another when a client comes back. */
    lh_foreach(hub->channels, entry)
        hub_channel_append(hub, lh_entry_v(entry), take_id(hub), NULL);
}
