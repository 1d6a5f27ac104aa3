/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process that takes a part in recording may do, and when; without Redis: nothing is ever connected. */
#include "redis/part.h"

#include "unit.h"

enum { NOW_MS = 1000000 };

struct taker {
    struct part part;
    struct keys keys;
    struct commands commands;
    struct link_stats links;
    struct counters counters;
    struct ev_loop *loop;
    struct redis_address address;
};

static void begin(struct taker *taker, enum part_kind kind, int64_t age_ms)
{
    static char path[] = "/nowhere";
    const struct part_events events = {0};
    const struct commands_events commands_events = {0};

    *taker = (struct taker){.loop = ev_loop_new(EVFLAG_AUTO), .address = {.path = path}};
    counters_init(&taker->counters);
    keys_init(&taker->keys, "push:");
    commands_init(&taker->commands, taker->loop, &taker->address, &commands_events, &taker->links);
    part_init(&taker->part, kind, taker->loop, &taker->address, &taker->keys, &taker->commands, 1000, &events,
              &taker->links, &taker->counters);
    taker->part.started_ms = NOW_MS - age_ms;
}

static void end(struct taker *taker)
{
    pending_clear(&taker->part.receiver.pending);
    marker_release(taker->part.receiver.own);
    commands_fini(&taker->commands);
    part_fini(&taker->part);
    keys_fini(&taker->keys);
    ev_loop_destroy(taker->loop);
}

/* The own marker has come back, and so many heard it. */
static struct marker *mark(struct taker *taker, int64_t listeners)
{
    struct receiver *receiver = &taker->part.receiver;
    receiver->own = marker_hold(pending_marker(&receiver->pending, span_of("own"), NOW_MS));
    receiver->listeners = listeners;
    return receiver->own;
}

static struct pending_item *add(struct taker *taker, int64_t age_ms)
{
    struct pending *pending = &taker->part.receiver.pending;
    struct marker *marker = pending_marker(pending, span_of("some"), NOW_MS);
    pending_add(pending, marker, 1, PENDING_EVENT, span_of("news"), span_of("hello"), NOW_MS - age_ms);
    return pending_first(pending);
}

static void set_vacant(struct taker *taker, int64_t vacancy_ms)
{
    taker->part.lease.vacant_ms = vacancy_ms > 0 ? NOW_MS - vacancy_ms : 0;
}

static void what_others_have_had_time_to_record_is_sent_without_the_lease(void **state)
{
    static const struct {
        enum part_kind kind;
        int64_t age_ms, pending_ms;
        bool may_send;
    } cases[] = {
        {PART_RECORDS, 0, 0, false},           {PART_RECORDS, 0, 4499, false},
        {PART_RECORDS, 0, 4500, true},         {PART_STANDS_BACK, 8999, 4500, false},
        {PART_STANDS_BACK, 8999, 5999, false}, {PART_STANDS_BACK, 8999, 6000, true},
        {PART_STANDS_BACK, 9000, 4499, false}, {PART_STANDS_BACK, 9000, 4500, true},
    };
    struct taker taker;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        begin(&taker, cases[i].kind, cases[i].age_ms);
        const struct pending_item *item = add(&taker, cases[i].pending_ms);
        if (part_may_send(&taker.part, item, NOW_MS) != cases[i].may_send)
            fail_msg("case %zu", i);
        end(&taker);
    }
}

static void who_holds_the_lease_or_ends_sends_at_once(void **state)
{
    struct taker taker;

    (void)state;
    begin(&taker, PART_STANDS_BACK, 0);
    const struct pending_item *item = add(&taker, 0);
    taker.part.lease.is_ours = true;
    taker.part.lease.used_until_ms = NOW_MS + 1;
    assert_true(part_may_send(&taker.part, item, NOW_MS));
    assert_false(part_may_send(&taker.part, item, NOW_MS + 1));
    part_end(&taker.part);
    assert_true(part_may_send(&taker.part, item, NOW_MS + 1));
    end(&taker);
}

static void the_lease_is_for_who_records_and_for_the_young_when_nobody_else_takes_it(void **state)
{
    static const struct {
        enum part_kind kind;
        int64_t age_ms, listeners, vacancy_ms;
        bool may_take;
    } cases[] = {
        {PART_RECORDS, 0, 3, 0, true},         {PART_RECORDS, 0, 1, 0, true},
        {PART_STANDS_BACK, 0, 1, 0, true},     {PART_STANDS_BACK, 0, 2, 0, false},
        {PART_STANDS_BACK, 0, 2, 499, false},  {PART_STANDS_BACK, 0, 2, 700, true},
        {PART_STANDS_BACK, 8999, 2, 0, false}, {PART_STANDS_BACK, 9000, 2, 0, true},
    };
    struct taker taker;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        begin(&taker, cases[i].kind, cases[i].age_ms);
        set_vacant(&taker, cases[i].vacancy_ms);
        struct marker *own = mark(&taker, cases[i].listeners);
        assert_false(part_may_take_lease(&taker.part, NOW_MS));
        own->is_known = true;
        if (part_may_take_lease(&taker.part, NOW_MS) != cases[i].may_take)
            fail_msg("case %zu", i);
        part_end(&taker.part);
        assert_false(part_may_take_lease(&taker.part, NOW_MS));
        end(&taker);
    }
}

static void the_own_marker_waits_for_elders_as_long_as_there_may_be_some(void **state)
{
    static const struct {
        int64_t listeners, followers, vacancy_ms;
        bool is_preceded, is_orphaned;
    } cases[] = {
        {0, 0, 0, false, false},                            /* how many there are is not known yet */
        {1, 0, 0, false, true},                             /* alone */
        {1, 0, 0, true, true},                              /* whoever was before has gone */
        {2, 0, 1, false, false},                            /* somebody was there, and may be about to take the lease */
        {2, 1, 1, false, true},                             /* but came with us, and waits for us */
        {3, 1, 1, false, false},                            /* one of them did not */
        {3, 2, 1, false, true},    {2, 1, 0, false, false}, /* somebody has the lease */
        {2, 1, 1, true, false},                             /* we wait for somebody who came with us */
        {2, 0, 1249, true, false},                          /* as long as the lease has not been free for too long */
        {2, 0, 1250, true, true},
    };
    struct taker taker;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        begin(&taker, PART_RECORDS, 0);
        set_vacant(&taker, cases[i].vacancy_ms);
        const struct marker *own = mark(&taker, cases[i].listeners);
        taker.part.receiver.followers = cases[i].followers;
        taker.part.receiver.is_preceded = cases[i].is_preceded;
        if (part_is_orphaned(&taker.part, own, NOW_MS) != cases[i].is_orphaned)
            fail_msg("case %zu", i);
        end(&taker);
    }
}

static void a_marker_that_nobody_records_for_three_leases_is_orphaned(void **state)
{
    struct taker taker;

    (void)state;
    begin(&taker, PART_RECORDS, 0);
    const struct marker *own = mark(&taker, 2);
    const struct marker *other = pending_marker(&taker.part.receiver.pending, span_of("other"), NOW_MS);
    set_vacant(&taker, 2000);
    assert_true(part_is_orphaned(&taker.part, own, NOW_MS));
    assert_false(part_is_orphaned(&taker.part, other, NOW_MS + 8999));
    assert_true(part_is_orphaned(&taker.part, other, NOW_MS + 9000));
    end(&taker);
}

static void who_only_reads_has_nothing_to_wait_for_and_keeps_nothing(void **state)
{
    struct taker taker;

    (void)state;
    begin(&taker, PART_READS, 0);
    part_start(&taker.part, NOW_MS);
    assert_false(part_hears(&taker.part));
    assert_true(part_is_linked(&taker.part));
    part_acknowledge(&taker.part, span_of("marker"), 7);
    assert_int_equal(taker.part.receiver.pending.marker_count, 0);
    taker.commands.is_ready = true; /* a question would be sent into the void */
    part_attend(&taker.part, NOW_MS);
    assert_false(lease_is_asking(&taker.part.lease));
    assert_false(ev_is_active(&taker.part.receiver.subscription.link.timer));
    assert_false(ev_is_active(&taker.part.inbox.tail.link.timer));
    taker.commands.is_ready = false;
    end(&taker);
}

static void the_lease_is_handed_over_when_nothing_is_pending(void **state)
{
    struct taker taker;

    (void)state;
    begin(&taker, PART_RECORDS, 0);
    add(&taker, 0);
    part_end(&taker.part);
    part_hand_over(&taker.part, NOW_MS);
    assert_false(part_has_ended(&taker.part));
    pending_clear(&taker.part.receiver.pending);
    assert_false(part_has_ended(&taker.part));
    part_hand_over(&taker.part, NOW_MS);
    assert_true(part_has_ended(&taker.part));
    end(&taker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_others_have_had_time_to_record_is_sent_without_the_lease),
        cmocka_unit_test(who_holds_the_lease_or_ends_sends_at_once),
        cmocka_unit_test(the_lease_is_for_who_records_and_for_the_young_when_nobody_else_takes_it),
        cmocka_unit_test(the_own_marker_waits_for_elders_as_long_as_there_may_be_some),
        cmocka_unit_test(a_marker_that_nobody_records_for_three_leases_is_orphaned),
        cmocka_unit_test(who_only_reads_has_nothing_to_wait_for_and_keeps_nothing),
        cmocka_unit_test(the_lease_is_handed_over_when_nothing_is_pending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
