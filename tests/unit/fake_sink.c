/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake_sink.h"

#include "push/subscriber.h"
#include "unit.h"

static struct fake_sink *from_sink(struct sink *sink)
{
    return (struct fake_sink *)(void *)((char *)sink - offsetof(struct fake_sink, sink));
}

static enum sink_state on_write(struct sink *base, struct bytes *payload)
{
    struct fake_sink *sink = from_sink(base);

    assert_true(!sink->is_waiting || sink->keeps_more);
    assert_false(fake_sink_is_over(sink));
    buffer_add(&sink->written, payload->data, payload->len);
    bytes_unref(sink->last_payload);
    sink->last_payload = bytes_ref(payload);
    sink->writes++;
    if (payload->len > sink->largest_write)
        sink->largest_write = payload->len;
    sink->is_waiting = sink->is_waiting || sink->blocks;
    return sink->is_waiting ? SINK_BLOCKED : SINK_READY;
}

static void on_call_back(struct sink *base)
{
    struct fake_sink *sink = from_sink(base);
    assert_false(sink->is_waiting);
    assert_false(fake_sink_is_over(sink));
    sink->wants_call_back = true;
}

static void on_end(struct sink *base)
{
    struct fake_sink *sink = from_sink(base);
    assert_false(fake_sink_is_over(sink));
    sink->ends++;
    sink->wants_call_back = false;
    base->subscriber = NULL;
}

static void on_finish(struct sink *base, const struct buffer *head, struct bytes *body)
{
    struct buffer answer = {0};

    assert_true(body == NULL || body->len <= SINK_WRITE_LIMIT);
    buffer_add(&answer, head->data, head->len);
    if (body != NULL)
        buffer_add(&answer, body->data, body->len);
    sink_write_buffer(base, &answer);
    buffer_fini(&answer);
    on_end(base);
}

static void on_abort(struct sink *base)
{
    struct fake_sink *sink = from_sink(base);
    assert_false(fake_sink_is_over(sink));
    sink->aborts++;
    sink->wants_call_back = false;
    base->subscriber = NULL;
}

static const struct sink_ops ops = {
    .write = on_write,
    .call_back = on_call_back,
    .end = on_end,
    .finish = on_finish,
    .abort = on_abort,
};

void fake_sink_init(struct fake_sink *sink)
{
    *sink = (struct fake_sink){.sink = {.ops = &ops}};
}

void fake_sink_fini(struct fake_sink *sink)
{
    bytes_unref(sink->last_payload);
    buffer_fini(&sink->written);
}

void fake_sink_drain(struct fake_sink *sink)
{
    bool was_waiting = sink->is_waiting;
    sink->blocks = false;
    sink->is_waiting = false;
    if (was_waiting && sink->sink.subscriber != NULL)
        subscriber_on_writable(sink->sink.subscriber);
}

bool fake_sink_call_back(struct fake_sink *sink)
{
    if (!sink->wants_call_back || sink->is_waiting)
        return false;
    sink->wants_call_back = false;
    subscriber_on_writable(sink->sink.subscriber);
    return true;
}

void fake_sink_leave(struct fake_sink *sink)
{
    struct subscriber *subscriber = sink->sink.subscriber;
    sink->sink.subscriber = NULL;
    sink->wants_call_back = false;
    if (subscriber != NULL)
        subscriber_on_gone(subscriber);
}
