/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/channel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct channel *channel_new(struct span name, struct event_id base)
{
    struct channel *channel = alloc_zeroed(1, sizeof(*channel) + name.len + 1);
    ring_init(&channel->ring, base);
    list_init(&channel->subscriptions);
    list_init(&channel->dirty);
    timeout_init(&channel->idle);
    memcpy(channel->name, name.data, name.len);
    return channel;
}

void channel_free(struct channel *channel)
{
    assert(list_is_empty(&channel->subscriptions));
    ring_fini(&channel->ring);
    list_remove(&channel->dirty);
    timeout_stop(&channel->idle);
    free(channel);
}

size_t channel_size(const struct channel *channel)
{
    return sizeof(*channel) + strlen(channel->name) + 1 + channel->ring.size_bytes;
}
