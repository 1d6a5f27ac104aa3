/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sink on a descriptor of the loop: what FastCGI connection and CGI process have in common. It waits for writability
 * only while something is kept or its subscriber asked to be called, and for readability as its owner says.
 *
 * Whoever owns it embeds it, says how bytes are sent, and owns the descriptor. A stopped outlet does nothing any more;
 * the subscriber that may still be attached is told by the owner, outside all chains of callbacks (outlet_tell_gone).
 */
#ifndef FCGI_OUTLET_H
#define FCGI_OUTLET_H

#include <ev.h>

#include "fcgi/output.h"
#include "push/sink.h"

struct outlet;

/* What the outlets of one protocol do, each in its own way. */
struct outlet_ops {
    /* Adds a payload of the answer to the output, framed as the protocol wants it. */
    enum output_state (*send)(struct outlet *outlet, struct bytes *payload);

    /* The answer is complete; its subscriber is detached. */
    void (*on_end)(struct outlet *outlet);

    /* What is left of the answer, and its end, as `send` and `on_end`; its subscriber is detached. */
    void (*finish)(struct outlet *outlet, const struct buffer *head, struct bytes *body);

    /* Cannot or shall not send any more: it is to be stopped. */
    void (*on_failed)(struct outlet *outlet);

    /* What was kept is written, and no subscriber is attached to be told. */
    void (*on_drained)(struct outlet *outlet);

    bool (*wants_to_read)(struct outlet *outlet);
    void (*on_readable)(struct outlet *outlet);
};

/* What all outlets of one owner have in common; it costs each of them a pointer. */
struct outlet_owner {
    const struct outlet_ops *ops;
    struct ev_loop *loop;
    struct output_owner output;
};

struct outlet {
    struct sink sink;
    struct output output;
    ev_io io; /* private, as is all that follows; its data is the owner */
    bool is_stopped;
    bool wants_call_back; /* the subscriber has more to send in the next turn */
};

/* Nothing is watched before the first outlet_watch. The descriptor is non-blocking; the owner outlives the outlet. */
void outlet_init(struct outlet *outlet, struct outlet_owner *owner, int fd);

/* Forgets what is kept. It is stopped, and no subscriber is attached. Does not close the descriptor. */
void outlet_fini(struct outlet *outlet);

/* The one place that derives from the state which events are wanted. */
void outlet_watch(struct outlet *outlet);

/* What follows from an output's state: `on_failed`, or waiting for what is wanted now. */
void outlet_note(struct outlet *outlet, enum output_state state);

static inline struct outlet_owner *outlet_owner_of(const struct outlet *outlet)
{
    return outlet->io.data;
}

/* Waits for nothing any more. Harmless when it is stopped already. */
void outlet_stop(struct outlet *outlet);

/* Detaches the subscriber, if one is attached, and tells it that the client is gone. */
void outlet_tell_gone(struct outlet *outlet);

#endif
