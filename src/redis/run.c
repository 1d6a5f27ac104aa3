/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/run.h"

#include <inttypes.h>
#include <stdio.h>

void run_fini(struct run *run)
{
    request_fini(&run->keys);
    request_fini(&run->words);
    buffer_fini(&run->key);
}

void run_clear(struct run *run)
{
    request_clear(&run->keys);
    request_clear(&run->words);
}

bool run_is_full(const struct run *run)
{
    return run->keys.count >= RUN_ITEMS_LIMIT || run->words.words.len >= RUN_BYTES_LIMIT;
}

static void add(struct run *run, struct span position, const char *kind, struct span channel,
                const struct envelope_fields *fields)
{
    request_add(&run->words, position);
    request_add_text(&run->words, kind);
    request_add(&run->words, channel);
    request_add(&run->words, fields->data);
    request_add(&run->words, fields->event);
    request_add(&run->words, fields->id);
    request_add(&run->words, fields->retry);
}

static void add_history_key(struct run *run, const struct keys *keys, struct span channel)
{
    buffer_clear(&run->key);
    keys_add_history(keys, channel, &run->key);
    request_add(&run->keys, (struct span){run->key.data, run->key.len});
}

void run_add_event(struct run *run, const struct keys *keys, struct span position, struct span channel,
                   const struct envelope *envelope)
{
    char retry[24] = "";

    if (envelope->retry_ms > 0)
        snprintf(retry, sizeof(retry), "%" PRId64, envelope->retry_ms);
    add_history_key(run, keys, channel);
    add(run, position, "event", channel,
        &(struct envelope_fields){
            .data = envelope->data, .event = envelope->event, .id = envelope->id, .retry = span_of(retry)});
}

void run_add_gap(struct run *run, const struct keys *keys, struct span position, struct span channel)
{
    add_history_key(run, keys, channel);
    add(run, position, "gap", channel, &(struct envelope_fields){0});
}

void run_add_marker(struct run *run, const struct keys *keys, struct span position, struct span marker)
{
    buffer_clear(&run->key);
    keys_add_counter(keys, marker, &run->key);
    request_add(&run->keys, (struct span){run->key.data, run->key.len});
    add(run, position, "marker", (struct span){0}, &(struct envelope_fields){.data = marker});
}

void run_add_drop(struct run *run, const struct keys *keys, struct span position)
{
    request_add_text(&run->keys, keys->inbox);
    add(run, position, "drop", (struct span){0}, &(struct envelope_fields){0});
}
