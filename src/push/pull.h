/* SPDX-License-Identifier: BSD-2-Clause */
/* What a subscriber is to be sent next: its rings merged in id order, gaps in their places. */
#ifndef PUSH_PULL_H
#define PUSH_PULL_H

#include <stdbool.h>

#include "push/subscriber.h"

/* True when the ring of a subscription no longer holds what would come next. */
bool pull_has_lagged(const struct subscriber *subscriber);

/* True when nothing is left to send. */
bool pull_is_done(const struct subscriber *subscriber);

/*
 * The next bytes, at most `limit`, and moves the cursors behind them; NULL when nothing is left. The caller owns a
 * reference. The subscriber must not have lagged.
 */
struct bytes *pull_next(struct subscriber *subscriber, size_t limit);

#endif
