/* SPDX-License-Identifier: BSD-2-Clause */
#include "visit.h"

#include <stdio.h>

#include "endpoint/longpoll.h"
#include "push/format_json.h"
#include "unit.h"

static char name_a[] = "a", name_b[] = "b", pattern[] = "user:*", good_origin[] = "https://good.example";
static char *allowed_items[] = {name_a, name_b, pattern};
static char *origin_items[] = {good_origin};

int visit_set_up(void **state)
{
    static struct visit visit;
    struct hub_config config = stage_config;
    visit = (struct visit){.allowed = {allowed_items, COUNT_OF(allowed_items)},
                           .origins = {origin_items, COUNT_OF(origin_items)}};
    config.format = &format_json;
    stage_init(&visit.stage, &config);
    visit.endpoint = (struct endpoint){.hub = &visit.stage.hub,
                                       .config = {.channels = {.allowed = &visit.allowed, .max_channels = 3},
                                                  .cors_origins = &visit.origins,
                                                  .max_body_bytes = 1000}};
    fake_sink_init(&visit.sink);
    *state = &visit;
    return 0;
}

void visit_forget(struct visit *visit)
{
    fake_sink_leave(&visit->sink);
    fake_sink_fini(&visit->sink);
    fake_sink_init(&visit->sink);
    visit->sink.keeps_more = true;
    visit->headers = NULL;
    visit->body = (struct span){0};
    json_object_put(visit->json);
    visit->json = NULL;
}

int visit_tear_down(void **state)
{
    struct visit *visit = *state;
    visit_forget(visit);
    stage_fini(&visit->stage);
    return 0;
}

void assert_visit_length(const struct visit *visit, size_t len)
{
    char line[60];
    snprintf(line, sizeof(line), "\r\nContent-Length: %zu\r\n", len);
    assert_contains(visit->headers, line);
}

void visit_read(struct visit *visit)
{
    struct buffer *written = &visit->sink.written;
    if (visit->sink.writes == 0)
        return;
    assert_int_equal(visit->sink.ends, 1);
    assert_null(visit->sink.sink.subscriber);
    char *end = strstr(written->data, "\r\n\r\n");
    assert_non_null(end);
    end[2] = '\0';
    visit->headers = written->data;
    visit->body = span_between(end + 4, written->data + written->len);
    /* RFC 3875 §6: nothing but CRLF ends a header line. */
    for (const char *c = visit->headers; *c != '\0'; c++)
        assert_true((*c == '\r' && c[1] == '\n') || *c == '\n' || (unsigned char)*c >= ' ');
    assert_int_equal(strncmp(visit->headers, "Status: ", 8), 0);
    if (visit->body.len == 0)
        return;
    assert_visit_length(visit, visit->body.len);
    assert_contains(visit->headers, "\r\nContent-Type: application/json\r\n");
    struct json_tokener *tokener = json_tokener_new();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    visit->json = json_tokener_parse_ex(tokener, visit->body.data, (int)visit->body.len);
    assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
    json_tokener_free(tokener);
}

void visit_request(struct visit *visit, const char *const *variables)
{
    visit_forget(visit);
    longpoll_handle(&visit->endpoint, &(struct params){(char *const *)(uintptr_t)variables}, &visit->sink.sink);
    visit_read(visit);
}

void assert_visit_status(const struct visit *visit, const char *status)
{
    assert_non_null(visit->headers);
    if (strncmp(visit->headers + 8, status, strlen(status)) != 0)
        fail_msg("%s is not %s", visit->headers, status);
}

void assert_visit_waits(const struct visit *visit)
{
    assert_int_equal(visit->sink.writes, 0);
    assert_int_equal(visit->sink.ends, 0);
    assert_non_null(visit->sink.sink.subscriber);
}

void assert_visit_events(const struct visit *visit, const char *expected)
{
    struct buffer text = {0};
    assert_visit_status(visit, "200 OK\r\n");
    assert_true(json_object_is_type(visit->json, json_type_array));
    for (size_t i = 0; i < json_object_array_length(visit->json); i++) {
        struct json_object *element = json_object_array_get_idx(visit->json, i);
        const char *event = json_object_get_string(json_object_object_get(element, "event"));
        const char *data = json_object_get_string(json_object_object_get(element, "data"));
        buffer_printf(&text, "%s%s", i > 0 ? " " : "", strcmp(event, "gap") == 0 ? event : data);
    }
    assert_string_equal(text.len > 0 ? text.data : "", expected);
    buffer_fini(&text);
}

void assert_visit_error(const struct visit *visit, const char *status, const char *code)
{
    char part[80];
    assert_visit_status(visit, status);
    assert_contains(visit->headers, "no-store");
    snprintf(part, sizeof(part), "{\"error\":\"%s\",\"message\":\"", code);
    assert_int_equal(strncmp(visit->body.data, part, strlen(part)), 0);
    assert_int_equal(visit->stage.hub.stats.polls_open.value, 0);
}

void visit_publish(struct visit *visit, int count)
{
    char payload[16];
    LIST(visit, "channel=a,b", NO_MORE);
    for (int i = 1; i <= count; i++) {
        snprintf(payload, sizeof(payload), "%d", i);
        stage_publish(&visit->stage, "a", payload);
        visit->stage.hub.position.ms++;
        visit->stage.hub.position.seq = 0;
    }
}
