/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/fastcgi.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "fcgi/connection.h"

static void register_counters(struct fastcgi_stats *stats, struct counters *counters)
{
    counters_register(counters, &stats->connections_open, "connections.open");
    counters_register(counters, &stats->connections_accepted, "connections.accepted");
    counters_register(counters, &stats->requests, "requests.received");
    counters_register(counters, &stats->aborted, "requests.aborted");
    counters_register(counters, &stats->timed_out, "connections.timed_out");
    counters_register(counters, &stats->protocol_errors, "connections.protocol_errors");
    counters_register(counters, &stats->bytes_sent, "bytes.sent");
}

void fastcgi_init(struct fastcgi *fastcgi, struct ev_loop *loop, const struct fastcgi_config *config,
                  const struct request_handler *handler, struct counters *counters)
{
    *fastcgi = (struct fastcgi){.loop = loop, .config = *config, .handler = *handler};
    register_counters(&fastcgi->stats, counters);
    list_init(&fastcgi->connections);
    list_init(&fastcgi->doomed);
    timeouts_init(&fastcgi->incoming, config->request_timeout_ms);
    timeouts_init(&fastcgi->draining, config->drain_timeout_ms);
    fastcgi->input = alloc_bytes(FASTCGI_INPUT_SIZE);
}

void fastcgi_fini(struct fastcgi *fastcgi)
{
    LIST_FOR_EACH_SAFE(link, &fastcgi->connections)
        connection_doom_link(link);
    fastcgi_reap(fastcgi);
    free(fastcgi->input);
}

void fastcgi_adopt(struct fastcgi *fastcgi, int fd)
{
    connection_open(fastcgi, fd);
}

void fastcgi_set_time(struct fastcgi *fastcgi, int64_t now_ms)
{
    fastcgi->now_ms = now_ms;
}

int64_t fastcgi_due(const struct fastcgi *fastcgi)
{
    int64_t incoming_due = timeouts_due(&fastcgi->incoming);
    int64_t draining_due = timeouts_due(&fastcgi->draining);
    return incoming_due < draining_due ? incoming_due : draining_due;
}

void fastcgi_expire(struct fastcgi *fastcgi)
{
    struct timeout *deadline;
    while ((deadline = timeouts_take_due(&fastcgi->incoming, fastcgi->now_ms)) != NULL)
        connection_on_timeout(deadline);
    while ((deadline = timeouts_take_due(&fastcgi->draining, fastcgi->now_ms)) != NULL)
        connection_on_timeout(deadline);
}

void fastcgi_reap(struct fastcgi *fastcgi)
{
    while (!list_is_empty(&fastcgi->doomed))
        connection_reap(fastcgi->doomed.next);
}

void fastcgi_end(struct fastcgi *fastcgi)
{
    fastcgi->is_ending = true;
    LIST_FOR_EACH_SAFE(link, &fastcgi->connections)
        connection_end_idle(link);
}
