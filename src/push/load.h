/* SPDX-License-Identifier: BSD-2-Clause */
/* Channels' histories on their way into the rings. */
#ifndef PUSH_LOAD_H
#define PUSH_LOAD_H

#include "push/hub.h"

/* Asks the hub's source for the history of a channel up to the id. An answer that is under way will be ignored. */
void load_ask(struct hub *hub, struct channel *channel, struct event_id until);

#endif
