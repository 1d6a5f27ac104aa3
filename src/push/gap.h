/* SPDX-License-Identifier: BSD-2-Clause */
/* The event that tells a client in its own stream that it may have missed something. */
#ifndef PUSH_GAP_H
#define PUSH_GAP_H

#include "base/bytes.h"
#include "push/subscriber.h"

/*
 * The `gap` event of one subscription, encoded for this client, with the id `id`; its cursor stands behind the gap. The
 * data names the channel, the last id the client has, and the first retained event behind the gap (null: none yet). With
 * `keeps_cursor` the client comes back in front of the gap if it leaves behind it.
 */
struct bytes *gap_encode(const struct subscriber *subscriber, const struct subscription *subscription,
                         struct event_id id, bool keeps_cursor);

#endif
