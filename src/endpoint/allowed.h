/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What may be read at a mount: names of channels and prefix* patterns. The web server's request parameter PUSH_CHANNELS
 * overrules what the configuration allows: an empty list allows nothing, and what is no pattern in it is passed over.
 *
 * In that list %{REMOTE_USER} stands for the user whom the web server authenticated (RFC 3875 §4.1.11). A user's name
 * never becomes more than part of a name: it is made of the characters of channels, without '*', or the request is
 * refused. Without a user such an item allows nothing.
 */
#ifndef ENDPOINT_ALLOWED_H
#define ENDPOINT_ALLOWED_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/options.h"
#include "base/span.h"
#include "http/params.h"
#include "http/response.h"

struct allowed {
    bool lacks_user;                      /* an item was left out, because there is no user */
    bool is_given;                        /* private, as is all that follows: by the web server */
    struct span given;                    /* its list; in the params, or in `expanded` */
    struct buffer expanded;               /* the list with the user's name in it */
    const struct option_list *configured; /* the list otherwise; borrowed */
};

/* A place in the list; zero is its beginning. */
struct allowed_cursor {
    size_t at; /* private */
};

/* Reads the list. Returns 0, or -1 with the error to answer. Either way allowed_fini follows. */
int allowed_read(struct allowed *allowed, const struct option_list *configured, const struct params *params,
                 struct http_error *error);

/* Harmless when all of *allowed is zero. */
void allowed_fini(struct allowed *allowed);

/* One name or pattern after the other; false at the end. They are valid until allowed_fini. */
bool allowed_next(const struct allowed *allowed, struct allowed_cursor *cursor, struct span *pattern);

/* True when a channel of this name may be read. */
bool allowed_matches(const struct allowed *allowed, struct span name);

#endif
