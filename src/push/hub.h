/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hub: channel -> ring -> subscribers. Messages come in from a source (hub_publish, hub_break), bytes go out to
 * sinks. A message only marks its channel; hub_flush, once per turn of the event loop, hands every subscriber of the
 * marked channels what is new, so bursts leave in one write and an idle system adds no delay.
 *
 * The hub has no clock and no timer: hub_set_time tells it the time at the start of each turn, hub_due says when
 * hub_expire wants to be called. It owns channels and subscribers, not sinks.
 */
#ifndef PUSH_HUB_H
#define PUSH_HUB_H

#include <json-c/linkhash.h>

#include "base/counters.h"
#include "base/list.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "push/batch.h"
#include "push/channel.h"
#include "push/envelope.h"
#include "push/format.h"
#include "push/subscriber.h"

struct hub_config {
    const struct format *format;
    size_t history_length;    /* events that a ring retains */
    size_t ring_memory_bytes; /* all channels together; a ring keeps its newest event regardless */
    size_t max_message_bytes; /* larger payloads are refused */
    int64_t ring_linger_ms;   /* how long a channel without subscribers keeps its ring */
    int64_t heartbeat_ms;
    int64_t poll_timeout_ms; /* after which a poll is answered without events */
    int64_t retry_ms;        /* told to each client, jittered */
};

struct hub_stats {
    struct counter streams_open, streams_opened, streams_lagged, streams_left;
    struct counter polls_open, polls_opened, polls_timed_out, polls_left;
    struct counter messages_received, messages_unheard, messages_too_large, members_dropped;
    struct counter events_delivered, gaps_sent, breaks;
    struct counter channels_open, channels_bytes;
};

struct hub {
    struct hub_config config;
    struct hub_stats stats;
    struct event_id position; /* id of the newest event or break; what every caught-up client stands at */
    char tag[EVENT_TAG_LEN + 1];
    int64_t now_ms;
    struct lh_table *channels; /* private, as is all that follows: name -> struct channel */
    struct list dirty;         /* channels with something new in this turn */
    struct timeouts idle_channels;
    struct timeouts heartbeats; /* of all streams */
    struct timeouts polls;      /* deadlines of all polls that wait */
    struct timeouts held_polls; /* whose answer waits for the end of a millisecond */
    struct batch batch;
    struct envelope envelope;
    struct buffer scratch;
    struct bytes *heartbeat;
    struct bytes *heartbeat_event;
    struct log_limit too_large_log, members_log;
};

/* `tag` marks ids as this process's own. The counters must outlive the hub. */
void hub_init(struct hub *hub, const struct hub_config *config, const char *tag, struct counters *counters);

/* All subscribers must have ended. */
void hub_fini(struct hub *hub);

/* Tells the hub the time, monotonic milliseconds. */
void hub_set_time(struct hub *hub, int64_t now_ms);

/* A payload arrived on a channel (a valid name). It gets the next id whether or not anybody listens. */
void hub_publish(struct hub *hub, struct span channel, struct span payload);

/* Messages of any channel may have been missed up to now: every client of every channel is told by a gap. */
void hub_break(struct hub *hub);

/* Sends what is new to all subscribers of the channels that got something since the last call. */
void hub_flush(struct hub *hub);

/* When hub_expire has something to do next: monotonic milliseconds, or TIMEOUT_NEVER. */
int64_t hub_due(const struct hub *hub);

/* Sends the heartbeats that are due, answers the polls that waited long enough, and drops channels nobody has listened
 * to for ring_linger_ms. */
void hub_expire(struct hub *hub);

/* Ends all streams and answers all polls. */
void hub_end_all(struct hub *hub);

/* For subscriber.c: the channel of a valid name, made when it does not exist; no longer idle. */
struct channel *hub_channel_get(struct hub *hub, struct span name);

/* For subscriber.c: the last subscription of the channel is gone. */
void hub_channel_release(struct hub *hub, struct channel *channel);

#endif
