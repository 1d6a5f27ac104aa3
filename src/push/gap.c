/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/gap.h"

#include "base/json.h"
#include "base/utf8.h"
#include "push/arrival.h"
#include "push/format.h"
#include "push/hub.h"

static void add_id(struct event_id id, const char *tag, struct buffer *out)
{
    buffer_add_char(out, '"');
    event_id_print(id, tag, out);
    buffer_add_char(out, '"');
}

static void add_after(const struct subscriber *subscriber, struct buffer *out)
{
    const char *text = arrival_text(subscriber);
    if (text == NULL) {
        add_id(subscriber->last, subscriber->hub->tag, out);
        return;
    }
    struct buffer repaired = {0};
    utf8_add_repaired(&repaired, span_of(text));
    json_add_string(out, (struct span){repaired.data, repaired.len});
    buffer_fini(&repaired);
}

static void add_oldest(const struct subscription *subscription, const char *tag, struct buffer *out)
{
    const struct ring *ring = &subscription->channel->ring;
    for (uint64_t index = subscription->cursor.index; index < ring->end; index++)
        if (ring_at(ring, index)->frame != NULL) {
            add_id(ring_at(ring, index)->id, tag, out);
            return;
        }
    buffer_add_string(out, "null");
}

struct bytes *gap_encode(const struct subscriber *subscriber, const struct subscription *subscription,
                         struct event_id id)
{
    const struct hub *hub = subscriber->hub;
    struct buffer data = {0};
    struct buffer event = {0};

    buffer_add_string(&data, "{\"channel\":");
    json_add_string(&data, span_of(subscription->channel->name));
    buffer_add_string(&data, ",\"after\":");
    add_after(subscriber, &data);
    buffer_add_string(&data, ",\"oldest\":");
    add_oldest(subscription, hub->tag, &data);
    buffer_add_char(&data, '}');
    hub->config.format->encode(&(struct message){.id = id,
                                                 .tag = hub->tag,
                                                 .channel = span_of(subscription->channel->name),
                                                 .event = span_of("gap"),
                                                 .data = {data.data, data.len}},
                               &event);
    struct bytes *encoded = buffer_to_bytes(&event);
    buffer_fini(&event);
    buffer_fini(&data);
    return encoded;
}
