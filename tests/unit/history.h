/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hub that works on a log, whose reader and histories the test plays: what is asked of the source is noted, and
 * answered when the test says so. Events have numbers, and their ids rise with them: 5 is 9000000000000-5, and
 * 105 the 5 of the next millisecond. An event's data are its channel and its number, "a5".
 */
#ifndef UNIT_HISTORY_H
#define UNIT_HISTORY_H

#include "client.h"
#include "polling.h"
#include "stage.h"

enum { HISTORY_LOADS_LIMIT = 64 };

/* The text of an id below 100. */
#define LOG_ID(number) "9000000000000-" number

struct history {
    struct polling polling; /* without its keeper: nothing is asked for before the test does */
    struct stage *stage;    /* of the polls */
    struct hub *hub;
    struct hub_source source;
    struct load {
        char channel[8];
        uint64_t ticket;
        struct event_id until;
    } loads[HISTORY_LOADS_LIMIT]; /* all that was asked for, in order */
    size_t count;
};

/* A test whose state is a struct history: reading has begun at number 10, or not begun. */
#define HISTORY_TEST(name) cmocka_unit_test_setup_teardown(name, history_set_up, history_tear_down)
#define HISTORY_TEST_UNSTARTED(name) cmocka_unit_test_setup_teardown(name, history_set_up_unstarted, history_tear_down)
int history_set_up(void **state);
int history_set_up_unstarted(void **state);
int history_tear_down(void **state);

/* For other bounds than stage_config's; the source in the config is set here. */
void history_init(struct history *history, const struct hub_config *config);
void history_fini(struct history *history);

struct event_id history_id(uint64_t number);

/* The log's next entry is an event of the channel with this number. */
void history_append(struct history *history, const char *channel, uint64_t number);

/* The newest load of the channel that was asked for. The test fails when there is none. */
const struct load *history_find(const struct history *history, const char *channel);

/*
 * Answers the channel's newest load: the history lacks nothing behind the number `base`, and has the given numbers,
 * separated by spaces, with '!' before those of breaks.
 */
void history_answer(struct history *history, const char *channel, uint64_t base, const char *numbers);

/* The same with any ticket. */
void history_answer_ticket(struct history *history, const char *channel, uint64_t ticket, uint64_t base,
                           const char *numbers);

#endif
