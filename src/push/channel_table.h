/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hub's channels by name, and the bounds on what their rings hold: events each, bytes all together. Channels that
 * nobody listens to go first when room is needed.
 */
#ifndef PUSH_CHANNEL_TABLE_H
#define PUSH_CHANNEL_TABLE_H

#include "push/hub.h"

/* The channel of a valid name, made when it does not exist, which asks for its history; no longer idle. */
struct channel *hub_channel_get(struct hub *hub, struct span name);

/* NULL when it does not exist. */
struct channel *hub_channel_find(const struct hub *hub, struct span name);

/* The last subscription of the channel is gone. */
void hub_channel_release(struct hub *hub, struct channel *channel);

/* Frees a channel without subscriptions. */
void hub_channel_drop(struct hub *hub, struct channel *channel);

/* Drops channels that nobody listens to, the longest idle first, until `more` bytes fit into the rings' memory. */
void hub_make_room(struct hub *hub, size_t more);

/* Appends an event, or a break (frame NULL), and marks the channel. Takes over the caller's reference. */
void hub_channel_append(struct hub *hub, struct channel *channel, struct event_id id, struct bytes *frame);

/* Replaces the ring, which is taken over and trimmed to the bounds. No subscriber of the channel may be placed. */
void hub_channel_replace(struct hub *hub, struct channel *channel, struct ring *ring);

/* The next hub_flush_prompt asks the channel's subscribers for what is new. */
void hub_channel_mark_prompt(struct hub *hub, struct channel *channel);

/* Asks them now. */
void hub_channel_flush(struct hub *hub, struct channel *channel);

#endif
