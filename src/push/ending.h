/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of all subscribers of a hub, spread evenly over a time, so that their clients do not come back all at once:
 * whoever is first in the hub's lists is next, at a distance that follows from how many are left and how much time.
 * At the end of that time nobody is left, and from then on nobody stays. Part of the hub, which owns it: see
 * hub_end_over.
 */
#ifndef PUSH_ENDING_H
#define PUSH_ENDING_H

#include <stdbool.h>
#include <stdint.h>

struct hub;

struct ending {
    int64_t next_us; /* private, as is all: when the next one's turn is; microseconds, thousands may go in a second */
    int64_t last_us; /* when all have ended */
    bool has_begun;
};

/* True from hub_end_over on. */
bool ending_has_begun(const struct hub *hub);

/* True when the time is over: who comes now is ended at once. */
bool ending_is_over(const struct hub *hub);

/* When ending_go_on has something to do: monotonic milliseconds, or TIMEOUT_NEVER. */
int64_t ending_due(const struct hub *hub);

/* Ends those whose turn has come. Does nothing before hub_end_over. */
void ending_go_on(struct hub *hub);

#endif
