/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/stream.h"

#include "base/random.h"
#include "push/arrival.h"
#include "push/pull.h"

/* Who is sent away because too many are open comes back so many times later than others. */
enum { OVERLOAD_RETRIES = 10, RETRY_LIMIT_MS = 86400000 };

struct stream {
    struct subscriber subscriber;
    int64_t ends_at_ms; /* from this moment on it is ended as soon as it has nothing left to send */
    bool is_positioned; /* the client was told where it stands */
    enum stream_shows shows;
};

static struct stream *stream_of(struct subscriber *subscriber)
{
    return LIST_ENTRY(subscriber, struct stream, subscriber);
}

static void stream_free(struct subscriber *subscriber)
{
    subscriber->hub->stats.streams_open.value--;
    subscriber_free(subscriber);
}

static void expect_heartbeat(struct subscriber *subscriber)
{
    timeout_start(&subscriber->hub->heartbeats, &subscriber->timeout, subscriber->hub->now_ms);
}

/* A script hears only the types that it listens for: other output is no sign of life to it. */
static void send_payload(struct subscriber *subscriber, struct bytes *payload)
{
    subscriber_send(subscriber, payload);
    if (stream_of(subscriber)->shows != STREAM_SHOWS_LIFE)
        expect_heartbeat(subscriber);
}

static void reach_position(struct subscriber *subscriber)
{
    stream_of(subscriber)->is_positioned = true;
    subscriber_catch_up(subscriber, subscriber->hub->position);
}

static void encode_position(const struct hub *hub, struct event_id id, enum stream_shows shows, struct buffer *out)
{
    const struct format *format = hub->config.format;
    format->encode_id(id, hub->tag, out);
    buffer_add_string(out, shows == STREAM_SHOWS_NOTHING ? format->position : format->position_event);
}

static void add_position(struct subscriber *subscriber, struct buffer *out)
{
    encode_position(subscriber->hub, subscriber->hub->position, stream_of(subscriber)->shows, out);
    reach_position(subscriber);
}

static void send_position(struct subscriber *subscriber)
{
    struct buffer *block = &subscriber->hub->scratch;
    buffer_clear(block);
    add_position(subscriber, block);
    send_payload(subscriber, buffer_to_bytes(block));
}

/* True when the stream stands in the middle of a frame. */
static bool is_cut(const struct subscriber *subscriber)
{
    for (size_t i = 0; i < subscriber->count; i++)
        if (subscriber->subscriptions[i].cursor.offset > 0)
            return true;
    return false;
}

static bool is_caught_up(const struct subscriber *subscriber)
{
    return subscriber->is_placed && pull_is_done(subscriber);
}

static bool has_aged(struct subscriber *subscriber)
{
    return subscriber->hub->now_ms >= stream_of(subscriber)->ends_at_ms;
}

/* A stream that still can be ended properly is; one that waits for its client is cut off. */
static void break_off(struct subscriber *subscriber)
{
    struct sink *sink = subscriber->sink;
    if (subscriber->is_blocked)
        sink->ops->abort(sink);
    else
        sink->ops->end(sink);
    stream_free(subscriber);
}

static void end_lagged(struct subscriber *subscriber)
{
    subscriber->hub->stats.streams_lagged.value++;
    break_off(subscriber);
}

/*
 * Where the client goes on when it comes back, as far as it does not know better itself: at the hub's position when it
 * has all; where it came in, from now on, when it was told nothing yet.
 */
static void add_last_position(struct subscriber *subscriber, struct buffer *out)
{
    const struct arrival *arrival = subscriber->arrival;

    if (is_caught_up(subscriber))
        add_position(subscriber, out);
    else if (!subscriber->is_placed && arrival != NULL && arrival->kind == RESUME_NOW)
        encode_position(subscriber->hub, subscriber->last, stream_of(subscriber)->shows, out);
}

static void send_farewell(struct subscriber *subscriber)
{
    const struct hub_config *config = &subscriber->hub->config;
    struct buffer *block = &subscriber->hub->scratch;

    buffer_clear(block);
    config->format->encode_retry(random_jitter(config->retry_ms), block);
    add_last_position(subscriber, block);
    send_payload(subscriber, buffer_to_bytes(block));
}

/* Ends it on our side: how long to wait before coming back, the position, and the end of the response. */
static void end(struct subscriber *subscriber)
{
    struct sink *sink = subscriber->sink;

    if (!subscriber->is_blocked && !is_cut(subscriber))
        send_farewell(subscriber);
    sink->ops->end(sink);
    stream_free(subscriber);
}

/* Whose turn it was when all are ended has not aged. */
static void count_aged(struct hub *hub)
{
    hub->stats.streams_aged.value += !ending_has_begun(hub);
}

static void end_aged(struct subscriber *subscriber)
{
    count_aged(subscriber->hub);
    end(subscriber);
}

/* One write a turn; more waits for the next. */
static void flush(struct subscriber *subscriber)
{
    struct bytes *payload;

    if (pull_has_lagged(subscriber)) {
        end_lagged(subscriber);
        return;
    }
    if (!subscriber->is_blocked && (payload = pull_next(subscriber, SINK_WRITE_LIMIT, EVENT_ID_MAX)) != NULL)
        send_payload(subscriber, payload);
    if (subscriber->is_blocked)
        return;
    if (!pull_is_done(subscriber))
        subscriber->sink->ops->call_back(subscriber->sink);
    else if (has_aged(subscriber))
        end_aged(subscriber);
    else if (!stream_of(subscriber)->is_positioned)
        send_position(subscriber);
}

/* A frame that is sent in part exists no longer when its ring is loaded anew. */
static void on_reload(struct subscriber *subscriber)
{
    if (is_cut(subscriber))
        end_lagged(subscriber);
}

/*
 * Output that is on its way, or waits for more to leave with, shows as much life as a comment. Not to a script, but in
 * the middle of a frame nothing else can be sent.
 */
static bool can_send_heartbeat(const struct subscriber *subscriber, bool is_visible)
{
    if (subscriber->is_blocked)
        return false;
    return !subscriber->is_placed || (is_visible ? !is_cut(subscriber) : pull_is_done(subscriber));
}

static void send_heartbeat(struct subscriber *subscriber)
{
    struct hub *hub = subscriber->hub;
    bool is_visible = stream_of(subscriber)->shows == STREAM_SHOWS_LIFE;

    if (can_send_heartbeat(subscriber, is_visible))
        subscriber_send(subscriber, bytes_ref(is_visible ? hub->heartbeat_event : hub->heartbeat));
    expect_heartbeat(subscriber);
}

/* An old stream that waits for its client has done so since the heartbeat before: it waits no longer. */
static void on_timeout(struct subscriber *subscriber)
{
    bool is_old = has_aged(subscriber);

    if (is_old && subscriber->is_blocked) {
        count_aged(subscriber->hub);
        break_off(subscriber);
    } else if (is_old && is_caught_up(subscriber)) {
        end_aged(subscriber);
    } else {
        send_heartbeat(subscriber);
    }
}

static void hurry(struct subscriber *subscriber)
{
    struct hub *hub = subscriber->hub;

    stream_of(subscriber)->ends_at_ms = hub->now_ms;
    if (!subscriber->is_blocked && is_caught_up(subscriber))
        end(subscriber);
    else
        timeout_start(&hub->heartbeats, &subscriber->timeout, hub->now_ms);
}

static void on_gone(struct subscriber *subscriber)
{
    subscriber->hub->stats.streams_left.value++;
    stream_free(subscriber);
}

static const struct subscriber_policy policy = {
    .start = flush,
    .flush = flush,
    .on_reload = on_reload,
    .on_timeout = on_timeout,
    .hurry = hurry,
    .end = end,
    .on_gone = on_gone,
};

/*
 * Opens and ends at once. Who has no position yet gets one, so that it misses nothing until it comes back; any other
 * client comes back with the one that it has.
 */
static void send_away(const struct hub *hub, struct sink *sink, const struct resume *resume, enum stream_shows shows,
                      int64_t retry_ms, struct buffer *head)
{
    const struct format *format = hub->config.format;

    buffer_add_string(head, format->opening);
    format->encode_retry(retry_ms < RETRY_LIMIT_MS ? retry_ms : RETRY_LIMIT_MS, head);
    if (resume->kind == RESUME_NOW && hub->is_started)
        encode_position(hub, hub->position, shows, head);
    sink->ops->finish(sink, head, NULL);
}

static void refuse(struct hub *hub, struct sink *sink, const struct resume *resume, enum stream_shows shows,
                   struct buffer *head)
{
    hub->stats.streams_refused.value++;
    hub_log_overload(hub);
    send_away(hub, sink, resume, shows, random_jitter(hub->config.retry_ms * OVERLOAD_RETRIES), head);
}

static int64_t random_age(int64_t age_ms)
{
    return random_between(age_ms - age_ms / 5, age_ms + age_ms / 5);
}

/*
 * An event without an id, first on a connection, takes the client's from it (WHATWG HTML §9.2.6); and a page reads the
 * position off a type that it listens for. So the id stands in the heartbeat's own block.
 */
static void add_first_heartbeat(struct subscriber *subscriber, bool is_done, enum resume_kind kind, struct buffer *head)
{
    const struct hub *hub = subscriber->hub;
    const struct format *format = hub->config.format;

    if (is_done)
        reach_position(subscriber);
    if (subscriber->is_placed || kind == RESUME_AFTER_ID)
        format->encode_id(subscriber->last, hub->tag, head);
    buffer_add_string(head, format->heartbeat_event);
}

static void open_stream(struct hub *hub, struct sink *sink, const struct subscription_request *request,
                        enum stream_shows shows, struct buffer *head)
{
    const struct format *format = hub->config.format;
    struct stream *stream = subscriber_new(&policy, sizeof(*stream), hub, sink, request);
    struct subscriber *subscriber = &stream->subscriber;

    stream->ends_at_ms = hub->now_ms + random_age(hub->config.max_age_ms);
    stream->shows = shows;
    hub->stats.streams_opened.value++;
    hub->stats.streams_open.value++;
    buffer_add_string(head, format->opening);
    format->encode_retry(random_jitter(hub->config.retry_ms), head);
    bool is_done = is_caught_up(subscriber);
    if (shows == STREAM_SHOWS_LIFE)
        add_first_heartbeat(subscriber, is_done, request->resume.kind, head);
    else if (is_done)
        add_position(subscriber, head);
    subscriber_send(subscriber, buffer_to_bytes(head));
    expect_heartbeat(subscriber);
    if (!is_done)
        subscriber_flush(subscriber);
}

void stream_open(struct hub *hub, struct sink *sink, const struct subscription_request *request,
                 enum stream_shows shows, struct buffer *head)
{
    if (hub_is_full(hub))
        refuse(hub, sink, &request->resume, shows, head);
    else if (ending_is_over(hub))
        send_away(hub, sink, &request->resume, shows, random_jitter(hub->config.retry_ms), head);
    else
        open_stream(hub, sink, request, shows, head);
}
