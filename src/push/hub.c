/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/hub.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "push/arrival.h"
#include "push/channel_table.h"
#include "push/ending.h"
#include "push/poll.h"

enum { INITIAL_CHANNELS = 64 };

static void register_counters(struct hub_stats *stats, struct counters *counters)
{
    counters_register(counters, &stats->streams_open, "streams.open");
    counters_register(counters, &stats->streams_opened, "streams.opened");
    counters_register(counters, &stats->streams_left, "streams.left");
    counters_register(counters, &stats->streams_lagged, "streams.lagged");
    counters_register(counters, &stats->streams_aged, "streams.aged");
    counters_register(counters, &stats->streams_refused, "streams.refused");
    counters_register(counters, &stats->polls_open, "polls.open");
    counters_register(counters, &stats->polls_opened, "polls.opened");
    counters_register(counters, &stats->polls_timed_out, "polls.timed_out");
    counters_register(counters, &stats->polls_left, "polls.left");
    counters_register(counters, &stats->polls_refused, "polls.refused");
    counters_register(counters, &stats->requests_waiting, "requests.waiting");
    counters_register(counters, &stats->requests_ahead, "requests.ahead");
    counters_register(counters, &stats->messages_received, "messages.received");
    counters_register(counters, &stats->messages_unheard, "messages.unheard");
    counters_register(counters, &stats->messages_too_large.count, "messages.too_large");
    counters_register(counters, &stats->members_dropped.count, "messages.members_dropped");
    counters_register(counters, &stats->events_delivered, "events.delivered");
    counters_register(counters, &stats->gaps_sent, "gaps.sent");
    counters_register(counters, &stats->breaks, "breaks");
    counters_register(counters, &stats->channels_open, "channels.open");
    counters_register(counters, &stats->channels_bytes, "channels.bytes");
    counters_register(counters, &stats->loads_started, "loads.started");
    counters_register(counters, &stats->loads_done, "loads.done");
    counters_register(counters, &stats->loads_late, "loads.late");
    counters_register(counters, &stats->log_reloads, "log.reloads");
    counters_register(counters, &stats->log_disordered, "log.disordered");
}

/* NULL where the format has no such thing. */
static struct bytes *share_text(const char *text)
{
    return text != NULL ? bytes_new(text, strlen(text)) : NULL;
}

void hub_init(struct hub *hub, const struct hub_config *config, const char *tag, struct counters *counters)
{
    *hub = (struct hub){.config = *config};
    register_counters(&hub->stats, counters);
    strncpy(hub->tag, tag, EVENT_TAG_LEN);
    hub->is_started = config->source == NULL;
    if (hub->is_started)
        hub->position = event_id_next(EVENT_ID_NONE, (uint64_t)clock_wall_ms());
    hub->channels = lh_kchar_table_new(INITIAL_CHANNELS, NULL);
    list_init(&hub->dirty);
    list_init(&hub->prompt);
    timeouts_init(&hub->idle_channels, config->ring_linger_ms);
    timeouts_init(&hub->heartbeats, config->heartbeat_ms);
    timeouts_init(&hub->polls, config->poll_timeout_ms);
    timeouts_init(&hub->gap_polls, POLL_GAP_HOLD_MS);
    timeouts_init(&hub->held_polls, POLL_HOLD_MS);
    timeouts_init(&hub->limits, POLL_LOAD_LIMIT_MS);
    list_init(&hub->ahead);
    hub->heartbeat = share_text(config->format->heartbeat);
    hub->heartbeat_event = share_text(config->format->heartbeat_event);
}

void hub_set_time(struct hub *hub, int64_t now_ms)
{
    hub->now_ms = now_ms;
}

struct bytes *hub_encode(struct hub *hub, const struct message *message)
{
    buffer_clear(&hub->scratch);
    hub->config.format->encode(message, &hub->scratch);
    return buffer_to_bytes(&hub->scratch);
}

/* --- bytes out ------------------------------------------------------------------------------------------------ */

static void flush(struct hub *hub, struct list *channels)
{
    while (!list_is_empty(channels))
        hub_channel_flush(hub, LIST_ENTRY(channels->next, struct channel, dirty));
    batch_clear(&hub->batch);
}

void hub_flush_prompt(struct hub *hub)
{
    flush(hub, &hub->prompt);
}

void hub_flush(struct hub *hub)
{
    flush(hub, &hub->prompt);
    flush(hub, &hub->dirty);
}

bool hub_has_prompt(const struct hub *hub)
{
    return !list_is_empty(&hub->prompt);
}

bool hub_has_deferrable(const struct hub *hub)
{
    return !list_is_empty(&hub->dirty);
}

int64_t hub_due(const struct hub *hub)
{
    const int64_t dues[] = {timeouts_due(&hub->heartbeats),
                            timeouts_due(&hub->polls),
                            timeouts_due(&hub->gap_polls),
                            timeouts_due(&hub->held_polls),
                            timeouts_due(&hub->limits),
                            timeouts_due(&hub->idle_channels),
                            ending_due(hub)};
    return timeout_earliest(dues, sizeof(dues) / sizeof(dues[0]));
}

static void expire_subscribers(struct timeouts *timeouts, int64_t now_ms)
{
    struct timeout *due;
    while ((due = timeouts_take_due(timeouts, now_ms)) != NULL)
        subscriber_on_timeout(LIST_ENTRY(due, struct subscriber, timeout));
}

void hub_expire(struct hub *hub)
{
    struct timeout *due;

    expire_subscribers(&hub->heartbeats, hub->now_ms);
    expire_subscribers(&hub->polls, hub->now_ms);
    expire_subscribers(&hub->gap_polls, hub->now_ms);
    expire_subscribers(&hub->held_polls, hub->now_ms);
    while ((due = timeouts_take_due(&hub->limits, hub->now_ms)) != NULL)
        subscriber_on_limit(LIST_ENTRY(due, struct arrival, limit)->subscriber);
    ending_go_on(hub);
    while ((due = timeouts_take_due(&hub->idle_channels, hub->now_ms)) != NULL)
        hub_channel_drop(hub, LIST_ENTRY(due, struct channel, idle));
}

/* --- how many ------------------------------------------------------------------------------------------------- */

uint64_t hub_clients_open(const struct hub *hub)
{
    return hub->stats.streams_open.value + hub->stats.polls_open.value;
}

/* Who comes while all are being ended does not stay anyway. */
bool hub_is_full(const struct hub *hub)
{
    uint64_t limit = hub->config.max_clients;
    return limit > 0 && hub_clients_open(hub) >= limit && !ending_has_begun(hub);
}

void hub_log_overload(struct hub *hub)
{
    uint64_t suppressed;
    if (log_limit_allows(&hub->overload_log, hub->now_ms, &suppressed))
        log_warning("sent a client away for a while: %" PRIu64 " streams and waiting polls are open, as many as "
                    "--max-clients or the limit of open files allows; %" PRIu64 " more since the last such line",
                    hub->config.max_clients, suppressed);
}

void hub_fini(struct hub *hub)
{
    struct timeout *idle;

    assert(list_is_empty(&hub->heartbeats.waiting) && list_is_empty(&hub->polls.waiting) &&
           list_is_empty(&hub->gap_polls.waiting) && list_is_empty(&hub->held_polls.waiting) &&
           list_is_empty(&hub->limits.waiting));
    while ((idle = timeouts_take_due(&hub->idle_channels, TIMEOUT_NEVER - 1)) != NULL)
        hub_channel_drop(hub, LIST_ENTRY(idle, struct channel, idle));
    assert(lh_table_length(hub->channels) == 0);
    lh_table_free(hub->channels);
    envelope_fini(&hub->envelope);
    buffer_fini(&hub->scratch);
    batch_clear(&hub->batch);
    poll_body_slot_clear(&hub->poll_body);
    bytes_unref(hub->heartbeat);
    bytes_unref(hub->heartbeat_event);
}
