/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a request wants to go on. The first that is found wins: the header Last-Event-ID (WHATWG HTML §9.2.3), the
 * query parameters lastEventId, last-event-id, last_event_id (polyfills send them), since, and timestamp.
 */
#ifndef HTTP_POSITION_H
#define HTTP_POSITION_H

#include "http/params.h"
#include "http/query.h"
#include "push/resume.h"

/*
 * Reads the position into *resume, which then points into the query or the params. Returns 0, or -1 when a timestamp is
 * no number of milliseconds.
 */
int position_read(const struct params *params, const struct query *query, struct resume *resume);

#endif
