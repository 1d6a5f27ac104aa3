/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/source.h"

void source_init(struct source *source, enum source_kind kind, struct ev_loop *loop,
                 const struct journal_config *config, const struct source_events *events, struct counters *counters)
{
    *source = (struct source){.kind = kind, .loop = loop, .config = *config, .counters = counters};
    if (events != NULL)
        source->events = *events;
    if (kind == SOURCE_LOG)
        journal_init(&source->journal, loop, config, events, counters);
}

const struct hub_source *source_of_histories(const struct source *source)
{
    return source->kind == SOURCE_LOG ? journal_source(&source->journal) : NULL;
}

void source_set_hub(struct source *source, struct hub *hub)
{
    if (source->kind == SOURCE_LOG)
        journal_set_hub(&source->journal, hub);
    else
        pubsub_init(&source->pubsub, source->loop, source->config.address, source->config.prefix, hub, &source->events,
                    source->counters);
}

void source_start(struct source *source)
{
    if (source->kind == SOURCE_LOG)
        journal_start(&source->journal);
    else
        pubsub_start(&source->pubsub);
}

void source_end(struct source *source)
{
    if (source->kind == SOURCE_LOG)
        journal_end(&source->journal);
}

bool source_has_ended(const struct source *source)
{
    return source->kind == SOURCE_MEMORY || journal_has_ended(&source->journal);
}

void source_fini(struct source *source)
{
    if (source->kind == SOURCE_LOG)
        journal_fini(&source->journal);
    else
        pubsub_fini(&source->pubsub);
}
