/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to the endpoints of longpoll.fcgi, one after the other, and the last answer taken apart. The channels a, b
 * and user:* may be read, by pages of https://good.example too.
 */
#ifndef UNIT_VISIT_H
#define UNIT_VISIT_H

#include <json-c/json.h>

#include "endpoint/exchange.h"
#include "fake_sink.h"
#include "stage.h"

struct visit {
    struct stage stage;
    struct option_list allowed, origins;
    struct endpoint endpoint;
    struct fake_sink sink;
    char *headers;            /* of the last answer, lines ending with CRLF; NULL: none yet */
    struct span body;         /* what follows */
    struct json_object *json; /* it, parsed; NULL when it is empty */
};

/* For cmocka: *state is a struct visit. */
int visit_set_up(void **state);
int visit_tear_down(void **state);

/* Asks with these variables; the client of the request before has left. An answer that is there already is read. */
void visit_request(struct visit *visit, const char *const *variables);

#define REQUEST(visit, ...) visit_request(visit, (const char *const[]){__VA_ARGS__, NULL})
#define LIST(visit, query, ...)                                                                                        \
    REQUEST(visit, "REQUEST_METHOD=GET", "PATH_INFO=/list", "QUERY_STRING=" query, __VA_ARGS__)
#define SUBSCRIBE(visit, query, ...)                                                                                   \
    REQUEST(visit, "REQUEST_METHOD=GET", "PATH_INFO=/subscribe", "QUERY_STRING=" query, __VA_ARGS__)
/* No further variables. */
#define NO_MORE "OTHER=x"

/* Takes the answer apart, if there is one. What every answer must keep is checked here. */
void visit_read(struct visit *visit);

/* The client leaves, and its answer is forgotten. */
void visit_forget(struct visit *visit);

/* From now on the rings of a and b exist, and a has `count` events more, each in a millisecond of its own: "1", "2", …
 */
void visit_publish(struct visit *visit, int count);

void assert_visit_status(const struct visit *visit, const char *status);
void assert_visit_length(const struct visit *visit, size_t len);
void assert_visit_waits(const struct visit *visit);

/* A 200 with these data (of a gap: "gap") in its array. */
void assert_visit_events(const struct visit *visit, const char *expected);

/* This error, and nobody is left waiting. */
void assert_visit_error(const struct visit *visit, const char *status, const char *code);

#endif
