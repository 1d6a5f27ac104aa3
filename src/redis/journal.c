/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/journal.h"

static void note_ready(struct journal *journal)
{
    bool was_ready = journal->is_ready;
    bool is_linked = recorder_is_linked(&journal->recorder);

    journal->is_ready = is_linked && (was_ready || reader_is_current(&journal->reader));
    if (journal->is_ready && !was_ready && journal->events.on_ready != NULL)
        journal->events.on_ready(journal->events.owner);
}

static void on_failed(void *owner, const char *reason)
{
    struct journal *journal = owner;
    if (journal->events.on_failed != NULL)
        journal->events.on_failed(journal->events.owner, reason);
}

/* --- commands ------------------------------------------------------------------------------------------------- */

static void on_commands_connected(void *owner)
{
    struct journal *journal = owner;
    rights_check(&journal->rights, &journal->commands.link);
}

static void on_commands_ready(void *owner)
{
    struct journal *journal = owner;
    recorder_on_commands_ready(&journal->recorder);
    histories_on_commands_ready(&journal->histories);
}

static void on_commands_lost(void *owner)
{
    struct journal *journal = owner;
    recorder_on_commands_lost(&journal->recorder);
}

/* --- recorder ------------------------------------------------------------------------------------------------- */

static void on_unsubscribed(void *owner, const char *reason)
{
    struct journal *journal = owner;
    rights_note_unsubscribed(&journal->rights, reason);
    on_failed(journal, reason);
}

static void on_log_end(void *owner, struct event_id end, struct event_id last_break)
{
    struct journal *journal = owner;

    histories_set_break(&journal->histories, last_break);
    if (journal->is_following) {
        reader_expect_end(&journal->reader, end);
        hub_confirm_end(journal->hub, end);
        return;
    }
    journal->is_following = true;
    reader_place(&journal->reader, end);
}

/* --- reader --------------------------------------------------------------------------------------------------- */

static void on_acknowledged(void *owner, struct span marker, uint64_t position)
{
    struct journal *journal = owner;
    recorder_acknowledge(&journal->recorder, marker, position);
}

static void on_break(void *owner, struct event_id id)
{
    struct journal *journal = owner;
    histories_set_break(&journal->histories, id);
}

/* What came in during a turn leaves in one call. */
static void on_turn_end(struct ev_loop *loop, ev_prepare *prepare, int events)
{
    struct journal *journal = prepare->data;

    (void)loop;
    (void)events;
    reader_expect(&journal->reader, recorder_largest(&journal->recorder));
    recorder_flush(&journal->recorder);
    note_ready(journal);
}

/* --- life ----------------------------------------------------------------------------------------------------- */

static void init_commands(struct journal *journal, struct ev_loop *loop, const struct redis_address *address)
{
    const struct rights_events rights_events = {.on_refused = on_failed, .owner = journal};
    const struct commands_events events = {.on_connected = on_commands_connected,
                                           .on_ready = on_commands_ready,
                                           .on_lost = on_commands_lost,
                                           .on_failed = on_failed,
                                           .owner = journal};

    rights_init(&journal->rights, &journal->keys, address->user, &rights_events);
    commands_init(&journal->commands, loop, address, &events, &journal->links);
}

static void init_recorder(struct journal *journal, struct ev_loop *loop, const struct journal_config *config,
                          struct counters *counters)
{
    const struct recorder_events events = {.on_log_end = on_log_end, .on_failed = on_unsubscribed, .owner = journal};
    const struct recorder_config recorder_config = {.address = config->address,
                                                    .keys = &journal->keys,
                                                    .part = config->part,
                                                    .max_message_bytes = config->max_message_bytes,
                                                    .log_length = config->log_length,
                                                    .history_length = config->history_length,
                                                    .history_ttl_ms = config->history_ttl_ms};

    recorder_init(&journal->recorder, loop, &journal->commands, &recorder_config, &journal->reader.position, &events,
                  &journal->links, counters);
}

void journal_init(struct journal *journal, struct ev_loop *loop, const struct journal_config *config,
                  const struct source_events *events, struct counters *counters)
{
    const struct reader_events reader_events = {
        .on_acknowledged = on_acknowledged, .on_break = on_break, .owner = journal};

    *journal = (struct journal){.loop = loop};
    if (events != NULL)
        journal->events = *events;
    keys_init(&journal->keys, config->prefix);
    link_stats_register(&journal->links, counters);
    ev_prepare_init(&journal->turn_end, on_turn_end);
    journal->turn_end.data = journal;
    init_commands(journal, loop, config->address);
    init_recorder(journal, loop, config, counters);
    reader_init(&journal->reader, loop, config->address, &journal->keys, &reader_events, &journal->links, counters);
    histories_init(&journal->histories, &journal->commands, &journal->keys, config->history_length,
                   config->history_ttl_ms, counters);
}

const struct hub_source *journal_source(const struct journal *journal)
{
    return &journal->histories.source;
}

void journal_set_hub(struct journal *journal, struct hub *hub)
{
    journal->hub = hub;
    reader_set_hub(&journal->reader, hub);
    histories_set_hub(&journal->histories, hub);
}

/* The connection for commands goes first: its answers are still expected by all others. */
void journal_fini(struct journal *journal)
{
    ev_prepare_stop(journal->loop, &journal->turn_end);
    commands_fini(&journal->commands);
    recorder_fini(&journal->recorder);
    reader_fini(&journal->reader);
    histories_fini(&journal->histories);
    rights_fini(&journal->rights);
    keys_fini(&journal->keys);
}

void journal_start(struct journal *journal)
{
    commands_start(&journal->commands);
    recorder_start(&journal->recorder);
    reader_start(&journal->reader);
    ev_prepare_start(journal->loop, &journal->turn_end);
}

void journal_end(struct journal *journal)
{
    recorder_end(&journal->recorder);
}

bool journal_has_ended(const struct journal *journal)
{
    return recorder_has_ended(&journal->recorder);
}
