/* SPDX-License-Identifier: BSD-2-Clause */
/* The event that tells a client in its own stream that it may have missed something. */
#ifndef PUSH_GAP_H
#define PUSH_GAP_H

#include "base/bytes.h"
#include "push/subscriber.h"

/*
 * The `gap` event of one subscription, encoded for this client, with the id `id`; its cursor stands behind the gap. The
 * data names the channel, the id the client came with or has got since, and the first retained event behind the gap
 * (null: none yet).
 */
struct bytes *gap_encode(const struct subscriber *subscriber, const struct subscription *subscription,
                         struct event_id id);

#endif
