/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/cors.h"

#include <string.h>

#include "base/host_port.h"

enum match { MATCH_NONE, MATCH_ANY, MATCH_LISTED };

static enum match match(const struct option_list *allowed, const char *origin)
{
    enum match best = MATCH_NONE;
    for (size_t i = 0; i < allowed->count; i++) {
        if (strcmp(allowed->items[i], "*") == 0)
            best = MATCH_ANY;
        else if (origin != NULL && strcmp(allowed->items[i], origin) == 0)
            return MATCH_LISTED;
    }
    return best;
}

void cors_add_headers(const struct option_list *allowed, const char *origin, struct buffer *out)
{
    /* Also without an Origin: a cache must not serve the answer to one origin to another. */
    buffer_add_string(out, "Vary: Origin\r\n");
    switch (match(allowed, origin)) {
    case MATCH_NONE:
        return;
    case MATCH_ANY:
        buffer_add_string(out, "Access-Control-Allow-Origin: *\r\n");
        break;
    case MATCH_LISTED:
        buffer_printf(out, "Access-Control-Allow-Origin: %s\r\nAccess-Control-Allow-Credentials: true\r\n", origin);
        break;
    }
    buffer_add_string(out, "Access-Control-Expose-Headers: Push-Position\r\n");
}

void cors_add_preflight_headers(const struct option_list *allowed, const char *origin, struct buffer *out)
{
    if (match(allowed, origin) == MATCH_NONE)
        return;
    buffer_add_string(out, "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
                           "Access-Control-Allow-Headers: last-event-id, authorization\r\n"
                           "Access-Control-Max-Age: 86400\r\n");
}

const char *cors_check_origin(const char *origin)
{
    static const char wrong[] = "is no origin; write it as a browser sends it, https://www.example.org[:port], or *";
    const char *scheme_end = strstr(origin, "://");
    struct host_port parsed;

    if (strcmp(origin, "*") == 0)
        return NULL;
    if (scheme_end == NULL || scheme_end == origin || !host_port_parse(span_of(scheme_end + 3), &parsed))
        return wrong;
    for (const char *c = origin; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || (*c >= 'A' && *c <= 'Z'))
            return wrong;
    return NULL;
}
