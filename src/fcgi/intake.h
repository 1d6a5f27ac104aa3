/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The incoming side of one FastCGI connection as a state machine over bytes: it can be fed any pieces and never waits.
 * It walks the records, collects a request's PARAMS, discards its STDIN, and writes the answers that the protocol owes
 * for management records, unknown roles and a second request (FastCGI 1.0 §4, §5). No socket, no library: bad bytes
 * end here.
 *
 * One request at a time (FCGI_MPXS_CONNS is 0): from INTAKE_BEGIN to intake_finish. While it is answered, which may
 * take hours, nothing of it is kept but its id.
 */
#ifndef FCGI_INTAKE_H
#define FCGI_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "fcgi/record.h"

struct intake_limits {
    size_t params_bytes;  /* PARAMS of one request; also the STDIN that is swallowed */
    unsigned connections; /* told in answer to FCGI_MAX_CONNS and FCGI_MAX_REQS */
};

enum intake_event {
    INTAKE_MORE,     /* all bytes are used up */
    INTAKE_BEGIN,    /* a request began: intake->request_id, keeps_connection */
    INTAKE_PARAMS,   /* its PARAMS are complete, in parts->params */
    INTAKE_COMPLETE, /* its STDIN is complete, or longer than anyone may send */
    INTAKE_ABORT,    /* the web server aborts the request */
    INTAKE_REPLY,    /* bytes are to be sent: parts->reply, which the caller empties */
    INTAKE_REFUSED,  /* likewise, and then the connection is to be closed */
    INTAKE_BROKEN,   /* the peer does not speak FastCGI: parts->problem; close the connection */
};

enum intake_state { INTAKE_IDLE, INTAKE_IN_PARAMS, INTAKE_IN_STDIN, INTAKE_ACTIVE };

/* What has come of a record or a request that is not complete. */
struct intake_parts {
    struct buffer params; /* raw name-value pairs; the caller may free it after INTAKE_PARAMS */
    struct buffer reply;  /* records to be sent */
    const char *problem;

    /* private: the record at hand */
    const struct intake_limits *limits;
    struct record_header header;
    uint8_t header_bytes[RECORD_HEADER_LEN];
    uint8_t header_filled;
    bool is_in_record;
    uint16_t content_left;
    uint8_t padding_left;
    struct buffer content; /* of BEGIN_REQUEST and GET_VALUES, collected */
    size_t stdin_bytes;
};

struct intake {
    struct intake_parts *parts; /* NULL unless something is incomplete; there after each event but INTAKE_MORE */
    enum intake_state state;
    uint16_t request_id; /* of the request, unless the state is INTAKE_IDLE */
    bool keeps_connection;
    bool has_too_long_body; /* private */
};

void intake_init(struct intake *intake);

/* Forgets what has come of what is not complete. */
void intake_fini(struct intake *intake);

/*
 * Reads bytes off the front of *input up to the next event and returns it. To be called until it returns INTAKE_MORE;
 * not again after INTAKE_BROKEN. The limits must outlive the intake.
 */
enum intake_event intake_feed(struct intake *intake, const struct intake_limits *limits, struct span *input);

/* True when the web server may still be sending the body of the request at hand. */
bool intake_has_unread_body(const struct intake *intake);

/* True when nothing of a request has come since the last one was answered, or ever. */
bool intake_is_between_requests(const struct intake *intake);

/* The request is answered: what still comes of it is ignored, and the next one may begin. */
void intake_finish(struct intake *intake);

#endif
