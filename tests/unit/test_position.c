/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "http/position.h"

/* `header` is the whole variable or NULL. */
static int read_position(const char *header, const char *text, struct query *query, struct resume *resume)
{
    char *const strings[] = {(char *)"REQUEST_METHOD=GET", (char *)(header != NULL ? header : "REMOTE_PORT=1"), NULL};
    const struct params params = {.strings = strings};
    *query = (struct query){0};
    query_parse(query, span_of(text));
    return position_read(&params, query, resume);
}

static void the_first_position_that_is_found_wins(void **state)
{
    (void)state;
    static const struct {
        const char *header, *query, *id;
    } requests[] = {
        {"HTTP_LAST_EVENT_ID=1-0", "", "1-0"},
        {"HTTP_LAST_EVENT_ID=1-0", "lastEventId=2-0&since=3-0&timestamp=4", "1-0"},
        {"HTTP_LAST_EVENT_ID=1-0", "timestamp=x", "1-0"},
        {NULL, "lastEventId=2-0", "2-0"},
        {NULL, "since=5-0&last_event_id=4-0&last-event-id=3-0&lastEventId=2-0", "2-0"},
        {NULL, "since=5-0&last_event_id=4-0&last-event-id=3-0", "3-0"},
        {NULL, "since=5-0&last_event_id=4-0", "4-0"},
        {NULL, "timestamp=6&since=5-0", "5-0"},
        /* An empty one is none. */
        {"HTTP_LAST_EVENT_ID=", "since=5-0", "5-0"},
        {NULL, "lastEventId=&since=5-0", "5-0"},
        /* Any bytes, decoded once in the query and not at all in the header. */
        {"HTTP_LAST_EVENT_ID=a%20b+c", "", "a%20b+c"},
        {NULL, "since=1-0~a%20b%2Bc", "1-0~a b+c"},
        {NULL, "since=00", "00"},
        {"HTTP_LAST_EVENT_ID=0-0", "", "0-0"},
    };
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct query query;
        struct resume resume;
        assert_int_equal(read_position(requests[i].header, requests[i].query, &query, &resume), 0);
        assert_int_equal(resume.kind, RESUME_AFTER_ID);
        assert_span_equal(resume.id, span_of(requests[i].id));
        query_fini(&query);
    }
}

static void without_a_position_a_request_goes_on_from_now(void **state)
{
    (void)state;
    static const struct {
        const char *header, *query;
    } requests[] = {{NULL, ""},
                    {NULL, "channel=a&Since=5-0&lasteventid=2-0&limit=3"},
                    {"HTTP_LAST_EVENT_ID=", ""},
                    {NULL, "lastEventId=&since="}};
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct query query;
        struct resume resume;
        assert_int_equal(read_position(requests[i].header, requests[i].query, &query, &resume), 0);
        assert_int_equal(resume.kind, RESUME_NOW);
        query_fini(&query);
    }
}

static void zero_means_all_that_is_retained(void **state)
{
    (void)state;
    static const struct {
        const char *header, *query;
    } requests[] = {{"HTTP_LAST_EVENT_ID=0", ""},    {"HTTP_LAST_EVENT_ID=0", "since=5-0"},
                    {NULL, "lastEventId=0"},         {NULL, "since=0"},
                    {NULL, "since=%30&timestamp=5"}, {NULL, "last-event-id=0"}};
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct query query;
        struct resume resume;
        assert_int_equal(read_position(requests[i].header, requests[i].query, &query, &resume), 0);
        assert_int_equal(resume.kind, RESUME_ALL);
        query_fini(&query);
    }
}

static void a_timestamp_is_a_moment_in_milliseconds(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        uint64_t ms;
    } requests[] = {{"timestamp=1700000000000", UINT64_C(1700000000000)},
                    {"timestamp=1", 1},
                    {"timestamp=007", 7},
                    {"since=&timestamp=5", 5},
                    {"timestamp=%31", 1},
                    {"timestamp=1&timestamp=x", 1},
                    {"timestamp=18446744073709551615", UINT64_MAX}};
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct query query;
        struct resume resume;
        assert_int_equal(read_position(NULL, requests[i].query, &query, &resume), 0);
        assert_int_equal(resume.kind, RESUME_AFTER_TIME);
        assert_true(resume.ms == requests[i].ms);
        query_fini(&query);
    }
}

static void a_timestamp_that_is_no_number_is_refused(void **state)
{
    (void)state;
    static const char *const queries[] = {"timestamp=",     "timestamp",        "timestamp=x",
                                          "timestamp=-1",   "timestamp=%2B1",   "timestamp=1.5",
                                          "timestamp=1+",   "timestamp=+1",     "timestamp=1e3",
                                          "timestamp=0x10", "timestamp=1%00",   "timestamp=18446744073709551616",
                                          "timestamp=now",  "timestamp=1700-0", "timestamp=99999999999999999999999"};
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        struct query query;
        struct resume resume;
        if (read_position(NULL, queries[i], &query, &resume) != -1)
            fail_msg("accepted: %s", queries[i]);
        query_fini(&query);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_position_that_is_found_wins),
        cmocka_unit_test(without_a_position_a_request_goes_on_from_now),
        cmocka_unit_test(zero_means_all_that_is_retained),
        cmocka_unit_test(a_timestamp_is_a_moment_in_milliseconds),
        cmocka_unit_test(a_timestamp_that_is_no_number_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
