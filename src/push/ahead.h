/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients that came with an id above the hub's position: another responder has read further in the log. They wait until
 * the position is there, or until it is certain that the log ends before (hub_confirm_end): then their id is unknown.
 */
#ifndef PUSH_AHEAD_H
#define PUSH_AHEAD_H

#include "push/arrival.h"
#include "push/hub.h"

/* Lets the arrival's subscriber wait for the id in its `last`. */
void ahead_join(struct hub *hub, struct arrival *arrival);

/* The position has moved, and all up to it stands in the rings: those whose ids it has reached wait no longer. */
void ahead_meet(struct hub *hub);

#endif
