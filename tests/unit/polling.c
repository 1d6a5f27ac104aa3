/* SPDX-License-Identifier: BSD-2-Clause */
#include "polling.h"

#include <stdio.h>

#include "unit.h"

static void init_asked(struct asked *asked)
{
    *asked = (struct asked){0};
    fake_sink_init(&asked->sink);
}

static void fini_asked(struct asked *asked)
{
    fake_sink_leave(&asked->sink);
    fake_sink_fini(&asked->sink);
    buffer_fini(&asked->stream);
}

static int set_up_with(void **state, size_t history_length)
{
    static struct polling polling;
    struct hub_config config = stage_config;
    polling = (struct polling){0};
    config.poll_timeout_ms = TIMEOUT_MS;
    config.history_length = history_length;
    stage_init(&polling.stage, &config);
    client_open(&polling.keeper, &polling.stage.hub, "a,b,c", NULL);
    for (size_t i = 0; i < COUNT_OF(polling.asked); i++)
        init_asked(&polling.asked[i]);
    *state = &polling;
    return 0;
}

int polling_set_up(void **state)
{
    return set_up_with(state, stage_config.history_length);
}

int polling_set_up_short(void **state)
{
    return set_up_with(state, 3);
}

int polling_tear_down(void **state)
{
    struct polling *polling = *state;
    for (size_t i = 0; i < COUNT_OF(polling->asked); i++)
        fini_asked(&polling->asked[i]);
    client_close(&polling->keeper);
    stage_fini(&polling->stage);
    return 0;
}

static void on_answer(void *context, struct sink *sink, const struct poll_answer *answer)
{
    struct asked *asked = context;
    assert_ptr_equal(sink, &asked->sink.sink);
    assert_int_equal(asked->answers, 0);
    assert_int_equal(asked->refusals, 0);
    assert_int_equal(asked->frees, 0);
    const struct poll_body *body = answer->body;
    for (size_t i = 0; i < body->count; i++) {
        assert_in_range(body->pieces[i]->len, 1, SINK_WRITE_LIMIT);
        buffer_add(&asked->stream, body->pieces[i]->data, body->pieces[i]->len);
    }
    assert_int_equal(asked->stream.len, body->len);
    asked->pieces = body->count;
    asked->position = answer->position;
    asked->answers++;
    sink->ops->end(sink);
}

static void on_refuse(void *context, struct sink *sink, enum poll_refusal reason)
{
    struct asked *asked = context;
    asked->reason = reason;
    assert_ptr_equal(sink, &asked->sink.sink);
    assert_int_equal(asked->answers + asked->refusals + asked->frees, 0);
    asked->refusals++;
    sink->ops->end(sink);
}

static void on_free(void *context)
{
    ((struct asked *)context)->frees++;
}

void polling_ask(struct polling *polling, struct asked *asked, const char *names, struct poll_request request)
{
    struct span channels[4];
    size_t count = 0;
    for (const char *name = names; *name != '\0'; name++)
        channels[count++] = (struct span){name, 1};
    fini_asked(asked);
    init_asked(asked);
    request.subscription.channels = channels;
    request.subscription.count = count;
    poll_open(&polling->stage.hub, &asked->sink.sink, &request,
              &(struct poll_owner){.answer = on_answer, .refuse = on_refuse, .free = on_free, .context = asked});
}

void assert_poll_waits(const struct asked *asked)
{
    assert_int_equal(asked->answers, 0);
    assert_int_equal(asked->refusals, 0);
    assert_int_equal(asked->frees, 0);
    assert_int_equal(asked->sink.writes, 0);
    assert_non_null(asked->sink.sink.subscriber);
}

void assert_poll_answer_at(const struct asked *asked, const char *events, uint64_t ms, uint64_t seq)
{
    struct sse_reader reader = {0};
    struct buffer text = {0};

    assert_int_equal(asked->answers, 1);
    assert_int_equal(asked->frees, 1);
    assert_int_equal(asked->sink.ends, 1);
    assert_null(asked->sink.sink.subscriber);
    if (asked->stream.len > 0)
        sse_reader_feed(&reader, asked->stream.data, asked->stream.len);
    assert_true(sse_reader_is_between_events(&reader));
    for (size_t i = 0; i < reader.count; i++)
        buffer_printf(&text, "%s%s", i > 0 ? " " : "",
                      strcmp(reader.events[i].type.data, "gap") == 0 ? "gap" : reader.events[i].data.data);
    assert_string_equal(text.len > 0 ? text.data : "", events);
    assert_int_equal(asked->position.ms, ms);
    assert_int_equal(asked->position.seq, seq);
    buffer_fini(&text);
    sse_reader_fini(&reader);
}

void assert_poll_answer(const struct asked *asked, const char *events, uint64_t seq)
{
    assert_poll_answer_at(asked, events, STAGE_MS, seq);
}

void polling_publish(struct polling *polling, const char *names)
{
    char payload[32];
    for (const char *name = names; *name != '\0'; name++) {
        snprintf(payload, sizeof(payload), "%c%d", *name, (int)polling->stage.hub.position.seq + 1);
        hub_publish(&polling->stage.hub, (struct span){name, 1}, span_of(payload));
    }
}

void polling_next_ms(struct polling *polling)
{
    polling->stage.hub.position = (struct event_id){.ms = polling->stage.hub.position.ms + 1, .seq = 0};
}
