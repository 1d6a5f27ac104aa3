/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The workers of --workers as real processes: they are forked, tell by a pipe that they serve, and get signals. Who is
 * started and ended when is process/children.h's to say.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include "configuration.h"
#include "process/children.h"
#include "process/relay.h"
#include "process/socket.h"
#include "process/upgrade.h"
#include "program.h"

struct workers {
    const struct program *program;
    const struct configuration *configuration; /* of the present generation */
    struct listen_socket *socket;
    int private_fd;
    struct children children; /* private, as is all that follows */
    int ready[2];             /* a pipe: workers write their pid when they serve */
    struct relay relay;       /* by which those that end pass connections on to the others */
    bool is_starting;
};

/*
 * Starts nobody yet. The socket must outlive it; `private_fd` is a descriptor of the parent's that workers close.
 * Returns 0, or -1 with errno. workers_fini in both cases.
 */
int workers_init(struct workers *workers, const struct program *program, struct listen_socket *socket, int private_fd);

/* Ends none. */
void workers_fini(struct workers *workers);

/* From now on workers with this configuration are wanted, which must outlive them; the present ones serve until then.
 */
void workers_begin(struct workers *workers, const struct configuration *configuration);

/* Takes over those of an earlier version of the program, before workers_begin. */
void workers_adopt(struct workers *workers, const struct upgrade *predecessor, const struct settings *settings);

/* Those that a later version of the program is to adopt. */
void workers_export(const struct workers *workers, struct upgrade *upgrade);

/*
 * Starts, ends and kills whom it is time to. Returns whether all that workers_begin wanted serve now, once for each
 * call of that. In the workers, which are forked inside, it does not return.
 */
bool workers_tend(struct workers *workers);

/* When workers_tend has something to do by itself, in monotonic milliseconds, or INT64_MAX. */
int64_t workers_due(const struct workers *workers);

/* Readable when workers_read_ready has something to do. */
int workers_ready_fd(const struct workers *workers);
void workers_read_ready(struct workers *workers);

/* A child process has ended, one of ours or not. */
void workers_on_exit(struct workers *workers, pid_t pid, int status);

/* Has each log its counters. */
void workers_report(const struct workers *workers);

/* Asks all to end; again: at once. */
void workers_end(struct workers *workers);

bool workers_have_ended(const struct workers *workers);

#endif
