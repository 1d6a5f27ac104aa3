/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The web-server side of a program that was started as plain CGI (RFC 3875): one request, which is the environment, and
 * one answer, which is written unframed. It is used as FastCGI is (fcgi/fastcgi.h); endpoints cannot tell. When it has
 * ended, so should the process.
 *
 * A body is read and forgotten while the answer goes out: no endpoint wants one.
 */
#ifndef FCGI_CGI_H
#define FCGI_CGI_H

#include "base/counters.h"
#include "base/timeouts.h"
#include "fcgi/discard.h"
#include "fcgi/handler.h"
#include "fcgi/outlet.h"

struct cgi_config {
    char *const *environment; /* of the request, valid until cgi_fini */
    const char *program;      /* the name by which it was started, likewise */
    int input_fd;             /* where a body comes from; not owned */
    int output_fd;            /* where the answer goes; owned */
    int64_t drain_timeout_ms; /* for a peer to take the end of the answer, and to send the end of the body */
};

struct cgi_stats {
    struct counter requests, timed_out, bytes_sent;
};

struct cgi {
    struct cgi_config config;
    struct request_handler handler;
    struct cgi_stats stats;
    int64_t now_ms;
    struct outlet_owner owner; /* private, as is all that follows */
    struct outlet outlet;      /* stopped when nothing is left to be done */
    struct discard body;
    struct timeouts draining;
    struct timeout deadline;
    int old_flags;     /* of the descriptor, which others may share */
    bool shows_client; /* the descriptor says when its reader goes away */
    bool is_nph;       /* the head is still to be made one of HTTP */
    bool is_complete;  /* the answer is, but for what is kept */
    bool has_ended;
};

/* True when this process was started to answer one request: GATEWAY_INTERFACE says CGI (RFC 3875 §4.1.4). */
bool cgi_is_requested(char *const *environment);

/*
 * Takes the answer's way out of the hands of all others: returns a new descriptor for what `fd` was, and makes `fd`
 * /dev/null. So nothing else is written into the answer, and closing the new one shows the web server its end. Returns
 * -1 with errno when it cannot, and `fd` is as before.
 */
int cgi_take_output(int fd);

void cgi_init(struct cgi *cgi, struct ev_loop *loop, const struct cgi_config *config,
              const struct request_handler *handler, struct counters *counters);

/* Closes the output, whatever is on its way. */
void cgi_fini(struct cgi *cgi);

/* Calls the handler. Once, after cgi_set_time, not from inside a callback. */
void cgi_start(struct cgi *cgi);

/* Tells the time, monotonic milliseconds, once a turn. */
void cgi_set_time(struct cgi *cgi, int64_t now_ms);

/* When cgi_expire has something to do next, or TIMEOUT_NEVER. */
int64_t cgi_due(const struct cgi *cgi);

/* Gives up what took too long at the end. */
void cgi_expire(struct cgi *cgi);

/* Ends, outside all chains of callbacks, what became over in this turn: closes the output and tells the subscriber. */
void cgi_reap(struct cgi *cgi);

/* Waits for nothing but an answer that is on its way. A subscriber is ended by the hub before. */
void cgi_end(struct cgi *cgi);

/* True after the cgi_reap that closed the output: all is written, or nobody is there to take it. */
bool cgi_has_ended(const struct cgi *cgi);

#endif
