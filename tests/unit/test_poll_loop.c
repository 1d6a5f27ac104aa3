/* SPDX-License-Identifier: BSD-2-Clause */
/* Clients that poll again and again, whatever comes in between: push/poll.h. */
#include <inttypes.h>
#include <stdio.h>

#include "polling.h"
#include "unit.h"

enum { STEPS = 3000 };

/* A client that asks on from its last answer. */
struct follower {
    struct asked *asked;
    bool is_by_time;
    size_t limit;   /* 0: none */
    char since[64]; /* position of the last answer */
    uint64_t ms;    /* timestamp of the newest event */
    unsigned next;  /* number of the event that must come next */
    unsigned polls;
    int64_t asked_ms;
    unsigned gaps_alone; /* answers without an event */
};

/* The time of the stage goes by here: ids are made of it. */
struct course {
    struct polling *polling;
    struct follower followers[3];
    uint64_t now_ms;
    uint32_t seed;
    unsigned published;
};

static uint32_t draw(struct course *course, uint32_t below)
{
    course->seed = course->seed * 1664525 + 1013904223;
    return (course->seed >> 16) % below;
}

static void ask_on(struct course *course, struct follower *follower)
{
    size_t limit = follower->limit > 0 ? 1 + draw(course, (uint32_t)follower->limit) : 0;
    const char *channels = draw(course, 2) == 0 ? "ab" : "ba";

    follower->polls++;
    follower->asked_ms = course->polling->stage.hub.now_ms;
    if (follower->is_by_time)
        ASK(course->polling, follower->asked, channels, AFTER_MS(follower->ms), .is_patient = true, .limit = limit);
    else
        ASK(course->polling, follower->asked, channels, SINCE(follower->since), .is_patient = true, .limit = limit);
}

/* Every event must be the next one; gaps may stand between them, and alone only after a while. */
static void take_answer(struct follower *follower, int64_t now_ms)
{
    unsigned first = follower->next;
    struct sse_reader reader = {0};
    const struct event_id *position = &follower->asked->position;
    unsigned long long ms;

    if (follower->asked->stream.len > 0)
        sse_reader_feed(&reader, follower->asked->stream.data, follower->asked->stream.len);
    for (size_t i = 0; i < reader.count; i++) {
        const struct sse_event *event = &reader.events[i];
        assert_int_equal(sscanf(event->last_id.data, "%llu-", &ms), 1);
        assert_true(ms >= follower->ms);
        follower->ms = ms;
        if (strcmp(event->type.data, "gap") != 0)
            assert_int_equal(atoi(event->data.data), follower->next++);
    }
    if (reader.count > 0 && follower->next == first) {
        follower->gaps_alone++;
        assert_true(now_ms - follower->asked_ms >= POLL_GAP_HOLD_MS);
    }
    snprintf(follower->since, sizeof(follower->since), "%" PRIu64 "-%" PRIu64 "." STAGE_TAG, position->ms,
             position->seq);
    sse_reader_fini(&reader);
}

static void let_pass(struct course *course, int64_t ms)
{
    course->now_ms += (uint64_t)ms;
    stage_wait(&course->polling->stage, ms);
}

/* Nothing comes for so long that polls are told of it alone, now and then. */
static void lose_some(struct course *course)
{
    hub_break(&course->polling->stage.hub);
    if (draw(course, 3) == 0) {
        hub_flush(&course->polling->stage.hub);
        let_pass(course, POLL_GAP_HOLD_MS);
    }
}

static void publish_next(struct course *course)
{
    struct hub *hub = &course->polling->stage.hub;
    char payload[16];

    if (hub->position.ms < course->now_ms)
        hub->position = (struct event_id){.ms = course->now_ms, .seq = 0};
    if (draw(course, 40) == 0) {
        lose_some(course);
        return;
    }
    snprintf(payload, sizeof(payload), "%u", course->published++);
    hub_publish(hub, span_of(draw(course, 3) == 0 ? "b" : "a"), span_of(payload));
}

static void step(struct course *course)
{
    uint32_t action = draw(course, 10);

    if (action < 4) {
        publish_next(course);
    } else if (action < 7) {
        hub_flush(&course->polling->stage.hub);
    } else {
        let_pass(course, action < 9 ? 1 : draw(course, 200) == 0 ? TIMEOUT_MS : 5);
    }
    for (size_t i = 0; i < COUNT_OF(course->followers); i++) {
        struct follower *follower = &course->followers[i];
        /* Now and then a client is away for a while. */
        if (follower->asked->answers == 0 || draw(course, 3) == 0)
            continue;
        take_answer(follower, course->polling->stage.hub.now_ms);
        ask_on(course, follower);
    }
}

/* Returns how many answers were gaps alone. */
static unsigned run(struct polling *polling, uint32_t seed)
{
    struct course course = {.polling = polling, .now_ms = polling->stage.hub.position.ms, .seed = seed};
    unsigned gaps_alone = 0;

    course.followers[1].is_by_time = true;
    course.followers[2].is_by_time = true;
    course.followers[0].limit = 3;
    course.followers[2].limit = 3;
    for (size_t i = 0; i < COUNT_OF(course.followers); i++) {
        struct follower *follower = &course.followers[i];
        follower->asked = &polling->asked[i];
        follower->ms = course.now_ms;
        snprintf(follower->since, sizeof(follower->since), "%" PRIu64 "-%" PRIu64 "." STAGE_TAG,
                 polling->stage.hub.position.ms, polling->stage.hub.position.seq);
    }
    course.now_ms++;
    for (size_t i = 0; i < COUNT_OF(course.followers); i++)
        ask_on(&course, &course.followers[i]);
    for (int i = 0; i < STEPS; i++)
        step(&course);
    for (size_t i = 0; i < COUNT_OF(course.followers); i++) {
        struct follower *follower = &course.followers[i];
        while (follower->next < course.published) {
            if (follower->asked->answers == 0)
                stage_wait(&polling->stage, TIMEOUT_MS);
            hub_flush(&polling->stage.hub);
            take_answer(follower, polling->stage.hub.now_ms);
            ask_on(&course, follower);
        }
        assert_true(follower->polls > 50);
        gaps_alone += follower->gaps_alone;
        fake_sink_leave(&follower->asked->sink);
    }
    return gaps_alone;
}

static void every_loop_gets_each_event_once_in_order(void **state)
{
    struct polling *polling = *state;
    unsigned gaps_alone = 0;
    polling->stage.hub.config.history_length = 1000000;
    polling->stage.hub.config.ring_memory_bytes = 1 << 30;
    for (uint32_t seed = 1; seed <= 20; seed++)
        gaps_alone += run(polling, seed);
    print_message("%u gaps alone\n", gaps_alone);
    assert_true(gaps_alone > 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, polling_set_up, polling_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_loop_gets_each_event_once_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
