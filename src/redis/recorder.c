/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/recorder.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/decimal.h"

enum {
    TICK_MS = 250,
    LOOK_MS = 1000,       /* the log's end is asked for at least so often */
    FIRST_LOOK_MS = 4000, /* a subscription may come back so much later than the connection for commands */
    REFUSED_PAUSE_MS = 20,
    ERROR_PAUSE_MS = 500,
    COUNTER_TTL_MS = 3600 * 1000,
    STALE_MS = COUNTER_TTL_MS / 2, /* what is older may have lost its counter, and could be recorded twice */
};

/* --- the call under way ----------------------------------------------------------------------------------------- */

static void note_error(struct recorder *recorder, const char *problem)
{
    uint64_t suppressed;
    recorder->stats.errors.value++;
    recorder->not_before_ms = clock_monotonic_ms() + ERROR_PAUSE_MS;
    if (log_limit_allows(&recorder->error_log, clock_monotonic_ms(), &suppressed))
        log_warning("cannot record: %s; %" PRIu64 " more since the last such line", problem, suppressed);
}

/* Its marker is not recorded yet: whoever has it is about to. */
static void note_refusal(struct recorder *recorder)
{
    recorder->stats.refused.value++;
    recorder->not_before_ms = clock_monotonic_ms() + REFUSED_PAUSE_MS;
}

static void on_run_done(struct recorder *recorder, const struct record_result *result)
{
    if (result != NULL && result->result < 0) {
        note_refusal(recorder);
    } else if (result != NULL) {
        recorder->stats.recorded.value += recorder->run.keys.count;
        if (recorder->run_next != NULL)
            recorder->run_next->is_known = true;
        receiver_acknowledge(&recorder->part.receiver, recorder->run_marker, (uint64_t)result->result);
    }
    marker_release(recorder->run_marker);
    marker_release(recorder->run_next);
    recorder->run_marker = recorder->run_next = NULL;
}

/* `run`: the items of the call, NULL for none. */
static void note_ends(struct recorder *recorder, const struct record_result *result, const struct run *run)
{
    if (result != NULL && result->is_even)
        history_ends_learn(&recorder->ends, run, result->log_end, clock_monotonic_ms());
    else
        history_ends_forget(&recorder->ends, result != NULL ? result->log_end : EVENT_ID_NONE);
}

static const struct run *called_run(const struct recorder *recorder)
{
    switch (recorder->called) {
    case CALL_LOOK:
        break;
    case CALL_RUN:
        return &recorder->run;
    case CALL_INBOX:
        return &recorder->part.inbox.run;
    }
    return NULL;
}

static void on_call_done(void *owner, const struct record_result *result, const char *problem)
{
    struct recorder *recorder = owner;

    if (problem != NULL)
        note_error(recorder, problem);
    note_ends(recorder, result, called_run(recorder));
    if (recorder->called == CALL_RUN)
        on_run_done(recorder, result);
    else if (recorder->called == CALL_INBOX)
        inbox_next(&recorder->part.inbox, result != NULL ? (uint64_t)result->result : 0);
    recorder->knows_end = recorder->knows_end || result != NULL;
    if (result != NULL)
        recorder->events.on_log_end(recorder->events.owner, result->log_end, result->last_break);
}

static void begin_call(struct recorder *recorder, enum recorder_call what, int64_t now_ms)
{
    recorder->called = what;
    recorder->called_ms = now_ms;
    recorder->is_new = false;
    recorder->stats.calls.value++;
}

/* Sends `run`; `mode` as in record.lua. */
static void send_run(struct recorder *recorder, const char *mode, struct marker *marker, struct marker *next,
                     int64_t now_ms)
{
    begin_call(recorder, CALL_RUN, now_ms);
    recorder->run_marker = marker_hold(marker);
    recorder->run_next = marker_hold(next);
    record_call_run(&recorder->call, mode, marker->name, &recorder->run);
}

/* --- what is sent ----------------------------------------------------------------------------------------------- */

static void add_to_run(struct recorder *recorder, const struct pending_item *item, int64_t now_ms)
{
    struct span channel = pending_channel(item);
    char digits[DECIMAL_SIZE];
    char *end = digits + sizeof(digits);
    struct span position = span_between(decimal_print(end, item->position), end);

    switch (item->kind) {
    case PENDING_EVENT:
        envelope_parse(&recorder->envelope, pending_payload(item));
        complaint_of_members(&recorder->stats.members_dropped, channel, recorder->envelope.dropped, now_ms);
        run_add_event(&recorder->run, recorder->keys, position, channel,
                      history_ends_take(&recorder->ends, channel, now_ms), &recorder->envelope);
        break;
    case PENDING_GAP:
        run_add_gap(&recorder->run, recorder->keys, position, channel,
                    history_ends_take(&recorder->ends, channel, now_ms));
        break;
    case PENDING_MARKER:
        run_add_marker(&recorder->run, recorder->keys, position, pending_payload(item));
        break;
    }
}

/* The messages at the front that one call can carry: of one marker, up to the next one. Returns that, NULL for none. */
static struct marker *fill_run(struct recorder *recorder, int64_t now_ms)
{
    struct pending *pending = &recorder->part.receiver.pending;
    const struct pending_item *item = pending_first(pending);
    const struct marker *marker = item->marker;

    run_clear(&recorder->run);
    while (item != NULL && item->marker == marker && !run_is_full(&recorder->run) &&
           part_may_send(&recorder->part, item, now_ms)) {
        add_to_run(recorder, item, now_ms);
        if (item->kind == PENDING_MARKER)
            return pending_marker(pending, pending_payload(item), now_ms);
        item = pending_next(pending, item);
    }
    return NULL;
}

static bool begin_own(struct recorder *recorder, int64_t now_ms)
{
    struct marker *own = recorder->part.receiver.own;

    if (own == NULL || own->is_known || !part_is_orphaned(&recorder->part, own, now_ms))
        return false;
    recorder->stats.breaks.value++;
    run_clear(&recorder->run);
    send_run(recorder, "break", own, NULL, now_ms);
    return true;
}

static const char *mode_for(struct recorder *recorder, const struct marker *marker, int64_t now_ms)
{
    if (marker->is_known)
        return "start";
    if (!part_is_orphaned(&recorder->part, marker, now_ms))
        return "follow";
    recorder->stats.breaks.value++;
    return "break";
}

static bool send_pending(struct recorder *recorder, int64_t now_ms)
{
    const struct pending_item *first = pending_first(&recorder->part.receiver.pending);

    if (first == NULL || !part_may_send(&recorder->part, first, now_ms))
        return false;
    if (now_ms - first->received_ms > STALE_MS) {
        receiver_overflow(&recorder->part.receiver);
        return false;
    }
    struct marker *marker = first->marker;
    struct marker *next = fill_run(recorder, now_ms);
    send_run(recorder, mode_for(recorder, marker, now_ms), marker, next, now_ms);
    return true;
}

static bool send_inbox(struct recorder *recorder, int64_t now_ms)
{
    if (!part_may_empty_inbox(&recorder->part, now_ms))
        return false;
    begin_call(recorder, CALL_INBOX, now_ms);
    record_call_inbox(&recorder->call, &recorder->part.inbox.run);
    return true;
}

/*
 * On a new connection at once, but not before it is clear whether the own marker begins with a break: a break for the
 * look and another for that would be two gaps. Who hears nothing must know the log's end to begin at all, and later
 * leaves the break to those who hear.
 */
static int64_t look_pause_ms(const struct recorder *recorder)
{
    bool is_clear = part_hears(&recorder->part) ? part_is_counted(&recorder->part) : !recorder->knows_end;
    if (!recorder->is_new)
        return LOOK_MS;
    return is_clear ? 0 : FIRST_LOOK_MS;
}

/*
 * A marker that was recorded before the place from which the log is read is never read there: as long as it is not
 * known, the call asks for it, too.
 */
static void look(struct recorder *recorder, int64_t now_ms)
{
    struct marker *own = recorder->part.receiver.own;

    if (now_ms - recorder->called_ms < look_pause_ms(recorder))
        return;
    if (own != NULL && !own->is_known) {
        run_clear(&recorder->run);
        send_run(recorder, "follow", own, NULL, now_ms);
        return;
    }
    begin_call(recorder, CALL_LOOK, now_ms);
    record_call_look(&recorder->call);
}

void recorder_flush(struct recorder *recorder)
{
    int64_t now_ms = clock_monotonic_ms();

    part_attend(&recorder->part, now_ms);
    if (recorder->call.is_open || !recorder->commands->is_ready || now_ms < recorder->not_before_ms)
        return;
    if (begin_own(recorder, now_ms))
        return;
    /* Neither keeps the other waiting for more than one call. */
    if (recorder->called != CALL_INBOX && send_inbox(recorder, now_ms))
        return;
    if (send_pending(recorder, now_ms) || send_inbox(recorder, now_ms))
        return;
    if (recorder->part.is_ending)
        part_hand_over(&recorder->part, now_ms);
    else
        look(recorder, now_ms);
}

/* --- life ------------------------------------------------------------------------------------------------------- */

static void on_failed(void *owner, const char *reason)
{
    struct recorder *recorder = owner;
    recorder->events.on_failed(recorder->events.owner, reason);
}

/* Only makes the loop turn: what is due is done at the end of each turn. */
static void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)timer;
    (void)events;
}

static void register_counters(struct recorder_stats *stats, struct counters *counters)
{
    counters_register(counters, &stats->recorded, "recorder.recorded");
    counters_register(counters, &stats->calls, "recorder.calls");
    counters_register(counters, &stats->refused, "recorder.refused");
    counters_register(counters, &stats->errors, "recorder.errors");
    counters_register(counters, &stats->breaks, "recorder.breaks");
    counters_register(counters, &stats->members_dropped.count, "recorder.members_dropped");
}

void recorder_init(struct recorder *recorder, struct ev_loop *loop, struct commands *commands,
                   const struct recorder_config *config, const struct event_id *read,
                   const struct recorder_events *events, struct link_stats *links, struct counters *counters)
{
    const struct part_events part_events = {.on_failed = on_failed, .owner = recorder};
    const struct record_call_events call_events = {.on_done = on_call_done, .owner = recorder};

    *recorder = (struct recorder){.events = *events, .loop = loop, .commands = commands, .keys = config->keys};
    history_ends_init(&recorder->ends, config->history_length, config->history_ttl_ms);
    const struct record_call_limits limits = {.log_length = config->log_length,
                                              .history_length = config->history_length,
                                              .history_ttl_ms = config->history_ttl_ms + recorder->ends.life_ms,
                                              .counter_ttl_ms = COUNTER_TTL_MS};
    part_init(&recorder->part, config->part, loop, config->address, config->keys, commands, config->max_message_bytes,
              &part_events, links, counters);
    register_counters(&recorder->stats, counters);
    record_call_init(&recorder->call, config->keys, commands, &limits, read, &recorder->ends.log_end, &call_events);
    ev_timer_init(&recorder->tick, on_tick, TICK_MS / 1000.0, TICK_MS / 1000.0);
}

void recorder_fini(struct recorder *recorder)
{
    ev_timer_stop(recorder->loop, &recorder->tick);
    part_fini(&recorder->part);
    record_call_fini(&recorder->call);
    history_ends_fini(&recorder->ends);
    envelope_fini(&recorder->envelope);
    run_fini(&recorder->run);
}

void recorder_start(struct recorder *recorder)
{
    part_start(&recorder->part, clock_monotonic_ms());
    ev_timer_start(recorder->loop, &recorder->tick);
}

void recorder_on_commands_ready(struct recorder *recorder)
{
    recorder->is_new = true;
    recorder->called_ms = clock_monotonic_ms();
    part_on_commands_ready(&recorder->part);
}

void recorder_on_commands_lost(struct recorder *recorder)
{
    part_on_commands_lost(&recorder->part);
}

void recorder_acknowledge(struct recorder *recorder, struct span marker, uint64_t position)
{
    part_acknowledge(&recorder->part, marker, position);
}

bool recorder_is_linked(const struct recorder *recorder)
{
    return part_is_linked(&recorder->part);
}

size_t recorder_largest(const struct recorder *recorder)
{
    return pending_largest(&recorder->part.receiver.pending);
}

void recorder_end(struct recorder *recorder)
{
    part_end(&recorder->part);
}

bool recorder_has_ended(const struct recorder *recorder)
{
    return !recorder->commands->is_ready || !part_hears(&recorder->part) ||
           (!recorder->call.is_open && part_has_ended(&recorder->part));
}
