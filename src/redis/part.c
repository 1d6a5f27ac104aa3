/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/part.h"

#include "base/clock.h"
#include "base/random.h"

enum {
    OVERDUE_MS = LEASE_MS * 3 / 2,
    ORPHANED_MS = LEASE_MS * 3, /* a marker that nobody has recorded by then, nobody older will */
    VACANT_MS = 1250,           /* likewise when nobody has had the lease for so long */
    YOUNG_MS = LEASE_MS * 3,
    YOUNG_VACANT_MS = 500,
    YOUNG_SPREAD_MS = 200, /* so that of many young ones one is first */
    YOUNG_OVERDUE_MS = LEASE_MS * 2,
};

_Static_assert((int)YOUNG_OVERDUE_MS > (int)OVERDUE_MS, "the young let the others send first");
_Static_assert(YOUNG_VACANT_MS > 2 * LEASE_SEEK_MS, "they let the others take the lease first");
_Static_assert(YOUNG_VACANT_MS + YOUNG_SPREAD_MS + 2 * LEASE_SEEK_MS < VACANT_MS,
               "a young one that has heard everything takes over before one that has not begins without it");

static const struct patience usual = {.vacancy_ms = 0, .overdue_ms = OVERDUE_MS};

static const struct patience *patience_at(const struct part *part, int64_t now_ms)
{
    bool is_young = now_ms - part->started_ms < YOUNG_MS;
    return part->kind == PART_STANDS_BACK && is_young ? &part->young : &usual;
}

bool part_hears(const struct part *part)
{
    return part->kind != PART_READS;
}

bool part_is_counted(const struct part *part)
{
    return receiver_is_counted(&part->receiver);
}

/* When it came, nobody else was there; or only such as came at the same time, for whoever was there has the lease. */
static bool has_no_elders(const struct part *part)
{
    const struct receiver *receiver = &part->receiver;
    return receiver_is_alone(receiver) || (receiver_is_first(receiver) && lease_is_vacant(&part->lease));
}

/* --- what may be sent ------------------------------------------------------------------------------------------- */

/* Who ends sends at once, too: the others may not have it. */
bool part_may_send(const struct part *part, const struct pending_item *item, int64_t now_ms)
{
    return part->is_ending || lease_is_held(&part->lease, now_ms) ||
           now_ms - item->received_ms >= patience_at(part, now_ms)->overdue_ms;
}

bool part_may_empty_inbox(const struct part *part, int64_t now_ms)
{
    return lease_is_held(&part->lease, now_ms) && inbox_has_run(&part->inbox);
}

bool part_is_orphaned(const struct part *part, const struct marker *marker, int64_t now_ms)
{
    bool is_first = has_no_elders(part) || lease_vacancy(&part->lease, now_ms) >= VACANT_MS;
    return now_ms - marker->seen_ms >= ORPHANED_MS || (marker == part->receiver.own && is_first);
}

/* --- the lease -------------------------------------------------------------------------------------------------- */

bool part_is_linked(const struct part *part)
{
    const struct marker *own = part->receiver.own;
    return !part_hears(part) || (own != NULL && own->is_known && !part->is_ending);
}

bool part_may_take_lease(const struct part *part, int64_t now_ms)
{
    const struct patience *patience = patience_at(part, now_ms);
    bool is_our_turn = has_no_elders(part) || lease_vacancy(&part->lease, now_ms) >= patience->vacancy_ms;
    return part_is_linked(part) && is_our_turn;
}

static bool is_well(const struct part *part, int64_t now_ms)
{
    const struct pending_item *first = pending_first(&part->receiver.pending);
    return part->receiver.subscription.answered_ms >= lease_asked(&part->lease) &&
           (first == NULL || now_ms - first->received_ms <= LEASE_MS);
}

void part_attend(struct part *part, int64_t now_ms)
{
    if (!part_hears(part))
        return;
    receiver_mark(&part->receiver, now_ms);
    lease_seek(&part->lease, part_may_take_lease(part, now_ms), is_well(part, now_ms), now_ms);
    inbox_want(&part->inbox, lease_is_held(&part->lease, now_ms));
}

void part_hand_over(struct part *part, int64_t now_ms)
{
    if (part->is_handed_over || pending_first(&part->receiver.pending) != NULL || lease_is_asking(&part->lease))
        return;
    part->is_handed_over = true;
    lease_release(&part->lease, now_ms);
}

/* --- life ------------------------------------------------------------------------------------------------------- */

static void on_deaf(void *owner)
{
    struct part *part = owner;
    lease_release(&part->lease, clock_monotonic_ms());
}

static void on_failed(void *owner, const char *reason)
{
    struct part *part = owner;
    part->events.on_failed(part->events.owner, reason);
}

void part_init(struct part *part, enum part_kind kind, struct ev_loop *loop, const struct redis_address *address,
               const struct keys *keys, struct commands *commands, size_t max_message_bytes,
               const struct part_events *events, struct link_stats *links, struct counters *counters)
{
    const struct receiver_events receiver_events = {.on_deaf = on_deaf, .on_failed = on_failed, .owner = part};

    *part = (struct part){
        .kind = kind,
        .events = *events,
        .young = {.vacancy_ms = YOUNG_VACANT_MS + random_between(0, YOUNG_SPREAD_MS), .overdue_ms = YOUNG_OVERDUE_MS}};
    receiver_init(&part->receiver, loop, address, keys, commands, max_message_bytes, &receiver_events, links, counters);
    lease_init(&part->lease, commands, keys, counters);
    inbox_init(&part->inbox, loop, address, keys, max_message_bytes, links, counters);
}

void part_fini(struct part *part)
{
    if (part->receiver.pending.count > 0)
        log_warning("%zu messages were received and could not be recorded", part->receiver.pending.count);
    receiver_fini(&part->receiver);
    inbox_fini(&part->inbox);
    lease_fini(&part->lease);
}

void part_start(struct part *part, int64_t now_ms)
{
    part->started_ms = now_ms;
    if (!part_hears(part))
        return;
    receiver_start(&part->receiver);
    inbox_start(&part->inbox);
}

void part_on_commands_ready(struct part *part)
{
    lease_on_commands_ready(&part->lease);
    receiver_on_commands_ready(&part->receiver);
}

void part_on_commands_lost(struct part *part)
{
    receiver_on_commands_lost(&part->receiver);
}

void part_acknowledge(struct part *part, struct span marker, uint64_t position)
{
    struct receiver *receiver = &part->receiver;
    if (part_hears(part) && marker_name_is_valid(marker))
        receiver_acknowledge(receiver, pending_marker(&receiver->pending, marker, clock_monotonic_ms()), position);
}

void part_end(struct part *part)
{
    part->is_ending = true;
    receiver_stop(&part->receiver);
}

bool part_has_ended(const struct part *part)
{
    return pending_first(&part->receiver.pending) == NULL && part->is_handed_over && !lease_is_releasing(&part->lease);
}
