/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory mode: what a publisher tells the hub gets its id from the clock. See push/hub.h. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "push/channel_table.h"

static struct event_id take_id(struct hub *hub)
{
    hub->position = event_id_next(hub->position, (uint64_t)clock_wall_ms());
    return hub->position;
}

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
        refuse_too_large(hub, name, payload.len);
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
