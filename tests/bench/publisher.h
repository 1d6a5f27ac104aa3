/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * publisher: numbered messages at an even rate, from a thread of its own, so that neither a slow
 * outlet nor its answers disturb the receiving loop. Messages are made when they are due, in slices
 * of at most 1 ms, go over the channels in turn, and carry the time they were made. What cannot be
 * kept up with is not made up for beyond the end: the result says how many were offered and sent.
 *
 * The thread alone touches the outlet; the result may be read once publisher_is_done. Without the thread messages can
 * be sent one by one.
 */
#ifndef BENCH_PUBLISHER_H
#define BENCH_PUBLISHER_H

#include "outlet.h"

/* Smallest payload: a number of 20 digits, a space, a time of 20 digits, a space. */
#define PUBLISHER_SIZE_MIN 42u

struct publisher_options {
    const struct outlet *outlet;
    const struct address *address;
    const char *channel; /* a pattern of the channel's number */
    unsigned channels;
    size_t size; /* bytes of a payload, at least PUBLISHER_SIZE_MIN */
    double rate; /* messages per second over all channels */
    double seconds;
    uint64_t offered; /* messages in all, usually rate × seconds */
};

struct publisher_result {
    uint64_t sent; /* messages handed to the outlet */
    uint64_t started_ns;
    uint64_t finished_ns; /* after the last slice */
    uint64_t late_ns_max; /* how late the latest slice was */
    bool is_broken;       /* the connection broke or the answers did not come */
    struct outlet_progress progress;
};

struct publisher;

/* Connects; nothing is published yet. Returns NULL with the reason in `error`. */
struct publisher *publisher_new(const struct publisher_options *options, char *error, size_t error_size);

/* Starts the thread. Returns 0, or -1 with errno. */
int publisher_start(struct publisher *publisher);

/*
 * Publishes the next message now and in this thread, without waiting for the answer; for a publisher that is not
 * started. Returns 0, or -1 when it is broken, as the result then says.
 */
int publisher_send(struct publisher *publisher);

/* Waits for the answers to all that publisher_send has sent; returns 0, or -1 as it does. */
int publisher_settle(struct publisher *publisher);

/* Whether all is sent and answered, or given up. True also when it was never started. */
bool publisher_is_done(const struct publisher *publisher);

/* Asks the thread to make no more messages, and to wait no longer than 1 s for answers. */
void publisher_stop(struct publisher *publisher);

/* Valid until publisher_free. */
const struct publisher_result *publisher_result(const struct publisher *publisher);

/* The number of the last message sent on each channel; valid until publisher_free. */
const uint64_t *publisher_published(const struct publisher *publisher);

/* Stops and joins the thread, closes the outlet, frees everything. NULL is allowed. */
void publisher_free(struct publisher *publisher);

#endif
