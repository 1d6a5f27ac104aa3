/* SPDX-License-Identifier: BSD-2-Clause */
/* What longpoll.fcgi answers while the channels of a request are not loaded. */
#include "endpoint/longpoll.h"
#include "push/poll.h"
#include "unit.h"
#include "visit.h"

static uint64_t last_ticket;

static void on_load(void *context, struct span channel, uint64_t ticket, struct event_id until)
{
    (void)context;
    (void)channel;
    (void)until;
    last_ticket = ticket;
}

static const struct hub_source source = {.load = on_load};

static int set_up(void **state)
{
    visit_set_up(state);
    struct visit *visit = *state;
    struct hub_config config = visit->stage.hub.config;
    config.source = &source;
    stage_fini(&visit->stage);
    stage_init_log(&visit->stage, &config);
    hub_start(&visit->stage.hub, (struct event_id){.ms = STAGE_MS, .seq = 5});
    return 0;
}

static void load(struct visit *visit)
{
    struct ring older;
    ring_init(&older, EVENT_ID_NONE);
    hub_load_add(&visit->stage.hub, &older,
                 &(struct message){
                     .id = {.ms = STAGE_MS, .seq = 3}, .tag = "", .channel = span_of("a"), .data = span_of("three")});
    hub_load_end(&visit->stage.hub, span_of("a"), last_ticket, &older);
    hub_flush(&visit->stage.hub);
    visit_read(visit);
}

static void it_is_answered_when_they_are(void **state)
{
    struct visit *visit = *state;
    LIST(visit, "channel=a", NO_MORE);
    assert_visit_waits(visit);
    load(visit);
    assert_visit_events(visit, "three");
    assert_contains(visit->headers, "\r\nPush-Position: 9000000000000-5\r\n");
}

static void check_refusal(struct visit *visit)
{
    assert_visit_error(visit, "503 Service Unavailable\r\n", "history-unavailable");
    assert_contains(visit->headers, "\r\nAccess-Control-Allow-Origin: https://good.example\r\n");
    assert_contains(visit->headers, "\r\nVary: Origin\r\n");
    const char *retry_after = strstr(visit->headers, "\r\nRetry-After: ");
    assert_non_null(retry_after);
    retry_after += strlen("\r\nRetry-After: ");
    assert_true(retry_after[0] >= '1' && retry_after[0] <= '3' && retry_after[1] == '\r');
    assert_lacks(visit->headers, "Push-Position: ");
}

static void after_five_seconds_it_is_refused(void **state)
{
    struct visit *visit = *state;
    LIST(visit, "channel=a", "HTTP_ORIGIN=https://good.example");
    stage_wait(&visit->stage, 4999);
    assert_visit_waits(visit);
    stage_wait(&visit->stage, 1);
    visit_read(visit);
    check_refusal(visit);
    SUBSCRIBE(visit, "channel=a", "HTTP_ORIGIN=https://good.example");
    stage_wait(&visit->stage, 5000);
    visit_read(visit);
    check_refusal(visit);
}

static void a_refused_head_request_has_no_body(void **state)
{
    struct visit *visit = *state;
    REQUEST(visit, "REQUEST_METHOD=HEAD", "PATH_INFO=/list", "QUERY_STRING=channel=a");
    assert_visit_waits(visit);
    stage_wait(&visit->stage, 5000);
    visit_read(visit);
    assert_visit_status(visit, "503 Service Unavailable\r\n");
    assert_contains(visit->headers, "\r\nRetry-After: ");
    assert_int_equal(visit->body.len, 0);
}

static void when_the_program_ends_it_is_refused(void **state)
{
    struct visit *visit = *state;
    SUBSCRIBE(visit, "channel=a", "HTTP_ORIGIN=https://good.example");
    hub_end_over(&visit->stage.hub, 0);
    visit_read(visit);
    check_refusal(visit);
}

static void when_too_many_wait_it_is_refused_for_longer(void **state)
{
    struct visit *visit = *state;
    static const char *const variables[] = {"REQUEST_METHOD=GET", "PATH_INFO=/subscribe", "QUERY_STRING=channel=a",
                                            NULL};
    struct fake_sink other;
    visit->stage.hub.config.max_clients = 1;
    fake_sink_init(&other);
    longpoll_handle(&visit->endpoint, &(struct params){(char *const *)(uintptr_t)variables}, &other.sink);
    assert_non_null(other.sink.subscriber);
    SUBSCRIBE(visit, "channel=a", "HTTP_ORIGIN=https://good.example");
    assert_visit_status(visit, "503 Service Unavailable\r\n");
    assert_contains(visit->body.data, "{\"error\":\"overloaded\",\"message\":\"");
    assert_contains(visit->headers, "\r\nAccess-Control-Allow-Origin: https://good.example\r\n");
    const char *retry_after = strstr(visit->headers, "\r\nRetry-After: ");
    assert_non_null(retry_after);
    assert_in_range(atoi(retry_after + strlen("\r\nRetry-After: ")), 5, 15);
    REQUEST(visit, "REQUEST_METHOD=OPTIONS", "PATH_INFO=/subscribe", NO_MORE);
    assert_visit_status(visit, "204 No Content\r\n");
    SUBSCRIBE(visit, "channel=*", NO_MORE);
    assert_visit_status(visit, "400 Bad Request\r\n");
    fake_sink_leave(&other);
    fake_sink_fini(&other);
    SUBSCRIBE(visit, "channel=a", NO_MORE);
    assert_visit_waits(visit);
}

/* Clients that were refused together do not all come back together. */
static void they_are_told_to_come_back_at_different_times(void **state)
{
    struct visit *visit = *state;
    bool is_seen[4] = {false};
    for (int i = 0; i < 100; i++) {
        LIST(visit, "channel=a", NO_MORE);
        stage_wait(&visit->stage, 5000);
        visit_read(visit);
        is_seen[strstr(visit->headers, "Retry-After: ")[strlen("Retry-After: ")] - '0'] = true;
    }
    assert_true(is_seen[1] && is_seen[2] && is_seen[3]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, visit_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_answered_when_they_are),
        TEST(after_five_seconds_it_is_refused),
        TEST(a_refused_head_request_has_no_body),
        TEST(when_the_program_ends_it_is_refused),
        TEST(when_too_many_wait_it_is_refused_for_longer),
        TEST(they_are_told_to_come_back_at_different_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
