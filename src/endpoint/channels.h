/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which channels a request asks for: in the query (channel=a&channel=b or channel=a,b) or, where the endpoint has them
 * there, in the path behind the mount (/events/a,b), checked against the names and patterns that this mount allows.
 */
#ifndef ENDPOINT_CHANNELS_H
#define ENDPOINT_CHANNELS_H

#include "base/options.h"
#include "base/span.h"
#include "endpoint/allowed.h"
#include "http/params.h"
#include "http/query.h"
#include "http/response.h"

/* More channels than this in one request can never be allowed. */
enum { CHANNELS_LIMIT = 255 };

struct channels_config {
    const struct option_list *allowed; /* names and prefix* patterns */
    const char *mount;                 /* path at which the program is mounted; NULL: see PATH_INFO */
    size_t max_channels;               /* at most CHANNELS_LIMIT */
};

struct channels {
    struct span names[CHANNELS_LIMIT]; /* valid, different, allowed; in params, query, config or `allowed` */
    size_t count;
    struct allowed allowed; /* private */
};

/*
 * Finds the path behind the mount, without its first slash. The web server's request parameter PUSH_MOUNT overrules the
 * configuration. Returns 0, or -1 with the error to answer when the request is not for the mount.
 */
int channels_find_path(const struct channels_config *config, const struct params *params, struct span *path,
                       struct http_error *error);

/*
 * Fills *channels, which holds nothing yet, from the path (empty: none there) or the query. Returns 0, or -1 with the
 * error to answer. Either way channels_fini follows, when the names are not needed any more.
 */
int channels_read(struct channels *channels, const struct channels_config *config, const struct params *params,
                  struct span path, const struct query *query, struct http_error *error);

/* Harmless when all of *channels is zero. */
void channels_fini(struct channels *channels);

#endif
