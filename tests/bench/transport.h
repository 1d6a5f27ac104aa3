/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transport: how a stream is asked for and how the body is taken out of what comes back. One const
 * struct of functions is one transport; it neither holds a descriptor nor knows what the body means.
 * HTTP/1.1 asks a web server, FastCGI asks a responder straight, as a web server would.
 */
#ifndef BENCH_TRANSPORT_H
#define BENCH_TRANSPORT_H

#include "answer.h"
#include "fastcgi_response.h"
#include "http_response.h"

/* What to ask for; the texts are only read during the call. */
struct transport_request {
    const char *host;          /* for a Host header */
    const char *path;          /* path and query */
    const char *last_event_id; /* empty: none */
    bool is_kept;              /* FastCGI: the connection is for further requests, too */
};

/* The reader's state, embedded in each stream. */
union transport_state {
    struct http_response http;
    struct fastcgi_response fastcgi;
};

struct transport {
    const char *name;
    /* Writes the request's bytes into `out`; returns their number, or -1 when `size` is too small.
     * The same request always yields the same bytes. */
    int (*request)(char *out, size_t size, const struct transport_request *request);
    /* Makes ready for the answer on a new connection. */
    void (*start)(union transport_state *state);
    /* As http_response_next. */
    enum answer_part (*next)(union transport_state *state, const char **cursor, const char *end,
                             struct answer_slice *body);
    /* The head, complete after ANSWER_HEAD; lives as long as the state. */
    const struct answer_head *(*head)(const union transport_state *state);
};

extern const struct transport transport_http;
extern const struct transport transport_fastcgi;

#endif
