/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A subscriber that is sent everything as it comes, for as long as it stays: an event stream. It gets a heartbeat after
 * each time of silence. It is ended when a ring no longer holds what it needs, and, a heartbeat later at most, when it
 * has reached its age: then with a position, between two frames, when nothing is left to be sent.
 */
#ifndef PUSH_STREAM_H
#define PUSH_STREAM_H

#include <stdbool.h>

#include "base/buffer.h"
#include "push/hub.h"
#include "push/subscriber.h"

/*
 * Opens a stream on the sink: sends `head` (response headers, say) and the format's opening, then, when its
 * channels are loaded, what the client missed and its position. It lives in the hub from now on, and may be gone
 * already. With `has_visible_heartbeat` heartbeats are events, the first at once. When the hub has no room, or has
 * ended, the stream is opened and ended at once, with a time to come back after, and a position if it came with none.
 */
void stream_open(struct hub *hub, struct sink *sink, const struct subscription_request *request,
                 bool has_visible_heartbeat, struct buffer *head);

#endif
