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
 * What of its own a stream shows as events. An EventSource tells its page of nothing else; and those of Firefox, WebKit
 * and npm forget an id that comes without an event, which WHATWG HTML §9.2.6 has them keep.
 */
enum stream_shows {
    STREAM_SHOWS_NOTHING,   /* positions are ids without an event, heartbeats are comments */
    STREAM_SHOWS_POSITIONS, /* positions are events */
    STREAM_SHOWS_LIFE,      /* and heartbeats are, the first at once */
};

/*
 * Opens a stream on the sink: sends `head` (response headers, say) and the format's opening, then, when its
 * channels are loaded, what the client missed and its position. It lives in the hub from now on, and may be gone
 * already. When the hub has no room, or has ended, the stream is opened and ended at once, with a time to come back
 * after, and a position if it came with none.
 */
void stream_open(struct hub *hub, struct sink *sink, const struct subscription_request *request,
                 enum stream_shows shows, struct buffer *head);

#endif
