/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/recorder.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

enum {
    TICK_MS = 250,
    OVERDUE_MS = LEASE_MS * 3 / 2, /* everyone sends what has been pending for so long */
    ORPHANED_MS = LEASE_MS * 3,    /* a marker that nobody has recorded by then, nobody older will */
    VACANT_MS = 1000,              /* likewise when nobody has had the lease for so long */
    LOOK_MS = 1000,                /* the log's end is asked for at least so often */
    FIRST_LOOK_MS = 4000,          /* the subscription may come back so much later than the connection for commands */
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
        receiver_acknowledge(&recorder->receiver, recorder->run_marker, (uint64_t)result->result);
    }
    marker_release(recorder->run_marker);
    marker_release(recorder->run_next);
    recorder->run_marker = recorder->run_next = NULL;
}

static void on_call_done(void *owner, const struct record_result *result, const char *problem)
{
    struct recorder *recorder = owner;

    if (problem != NULL)
        note_error(recorder, problem);
    if (recorder->called == CALL_RUN)
        on_run_done(recorder, result);
    else if (recorder->called == CALL_INBOX)
        inbox_next(&recorder->inbox, result != NULL ? (uint64_t)result->result : 0);
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
    char text[24];
    int len = snprintf(text, sizeof(text), "%" PRIu64, item->position);
    struct span position = {text, (size_t)len};

    switch (item->kind) {
    case PENDING_EVENT:
        envelope_parse(&recorder->envelope, pending_payload(item));
        complaint_of_members(&recorder->stats.members_dropped, channel, recorder->envelope.dropped, now_ms);
        run_add_event(&recorder->run, recorder->keys, position, channel, &recorder->envelope);
        break;
    case PENDING_GAP:
        run_add_gap(&recorder->run, recorder->keys, position, channel);
        break;
    case PENDING_MARKER:
        run_add_marker(&recorder->run, recorder->keys, position, pending_payload(item));
        break;
    }
}

/* Who ends sends at once, too: the others may not have it. */
static bool may_send(const struct recorder *recorder, const struct pending_item *item, bool is_holder, int64_t now_ms)
{
    return is_holder || recorder->is_ending || now_ms - item->received_ms >= OVERDUE_MS;
}

/* The messages at the front that one call can carry: of one marker, up to the next one. Returns that, NULL for none. */
static struct marker *fill_run(struct recorder *recorder, bool is_holder, int64_t now_ms)
{
    struct pending *pending = &recorder->receiver.pending;
    const struct pending_item *item = pending_first(pending);
    const struct marker *marker = item->marker;

    run_clear(&recorder->run);
    while (item != NULL && item->marker == marker && !run_is_full(&recorder->run) &&
           may_send(recorder, item, is_holder, now_ms)) {
        add_to_run(recorder, item, now_ms);
        if (item->kind == PENDING_MARKER)
            return pending_marker(pending, pending_payload(item), now_ms);
        item = pending_next(pending, item);
    }
    return NULL;
}

/* Nobody older is going to record this marker. A needless break costs a gap, a missing one a message. */
static bool is_orphaned(const struct recorder *recorder, const struct marker *marker, int64_t now_ms)
{
    bool is_first = recorder->receiver.listeners == 1 || lease_vacancy(&recorder->lease, now_ms) >= VACANT_MS;
    return now_ms - marker->seen_ms >= ORPHANED_MS || (marker == recorder->receiver.own && is_first);
}

static bool begin_own(struct recorder *recorder, int64_t now_ms)
{
    struct marker *own = recorder->receiver.own;

    if (own == NULL || own->is_known || !is_orphaned(recorder, own, now_ms))
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
    if (!is_orphaned(recorder, marker, now_ms))
        return "follow";
    recorder->stats.breaks.value++;
    return "break";
}

static bool send_pending(struct recorder *recorder, bool is_holder, int64_t now_ms)
{
    const struct pending_item *first = pending_first(&recorder->receiver.pending);

    if (first == NULL || !may_send(recorder, first, is_holder, now_ms))
        return false;
    if (now_ms - first->received_ms > STALE_MS) {
        receiver_overflow(&recorder->receiver);
        return false;
    }
    struct marker *marker = first->marker;
    struct marker *next = fill_run(recorder, is_holder, now_ms);
    send_run(recorder, mode_for(recorder, marker, now_ms), marker, next, now_ms);
    return true;
}

static bool send_inbox(struct recorder *recorder, bool is_holder, int64_t now_ms)
{
    if (!is_holder || !inbox_has_run(&recorder->inbox))
        return false;
    begin_call(recorder, CALL_INBOX, now_ms);
    record_call_inbox(&recorder->call, &recorder->inbox.run);
    return true;
}

/*
 * On a new connection at once, but not before it is clear whether the own marker begins with a break: a break for the
 * look and another for that would be two gaps.
 */
static void look(struct recorder *recorder, int64_t now_ms)
{
    bool is_clear = recorder->receiver.own != NULL && recorder->receiver.listeners > 0;
    int64_t wait_ms = !recorder->is_new ? LOOK_MS : is_clear ? 0 : FIRST_LOOK_MS;

    if (now_ms - recorder->called_ms < wait_ms)
        return;
    begin_call(recorder, CALL_LOOK, now_ms);
    record_call_look(&recorder->call);
}

/* What is pending goes first: nobody else may have it. */
static void hand_over(struct recorder *recorder, int64_t now_ms)
{
    if (recorder->is_handed_over || pending_first(&recorder->receiver.pending) != NULL ||
        lease_is_asking(&recorder->lease))
        return;
    recorder->is_handed_over = true;
    lease_release(&recorder->lease, now_ms);
}

void recorder_flush(struct recorder *recorder)
{
    int64_t now_ms = clock_monotonic_ms();
    bool is_holder = lease_is_held(&recorder->lease, now_ms);

    if (recorder->call.is_open || !recorder->commands->is_ready || now_ms < recorder->not_before_ms)
        return;
    if (begin_own(recorder, now_ms))
        return;
    /* Neither keeps the other waiting for more than one call. */
    if (recorder->called != CALL_INBOX && send_inbox(recorder, is_holder, now_ms))
        return;
    if (send_pending(recorder, is_holder, now_ms) || send_inbox(recorder, is_holder, now_ms))
        return;
    if (recorder->is_ending)
        hand_over(recorder, now_ms);
    else
        look(recorder, now_ms);
}

/* --- the lease -------------------------------------------------------------------------------------------------- */

/* The own marker is in the log: whatever came before it, somebody has. */
static bool is_linked(const struct recorder *recorder)
{
    const struct marker *own = recorder->receiver.own;
    return own != NULL && own->is_known && !recorder->is_ending;
}

static bool is_well(const struct recorder *recorder, int64_t now_ms)
{
    const struct pending_item *first = pending_first(&recorder->receiver.pending);
    return recorder->receiver.subscription.answered_ms >= lease_asked(&recorder->lease) &&
           (first == NULL || now_ms - first->received_ms <= LEASE_MS);
}

static void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct recorder *recorder = timer->data;
    int64_t now_ms = clock_monotonic_ms();

    (void)loop;
    (void)events;
    receiver_mark(&recorder->receiver, now_ms);
    lease_seek(&recorder->lease, is_linked(recorder), is_well(recorder, now_ms), now_ms);
    inbox_want(&recorder->inbox, lease_is_held(&recorder->lease, now_ms));
}

/* --- life ------------------------------------------------------------------------------------------------------- */

static void on_hearing(void *owner)
{
    struct recorder *recorder = owner;
    recorder->events.on_hearing(recorder->events.owner);
}

static void on_deaf(void *owner)
{
    struct recorder *recorder = owner;
    lease_release(&recorder->lease, clock_monotonic_ms());
}

static void on_failed(void *owner, const char *reason)
{
    struct recorder *recorder = owner;
    recorder->events.on_failed(recorder->events.owner, reason);
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
    const struct receiver_events receiver_events = {
        .on_hearing = on_hearing, .on_deaf = on_deaf, .on_failed = on_failed, .owner = recorder};
    const struct record_call_events call_events = {.on_done = on_call_done, .owner = recorder};
    const struct record_call_limits limits = {.log_length = config->log_length,
                                              .history_length = config->history_length,
                                              .history_ttl_ms = config->history_ttl_ms,
                                              .counter_ttl_ms = COUNTER_TTL_MS};

    *recorder = (struct recorder){.events = *events, .loop = loop, .commands = commands, .keys = config->keys};
    receiver_init(&recorder->receiver, loop, config->address, config->keys, commands, config->max_message_bytes,
                  &receiver_events, links, counters);
    register_counters(&recorder->stats, counters);
    record_call_init(&recorder->call, config->keys, commands, &limits, read, &call_events);
    lease_init(&recorder->lease, commands, config->keys, counters);
    inbox_init(&recorder->inbox, loop, config->address, config->keys, config->max_message_bytes, links, counters);
    ev_timer_init(&recorder->tick, on_tick, TICK_MS / 1000.0, TICK_MS / 1000.0);
    recorder->tick.data = recorder;
}

void recorder_fini(struct recorder *recorder)
{
    if (recorder->receiver.pending.count > 0)
        log_warning("%zu messages were received and could not be recorded", recorder->receiver.pending.count);
    ev_timer_stop(recorder->loop, &recorder->tick);
    receiver_fini(&recorder->receiver);
    inbox_fini(&recorder->inbox);
    lease_fini(&recorder->lease);
    record_call_fini(&recorder->call);
    envelope_fini(&recorder->envelope);
    run_fini(&recorder->run);
}

void recorder_start(struct recorder *recorder)
{
    receiver_start(&recorder->receiver);
    inbox_start(&recorder->inbox);
    ev_timer_start(recorder->loop, &recorder->tick);
}

void recorder_on_commands_ready(struct recorder *recorder)
{
    recorder->is_new = true;
    recorder->called_ms = clock_monotonic_ms();
    receiver_on_commands_ready(&recorder->receiver);
}

void recorder_on_commands_lost(struct recorder *recorder)
{
    receiver_on_commands_lost(&recorder->receiver);
}

void recorder_acknowledge(struct recorder *recorder, struct span marker, uint64_t position)
{
    struct receiver *receiver = &recorder->receiver;
    if (marker_name_is_valid(marker))
        receiver_acknowledge(receiver, pending_marker(&receiver->pending, marker, clock_monotonic_ms()), position);
}

size_t recorder_largest(const struct recorder *recorder)
{
    return recorder->receiver.largest_bytes;
}

void recorder_end(struct recorder *recorder)
{
    recorder->is_ending = true;
    receiver_stop(&recorder->receiver);
}

bool recorder_has_ended(const struct recorder *recorder)
{
    bool is_drained = pending_first(&recorder->receiver.pending) == NULL && !recorder->call.is_open;
    return !recorder->commands->is_ready ||
           (is_drained && recorder->is_handed_over && !lease_is_releasing(&recorder->lease));
}
