/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worker processes of a parent, as a list and its rules: a generation of so many workers is kept alive, one that
 * dies young is started again only after a while, and the workers before them are ended when all of the new generation
 * are ready, not before. Each is asked to end once, because the second time would mean at once; one that then takes too
 * long is killed. Forks, signals and clocks are the caller's. Times are monotonic milliseconds.
 */
#ifndef PROCESS_CHILDREN_H
#define PROCESS_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/list.h"

/* What a worker is started as. */
struct child_place {
    unsigned index;  /* among its generation, from 0 */
    bool has_others; /* who serve until it is ready */
};

struct children_ops {
    pid_t (*spawn)(void *context, const struct child_place *place); /* -1: not possible now */
    void (*end)(void *context, pid_t pid);                          /* asks it to end */
    void (*kill)(void *context, pid_t pid);                         /* ends it */
    void *context;
};

struct child {
    struct list link; /* in children->current or children->retired */
    pid_t pid;        /* 0: none runs at this place */
    unsigned index;
    bool is_ready, was_asked; /* to end */
    int64_t patience_ms;      /* how long it may take to end */
    int64_t kill_at_ms;       /* INT64_MAX: never */
    int64_t started_ms;
    int64_t not_before_ms; /* it is not started again before */
    int64_t pause_ms;      /* the last pause before that */
};

struct children {
    struct children_ops ops;
    struct list current; /* private, as is all that follows: the places of this generation */
    struct list retired; /* earlier ones, that serve until this generation is ready, or are ending */
    bool is_ending;
};

void children_init(struct children *children, const struct children_ops *ops);

/* Forgets all; ends none. */
void children_fini(struct children *children);

/*
 * Begins a generation of so many workers, each of which may take `patience_ms` to end. The present one serves until it
 * is ready.
 */
void children_begin(struct children *children, unsigned count, int64_t patience_ms);

/* Takes over a process as one of an earlier generation: one that serves, or one that was asked to end already. */
void children_adopt(struct children *children, pid_t pid, int64_t patience_ms);
void children_adopt_ending(struct children *children, pid_t pid, int64_t patience_ms, int64_t now_ms);

/* Starts whom it is time to start, ends the earlier ones when nobody needs them, and kills who does not end. */
void children_tend(struct children *children, int64_t now_ms);

/* When children_tend has something to do next by itself, or INT64_MAX. */
int64_t children_due(const struct children *children);

/* A worker serves. A pid that is none of ours is ignored. */
void children_on_ready(struct children *children, pid_t pid);

/*
 * A process has ended. Returns whether it was a worker that should not have; *pause_ms then is how long its place stays
 * empty.
 */
bool children_on_exit(struct children *children, pid_t pid, int64_t now_ms, int64_t *pause_ms);

/* All of the present generation serve. */
bool children_are_ready(const struct children *children);

/* Starts nobody any more and asks all to end; called again, it asks all again. */
void children_end(struct children *children, int64_t now_ms);

/* Nobody is left. */
bool children_have_ended(const struct children *children);

/* Calls `visit` for every process. */
void children_visit(const struct children *children, void (*visit)(void *context, const struct child *child),
                    void *context);

#endif
