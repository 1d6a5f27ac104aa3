/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/outlet.h"

#include <assert.h>

#include "base/list.h"
#include "push/subscriber.h"

static struct outlet *from_sink(struct sink *sink)
{
    return LIST_ENTRY(sink, struct outlet, sink);
}

static const struct outlet_ops *ops_of(const struct outlet *outlet)
{
    return outlet_owner_of(outlet)->ops;
}

/* --- what the loop says --------------------------------------------------------------------------------------- */

void outlet_watch(struct outlet *outlet)
{
    int wanted = 0;

    if (outlet->is_stopped)
        return;
    if (ops_of(outlet)->wants_to_read(outlet))
        wanted |= EV_READ;
    if (output_is_waiting(&outlet->output) || outlet->wants_call_back)
        wanted |= EV_WRITE;
    int watched = ev_is_active(&outlet->io) ? outlet->io.events & (EV_READ | EV_WRITE) : 0;
    if (watched == wanted)
        return;
    ev_io_stop(outlet_owner_of(outlet)->loop, &outlet->io);
    if (wanted == 0)
        return;
    ev_io_set(&outlet->io, outlet->output.fd, wanted);
    ev_io_start(outlet_owner_of(outlet)->loop, &outlet->io);
}

void outlet_note(struct outlet *outlet, enum output_state state)
{
    if (state == OUTPUT_FAILED)
        ops_of(outlet)->on_failed(outlet);
    else
        outlet_watch(outlet);
}

static void on_writable(struct outlet *outlet)
{
    outlet->wants_call_back = false;
    enum output_state state = output_flush(&outlet->output);
    if (state == OUTPUT_FAILED)
        ops_of(outlet)->on_failed(outlet);
    else if (state == OUTPUT_SENT && outlet->sink.subscriber != NULL)
        subscriber_on_writable(outlet->sink.subscriber);
    else if (state == OUTPUT_SENT)
        ops_of(outlet)->on_drained(outlet);
}

static void on_event(struct ev_loop *loop, ev_io *io, int events)
{
    struct outlet *outlet = LIST_ENTRY(io, struct outlet, io);

    (void)loop;
    if ((events & EV_WRITE) != 0)
        on_writable(outlet);
    if ((events & EV_READ) != 0 && !outlet->is_stopped)
        ops_of(outlet)->on_readable(outlet);
    outlet_watch(outlet);
}

/* --- what the subscriber says --------------------------------------------------------------------------------- */

static enum sink_state on_sink_write(struct sink *sink, struct bytes *payload)
{
    struct outlet *outlet = from_sink(sink);

    if (outlet->is_stopped)
        return SINK_BLOCKED;
    enum output_state state = ops_of(outlet)->send(outlet, payload);
    if (state == OUTPUT_SENT)
        return SINK_READY;
    outlet_note(outlet, state);
    return SINK_BLOCKED;
}

static void on_sink_call_back(struct sink *sink)
{
    from_sink(sink)->wants_call_back = true;
    outlet_watch(from_sink(sink));
}

static void on_sink_end(struct sink *sink)
{
    sink->subscriber = NULL;
    from_sink(sink)->wants_call_back = false;
    ops_of(from_sink(sink))->on_end(from_sink(sink));
}

static void on_sink_finish(struct sink *sink, const struct buffer *head, struct bytes *body)
{
    sink->subscriber = NULL;
    from_sink(sink)->wants_call_back = false;
    ops_of(from_sink(sink))->finish(from_sink(sink), head, body);
}

static void on_sink_abort(struct sink *sink)
{
    sink->subscriber = NULL;
    ops_of(from_sink(sink))->on_failed(from_sink(sink));
}

static const struct sink_ops sink_ops = {
    .write = on_sink_write,
    .call_back = on_sink_call_back,
    .end = on_sink_end,
    .finish = on_sink_finish,
    .abort = on_sink_abort,
};

/* --- life ----------------------------------------------------------------------------------------------------- */

void outlet_init(struct outlet *outlet, struct outlet_owner *owner, int fd)
{
    *outlet = (struct outlet){.sink = {.ops = &sink_ops}};
    output_init(&outlet->output, fd, &owner->output);
    ev_io_init(&outlet->io, on_event, fd, EV_READ);
    outlet->io.data = owner;
}

void outlet_fini(struct outlet *outlet)
{
    assert(outlet->is_stopped && outlet->sink.subscriber == NULL);
    output_fini(&outlet->output);
}

void outlet_stop(struct outlet *outlet)
{
    outlet->is_stopped = true;
    ev_io_stop(outlet_owner_of(outlet)->loop, &outlet->io);
}

void outlet_tell_gone(struct outlet *outlet)
{
    struct subscriber *subscriber = outlet->sink.subscriber;

    outlet->sink.subscriber = NULL;
    outlet->wants_call_back = false;
    if (subscriber != NULL)
        subscriber_on_gone(subscriber);
}
