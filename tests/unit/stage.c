/* SPDX-License-Identifier: BSD-2-Clause */
#include "stage.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "push/format_sse.h"

const struct hub_config stage_config = {
    .format = &format_sse,
    .history_length = 16,
    .ring_memory_bytes = 1 << 20,
    .max_message_bytes = 200000,
    .ring_linger_ms = 60000,
    .heartbeat_ms = 15000,
    .poll_timeout_ms = 30000,
    .retry_ms = 3000,
    .max_age_ms = 1800000,
};

static void init(struct stage *stage, const struct hub_config *config, const char *tag)
{
    /* Refusals are asked for here, and need not be read. */
    log_open("unit", LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
    counters_init(&stage->counters);
    hub_init(&stage->hub, config, tag, &stage->counters);
    hub_set_time(&stage->hub, 1000);
}

void stage_init(struct stage *stage, const struct hub_config *config)
{
    init(stage, config != NULL ? config : &stage_config, STAGE_TAG);
    stage->hub.position = (struct event_id){.ms = STAGE_MS, .seq = 0};
}

void stage_init_log(struct stage *stage, const struct hub_config *config)
{
    init(stage, config, "");
}

void stage_fini(struct stage *stage)
{
    /* A test that failed has left subscribers; that it failed is what is to be read then. */
    if (stage->hub.stats.streams_open.value == 0 && stage->hub.stats.polls_open.value == 0)
        hub_fini(&stage->hub);
}

int stage_set_up(void **state)
{
    static struct stage stage;
    stage_init(&stage, NULL);
    *state = &stage;
    return 0;
}

int stage_tear_down(void **state)
{
    stage_fini(*state);
    return 0;
}

void stage_publish(struct stage *stage, const char *channel, const char *payload)
{
    hub_publish(&stage->hub, span_of(channel), span_of(payload));
}

void stage_publish_long(struct stage *stage, const char *channel, char c, size_t len)
{
    char *payload = alloc_bytes(len);
    memset(payload, c, len);
    hub_publish(&stage->hub, span_of(channel), (struct span){payload, len});
    free(payload);
}

void stage_wait(struct stage *stage, int64_t ms)
{
    hub_set_time(&stage->hub, stage->hub.now_ms + ms);
    hub_expire(&stage->hub);
}
