/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/ahead.h"

#include "push/channel_table.h"

void ahead_join(struct hub *hub, struct arrival *arrival)
{
    struct subscriber *subscriber = arrival->subscriber;

    if (list_is_empty(&hub->ahead) || event_id_compare(subscriber->last, hub->nearest) < 0)
        hub->nearest = subscriber->last;
    list_append(&hub->ahead, &arrival->ahead);
    subscriber->waits++;
    hub->stats.requests_ahead.value++;
}

/* It does not wait for its id any more; the next flush serves it, if that was all. */
static void leave(struct hub *hub, struct arrival *arrival)
{
    struct subscriber *subscriber = arrival->subscriber;

    list_remove(&arrival->ahead);
    subscriber->waits--;
    hub_channel_mark_prompt(hub, subscriber->subscriptions[0].channel);
}

void ahead_meet(struct hub *hub)
{
    struct event_id nearest = EVENT_ID_MAX;

    if (list_is_empty(&hub->ahead) || event_id_compare(hub->nearest, hub->position) > 0)
        return;
    LIST_FOR_EACH_SAFE(link, &hub->ahead) {
        struct arrival *arrival = LIST_ENTRY(link, struct arrival, ahead);
        struct event_id id = arrival->subscriber->last;
        if (event_id_compare(id, hub->position) <= 0)
            leave(hub, arrival);
        else if (event_id_compare(id, nearest) < 0)
            nearest = id;
    }
    hub->nearest = nearest;
}

void hub_confirm_end(struct hub *hub, struct event_id end)
{
    LIST_FOR_EACH_SAFE(link, &hub->ahead) {
        struct arrival *arrival = LIST_ENTRY(link, struct arrival, ahead);
        if (!arrival->is_noted) {
            arrival->is_noted = true;
        } else if (event_id_compare(arrival->subscriber->last, end) > 0) {
            arrival->is_unknown = true;
            arrival->subscriber->last = EVENT_ID_NONE;
            leave(hub, arrival);
        }
    }
}
