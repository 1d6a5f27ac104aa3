/* SPDX-License-Identifier: BSD-2-Clause */
/* A browser at a hub: a fake sink, and behind it an event-stream parser that reads what was written. */
#ifndef UNIT_CLIENT_H
#define UNIT_CLIENT_H

#include "fake_sink.h"
#include "push/hub.h"
#include "push/stream.h"
#include "sse_reader.h"

struct client {
    struct fake_sink sink;
    struct sse_reader reader;
    size_t read; /* how much of what was written it has read */
};

/* Subscribes to comma-separated channels and reads. `last_id`: NULL from now on, "0" all, else behind that id. */
void client_open(struct client *client, struct hub *hub, const char *channels, const char *last_id);

/* As client_open, with everything to choose and nothing read. `head` goes before the stream. */
void client_open_at(struct client *client, struct hub *hub, const char *channels, const struct resume *resume,
                    enum stream_shows shows, const char *head);

/* Grants the calls back that it asks for, turn by turn, and reads all that was written. */
void client_read(struct client *client);

/* Flushes the hub and reads. */
void client_turn(struct client *client, struct hub *hub);

/* Leaves if it is still there, and frees. */
void client_close(struct client *client);

/* The events so far as "type:data" with spaces between. Valid until the next call. */
const char *client_events(struct client *client);

/* The text of what was written. */
const char *client_text(struct client *client);

/*
 * A subscriber without a policy: it stands in its channels and is sent nothing by itself, until the sink's client
 * leaves.
 */
struct subscriber *client_subscribe(struct hub *hub, struct sink *sink, const struct subscription_request *request);

/* Forgets what was written and read, so that what follows stands alone. The position is kept. */
void client_forget(struct client *client);

#endif
