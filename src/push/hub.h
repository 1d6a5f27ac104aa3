/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hub: channel -> ring -> subscribers. Messages come in, bytes go out to sinks. A message only marks its channel;
 * hub_flush, at the end of a turn of the event loop, hands every subscriber of the marked channels what is new, so
 * bursts leave in one write and an idle system adds no delay. Under load it may come later: only those channels wait
 * for it that get several messages meanwhile, where that makes fewer writes; the others have hub_flush_prompt.
 *
 * It works in one of two modes. In memory mode ids come from the clock (hub_publish, hub_break), and a ring lacks
 * nothing from the moment on at which it was made. In redis mode a log gives the ids (hub_append and what follows it),
 * and a ring is loaded once from its channel's history; requests for the channel wait for that.
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
#include "push/complaint.h"
#include "push/ending.h"
#include "push/envelope.h"
#include "push/format.h"
#include "push/message.h"
#include "push/poll_body.h"
#include "push/subscriber.h"

/* Where histories come from. Their answer is hub_load_end with the same ticket, never from inside `load`. */
struct hub_source {
    /* Asks for the newest history_length events of the channel up to and with the id `until`. */
    void (*load)(void *context, struct span channel, uint64_t ticket, struct event_id until);
    void *context;
};

struct hub_config {
    const struct format *format;
    const struct hub_source *source; /* must outlive the hub; NULL: memory mode */
    size_t history_length;           /* events that a ring retains */
    size_t ring_memory_bytes;        /* all channels together; a ring keeps its newest event regardless */
    size_t max_message_bytes;        /* larger payloads are refused */
    int64_t ring_linger_ms;          /* how long a channel without subscribers keeps its ring */
    int64_t heartbeat_ms;
    int64_t poll_timeout_ms; /* after which a poll is answered without events */
    int64_t retry_ms;        /* told to each client, jittered */
    int64_t coalesce_ms;     /* how long what is new may wait for hub_flush; 0: not at all */
    int64_t max_age_ms;      /* a stream is ended when it is so old, give or take a fifth; > 0 */
    uint64_t max_clients;    /* streams and waiting polls; more are sent away for a while; 0: no limit */
};

struct hub_stats {
    struct counter streams_open, streams_opened, streams_lagged, streams_aged, streams_left, streams_refused;
    struct counter polls_open, polls_opened, polls_timed_out, polls_left;
    struct counter messages_received, messages_unheard;
    struct complaint messages_too_large, members_dropped; /* memory mode */
    struct counter events_delivered, gaps_sent, breaks;
    struct counter channels_open, channels_bytes;
    struct counter loads_started, loads_done, loads_late, log_reloads, log_disordered;
    struct counter requests_waiting, requests_ahead, polls_refused;
};

struct hub {
    struct hub_config config;
    struct hub_stats stats;
    struct event_id position; /* up to here all is known; what every caught-up client stands at */
    bool is_started;          /* where the log's reading begins is known; in memory mode from the start */
    char tag[EVENT_TAG_LEN + 1];
    int64_t now_ms;
    struct lh_table *channels; /* private, as is all that follows: name -> struct channel */
    struct list dirty;         /* channels with something new, which may wait */
    struct list prompt;        /* channels with something new, or loaded, for which clients do not wait any longer */
    struct timeouts idle_channels;
    struct timeouts heartbeats; /* of all streams */
    struct timeouts polls;      /* deadlines of all polls that wait */
    struct timeouts gap_polls;  /* which wait for an event to tell their gaps with */
    struct timeouts held_polls; /* whose answer waits for the end of a millisecond */
    struct timeouts limits;     /* of the arrivals of polls, for which something is still to be loaded */
    struct list ahead;          /* of struct arrival: clients whose id is above the position */
    struct event_id nearest;    /* none of their ids is below this one */
    struct ending ending;
    uint64_t last_ticket;
    struct batch batch;
    struct poll_body_slot poll_body;
    struct envelope envelope;
    struct buffer scratch;
    struct bytes *heartbeat;
    struct bytes *heartbeat_event;
    struct log_limit overload_log;
};

/* `tag` marks ids as this process's own; "" in redis mode. The counters must outlive the hub. */
void hub_init(struct hub *hub, const struct hub_config *config, const char *tag, struct counters *counters);

/* All subscribers must have ended. */
void hub_fini(struct hub *hub);

/* Tells the hub the time, monotonic milliseconds. */
void hub_set_time(struct hub *hub, int64_t now_ms);

/* --- memory mode: what a publisher says ----------------------------------------------------------------------- */

/* A payload arrived on a channel (a valid name). It gets the next id whether or not anybody listens. */
void hub_publish(struct hub *hub, struct span channel, struct span payload);

/* Messages of any channel may have been missed up to now: every client of every channel is told by a gap. */
void hub_break(struct hub *hub);

/* --- redis mode: what the log's reader says -------------------------------------------------------------------- */

/* The log is read from behind `position`. Before, nothing is loaded and all requests wait. Called once. */
void hub_start(struct hub *hub, struct event_id position);

/*
 * What is behind the hub's position in the log, which moves there: an event (whose tag is the hub's), an entry that is
 * none, a place where messages of any channel or of one may be missing. An id that is not above the position is
 * ignored and counted.
 */
void hub_append(struct hub *hub, const struct message *message);
void hub_advance(struct hub *hub, struct event_id id);
void hub_break_all(struct hub *hub, struct event_id id);
void hub_break_channel(struct hub *hub, struct span channel, struct event_id id);

/*
 * The log lacks what came behind the hub's position: reading goes on behind `position` (below the hub's: behind that),
 * and all rings are loaded anew. Clients go on exactly where the histories reach back to where they stand.
 */
void hub_reload(struct hub *hub, struct event_id position);

/* The source may have forgotten what it was asked: every load that is under way is asked for again. */
void hub_retry_loads(struct hub *hub);

/*
 * The log's last id, asked for after the previous call had returned: a client that had come by then with an id above
 * it does not wait for that any longer.
 */
void hub_confirm_end(struct hub *hub, struct event_id end);

/* --- redis mode: what the source of histories answers ------------------------------------------------------------ */

/*
 * Encodes an event and appends it to `older`: the caller's ring, begun by ring_init with the id behind which it lacks
 * nothing, and filled in id order, breaks by ring_append. An id that is not above the last one is ignored and counted.
 */
void hub_load_add(struct hub *hub, struct ring *older, const struct message *message);

/* The answer is complete. `older` is taken over; it is freed when the ticket is not the channel's current one. */
void hub_load_end(struct hub *hub, struct span channel, uint64_t ticket, struct ring *older);

/* --- turns of the loop ---------------------------------------------------------------------------------------------
 */

/* Sends what is new to all subscribers of the channels that got something, or were loaded, since the last call. */
void hub_flush(struct hub *hub);

/*
 * The same for those channels only that must not wait: which were loaded, or for which a client was ahead, or whose
 * messages come too seldom for several of them to be gathered within coalesce_ms.
 */
void hub_flush_prompt(struct hub *hub);

/* True when hub_flush_prompt, or what it leaves to hub_flush, has something to send. */
bool hub_has_prompt(const struct hub *hub);
bool hub_has_deferrable(const struct hub *hub);

/* When hub_expire has something to do next: monotonic milliseconds, or TIMEOUT_NEVER. */
int64_t hub_due(const struct hub *hub);

/*
 * Sends the heartbeats that are due, ends streams that are too old, answers or refuses the polls that waited long
 * enough, and drops channels nobody has listened to for ring_linger_ms. After hub_end_over, ends those whose turn it
 * is.
 */
void hub_expire(struct hub *hub);

/*
 * Ends all streams and answers all polls, evenly spread over the time from now on: the first one at once, the last ones
 * at its end; 0: all at once. What is new goes out before. A stream whose client has not got all yet goes on until it
 * has; a poll for which something is still to be loaded waits for that; at the end of the time both end (the poll is
 * refused) as they are. Streams that are opened meanwhile take part, polls are answered as soon as their channels are
 * loaded; after the end of the time both are ended when they are opened. Called again, it begins anew with the time
 * given then.
 */
void hub_end_over(struct hub *hub, int64_t duration_ms);

/* --- for this room ------------------------------------------------------------------------------------------------
 */

/* Streams and waiting polls. */
uint64_t hub_clients_open(const struct hub *hub);

/* True when one more client would be too many. */
bool hub_is_full(const struct hub *hub);

/* Notes in the log, once a minute at most, that a client is sent away because of that. */
void hub_log_overload(struct hub *hub);

/* The encoded event. The caller owns a reference. */
struct bytes *hub_encode(struct hub *hub, const struct message *message);

#endif
