/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The FastCGI side of the program: all connections from the web server, and the function that is called for each
 * request. Connections are freed in one place only, fastcgi_reap at the end of a turn of the loop, never inside a chain
 * of callbacks.
 */
#ifndef FCGI_FASTCGI_H
#define FCGI_FASTCGI_H

#include <ev.h>

#include "base/counters.h"
#include "base/list.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "fcgi/framing.h"
#include "fcgi/handler.h"
#include "fcgi/intake.h"
#include "fcgi/outlet.h"

/* How much is read from one connection in one turn. */
enum { FASTCGI_INPUT_SIZE = 65536 };

struct fastcgi_config {
    struct intake_limits limits;
    int64_t request_timeout_ms; /* for a request to arrive whole, and for a new connection to begin one */
    int64_t drain_timeout_ms;   /* for a peer to take the end of an answer */

    /* At the end: gives a connection between two requests to another process, unless it returns false. May be NULL. */
    bool (*pass_on)(void *context, int fd);
    void *context;
};

struct fastcgi_stats {
    struct counter connections_open, connections_accepted, passed_on, requests, aborted, protocol_errors, timed_out,
        bytes_sent;
};

struct fastcgi {
    struct fastcgi_config config;
    struct request_handler handler;
    struct fastcgi_stats stats;
    int64_t now_ms;
    bool is_ending;              /* private, as is all that follows */
    struct outlet_owner outlets; /* of all connections */
    struct list connections;     /* alive */
    struct list leaving;         /* likewise, and to leave at the end of the turn, because the end has begun */
    struct list doomed;          /* to be freed at the end of the turn */
    struct timeouts incoming;
    struct timeouts draining;
    struct timeouts lingering; /* at the end: without a whole request */
    struct framing framing;    /* of this turn */
    struct log_limit protocol_log;
    char *input; /* what a connection reads goes here first */
};

void fastcgi_init(struct fastcgi *fastcgi, struct ev_loop *loop, const struct fastcgi_config *config,
                  const struct request_handler *handler, struct counters *counters);

/* Closes all connections. */
void fastcgi_fini(struct fastcgi *fastcgi);

/* Takes over a non-blocking socket that was just accepted. */
void fastcgi_adopt(struct fastcgi *fastcgi, int fd);

/* Takes over one that another process passed on: the web server may keep it for as long as it likes. */
void fastcgi_adopt_kept(struct fastcgi *fastcgi, int fd);

/* Tells the time, monotonic milliseconds, once a turn. */
void fastcgi_set_time(struct fastcgi *fastcgi, int64_t now_ms);

/* When fastcgi_expire has something to do next, or TIMEOUT_NEVER. */
int64_t fastcgi_due(const struct fastcgi *fastcgi);

/* Closes what took too long. */
void fastcgi_expire(struct fastcgi *fastcgi);

/* Frees the connections that ended in this turn, and tells their subscribers. */
void fastcgi_reap(struct fastcgi *fastcgi);

/*
 * The end has begun: each connection is passed on or closed when its request is answered, or soon when it has none.
 * Streams are the hub's to end.
 */
void fastcgi_end(struct fastcgi *fastcgi);

#endif
