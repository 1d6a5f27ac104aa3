/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Polls at a hub: a stage with a stream that keeps the rings of the channels a, b and c, and clients that poll there.
 * Channels have names of one letter. Answers come as SSE frames, so that the reader of streams can judge them.
 */
#ifndef UNIT_POLLING_H
#define UNIT_POLLING_H

#include "client.h"
#include "push/poll.h"
#include "stage.h"

enum { TIMEOUT_MS = 5000 };

/* One poll, and what it was answered with. */
struct asked {
    struct fake_sink sink;
    struct buffer stream; /* all pieces */
    size_t pieces;
    struct event_id position;
    unsigned answers, refusals, frees;
    enum poll_refusal reason; /* of the refusal */
};

struct polling {
    struct stage stage;
    struct client keeper;
    struct asked asked[3];
};

/* For cmocka: *state is a struct polling. The second one has rings of three events. */
int polling_set_up(void **state);
int polling_set_up_short(void **state);
int polling_tear_down(void **state);

/* Asks for the channels of the letters; what was asked before is forgotten. */
void polling_ask(struct polling *polling, struct asked *asked, const char *names, struct poll_request request);

#define SINCE(text) .subscription.resume = {.kind = RESUME_AFTER_ID, .id = span_of(text)}
#define ALL .subscription.resume = {.kind = RESUME_ALL}
#define AFTER_MS(after_ms) .subscription.resume = {.kind = RESUME_AFTER_TIME, .ms = (after_ms)}
#define ASK(polling, asked, names, ...) polling_ask(polling, asked, names, (struct poll_request){__VA_ARGS__})

void assert_poll_waits(const struct asked *asked);

/* Answered once and forgotten, with these events ("data" or "gap") and the position `ms`-`seq`. */
void assert_poll_answer_at(const struct asked *asked, const char *events, uint64_t ms, uint64_t seq);

/* As assert_poll_answer_at in the first millisecond of the stage. */
void assert_poll_answer(const struct asked *asked, const char *events, uint64_t seq);

/* Publishes to the channels of the letters, with the letter and the number of the id as data. */
void polling_publish(struct polling *polling, const char *names);

/* The next id has the number 1 of a later millisecond. */
void polling_next_ms(struct polling *polling);

#endif
