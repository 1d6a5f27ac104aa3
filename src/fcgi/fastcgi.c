/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/fastcgi.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "fcgi/connection.h"

/* A web server may be sending a request on the connection that it is about to lose. */
enum { LINGER_MS = 500 };

static void register_counters(struct fastcgi_stats *stats, struct counters *counters)
{
    counters_register(counters, &stats->connections_open, "connections.open");
    counters_register(counters, &stats->connections_accepted, "connections.accepted");
    counters_register(counters, &stats->passed_on, "connections.passed_on");
    counters_register(counters, &stats->requests, "requests.received");
    counters_register(counters, &stats->aborted, "requests.aborted");
    counters_register(counters, &stats->timed_out, "connections.timed_out");
    counters_register(counters, &stats->protocol_errors, "connections.protocol_errors");
    counters_register(counters, &stats->bytes_sent, "bytes.sent");
}

void fastcgi_init(struct fastcgi *fastcgi, struct ev_loop *loop, const struct fastcgi_config *config,
                  const struct request_handler *handler, struct counters *counters)
{
    *fastcgi = (struct fastcgi){.config = *config, .handler = *handler};
    fastcgi->outlets =
        (struct outlet_owner){.ops = &connection_outlet_ops,
                              .loop = loop,
                              .output = {.write = output_write_socket, .sent_bytes = &fastcgi->stats.bytes_sent.value}};
    register_counters(&fastcgi->stats, counters);
    list_init(&fastcgi->connections);
    list_init(&fastcgi->leaving);
    list_init(&fastcgi->doomed);
    timeouts_init(&fastcgi->incoming, config->request_timeout_ms);
    timeouts_init(&fastcgi->draining, config->drain_timeout_ms);
    timeouts_init(&fastcgi->lingering, LINGER_MS);
    fastcgi->input = alloc_bytes(FASTCGI_INPUT_SIZE);
}

void fastcgi_fini(struct fastcgi *fastcgi)
{
    LIST_FOR_EACH_SAFE(link, &fastcgi->connections)
        connection_doom_link(link);
    LIST_FOR_EACH_SAFE(link, &fastcgi->leaving)
        connection_doom_link(link);
    fastcgi_reap(fastcgi);
    free(fastcgi->input);
}

void fastcgi_adopt(struct fastcgi *fastcgi, int fd)
{
    connection_open(fastcgi, fd, &fastcgi->incoming);
}

void fastcgi_adopt_kept(struct fastcgi *fastcgi, int fd)
{
    connection_open(fastcgi, fd, NULL);
}

void fastcgi_set_time(struct fastcgi *fastcgi, int64_t now_ms)
{
    fastcgi->now_ms = now_ms;
}

int64_t fastcgi_due(const struct fastcgi *fastcgi)
{
    const int64_t dues[] = {timeouts_due(&fastcgi->incoming), timeouts_due(&fastcgi->draining),
                            timeouts_due(&fastcgi->lingering)};
    return timeout_earliest(dues, sizeof(dues) / sizeof(dues[0]));
}

static void expire(struct timeouts *timeouts, int64_t now_ms)
{
    struct timeout *deadline;
    while ((deadline = timeouts_take_due(timeouts, now_ms)) != NULL)
        connection_on_timeout(deadline);
}

void fastcgi_expire(struct fastcgi *fastcgi)
{
    expire(&fastcgi->incoming, fastcgi->now_ms);
    expire(&fastcgi->draining, fastcgi->now_ms);
    expire(&fastcgi->lingering, fastcgi->now_ms);
}

void fastcgi_reap(struct fastcgi *fastcgi)
{
    while (!list_is_empty(&fastcgi->leaving))
        connection_leave(fastcgi->leaving.next);
    while (!list_is_empty(&fastcgi->doomed))
        connection_reap(fastcgi->doomed.next);
    framing_clear(&fastcgi->framing);
}

void fastcgi_end(struct fastcgi *fastcgi)
{
    fastcgi->is_ending = true;
    LIST_FOR_EACH_SAFE(link, &fastcgi->connections)
        list_move_to_end(&fastcgi->leaving, link);
}
