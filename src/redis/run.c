/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/run.h"

#include <inttypes.h>
#include <stdio.h>

void run_fini(struct run *run)
{
    request_fini(&run->keys);
    request_fini(&run->words);
    buffer_fini(&run->channels);
    buffer_fini(&run->key);
}

void run_clear(struct run *run)
{
    request_clear(&run->keys);
    request_clear(&run->words);
    buffer_clear(&run->channels);
}

bool run_is_full(const struct run *run)
{
    return run->keys.count >= RUN_ITEMS_LIMIT || run->words.words.len >= RUN_BYTES_LIMIT;
}

static void add(struct run *run, struct span key, struct span channel, struct span position, const char *kind)
{
    request_add(&run->keys, key);
    buffer_add(&run->channels, channel.data, channel.len);
    buffer_add_char(&run->channels, '\0');
    request_add(&run->words, position);
    request_add_text(&run->words, kind);
}

/* The words that all messages begin with. */
static void add_message(struct run *run, const struct keys *keys, struct span channel, struct span position,
                        const char *kind, struct event_id end)
{
    buffer_clear(&run->key);
    keys_add_history(keys, channel, &run->key);
    add(run, (struct span){run->key.data, run->key.len}, channel, position, kind);
    request_add(&run->words, channel);
    request_add_id(&run->words, end);
}

void run_add_event(struct run *run, const struct keys *keys, struct span position, struct span channel,
                   struct event_id end, const struct envelope *envelope)
{
    bool is_data = envelope->event.len == 0 && envelope->id.len == 0 && envelope->retry_ms == 0;
    char retry[24] = "";

    add_message(run, keys, channel, position, is_data ? "data" : "event", end);
    request_add(&run->words, envelope->data);
    if (is_data)
        return;
    if (envelope->retry_ms > 0)
        snprintf(retry, sizeof(retry), "%" PRId64, envelope->retry_ms);
    request_add(&run->words, envelope->event);
    request_add(&run->words, envelope->id);
    request_add_text(&run->words, retry);
}

void run_add_gap(struct run *run, const struct keys *keys, struct span position, struct span channel,
                 struct event_id end)
{
    add_message(run, keys, channel, position, "gap", end);
}

void run_add_marker(struct run *run, const struct keys *keys, struct span position, struct span marker)
{
    buffer_clear(&run->key);
    keys_add_counter(keys, marker, &run->key);
    add(run, (struct span){run->key.data, run->key.len}, (struct span){0}, position, "marker");
    request_add(&run->words, marker);
}

void run_add_drop(struct run *run, const struct keys *keys, struct span position)
{
    add(run, span_of(keys->inbox), (struct span){0}, position, "drop");
}
