/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options: what the command line asks for, checked and resolved. One table drives the flags, their
 * ranges and --help. Texts point into argv.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "address.h"
#include "outlet.h"
#include "procstat.h"
#include "transport.h"

enum options_mode {
    OPTIONS_PUBLISH, /* publish at a rate, receive, compare */
    OPTIONS_ONCE,    /* publish one message, and the next one when all have it */
    OPTIONS_LISTEN,  /* publish nothing, receive what others publish: --rate 0 */
    OPTIONS_IDLE,    /* hold the streams */
    OPTIONS_REPLAY   /* receive what was published before */
};

struct options {
    enum options_mode mode;
    const struct transport *transport;
    const struct outlet *outlet;
    struct address server;
    struct address publish_to;
    const char *path;
    const char *publish;
    unsigned streams;
    unsigned channels;
    const char *last_event_id; /* with which a stream first asks; empty: none */
    unsigned replay;           /* messages of the history that each stream is to get */
    unsigned slow;             /* of the streams, so many do not read */
    unsigned connect_burst;
    unsigned size;
    double rate;
    double seconds;
    double idle;
    double drain;
    double open_timeout;
    unsigned messages; /* OPTIONS_ONCE: to be published, one after the other */
    bool reconnect;
    bool from_any;
    bool json;
    struct procstat procstat;
};

enum options_verdict {
    OPTIONS_RUN,
    OPTIONS_HELP, /* --help was printed to stdout */
    OPTIONS_WRONG /* what is wrong was printed to stderr */
};

enum options_verdict options_parse(struct options *options, int argc, char **argv);

#endif
