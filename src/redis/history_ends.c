/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/history_ends.h"

#include <json-c/linkhash.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "push/channel_name.h"

enum {
    INITIAL_CHANNELS = 64,
    CHANNELS_LIMIT = 32768, /* some megabytes */
    LENGTH_PARTS = 8,
    LIFE_PARTS = 16,
};

struct history_end {
    struct event_id id;
    size_t added; /* entries since the script looked */
    int64_t looked_ms;
    char channel[];
};

static void free_end(struct lh_entry *entry)
{
    free(lh_entry_v(entry));
}

static struct lh_table *new_table(void)
{
    return lh_kchar_table_new(INITIAL_CHANNELS, free_end);
}

void history_ends_init(struct history_ends *ends, size_t history_length, int64_t history_ttl_ms)
{
    *ends = (struct history_ends){
        .channels = new_table(), .length = history_length / LENGTH_PARTS, .life_ms = history_ttl_ms / LIFE_PARTS};
}

void history_ends_fini(struct history_ends *ends)
{
    lh_table_free(ends->channels);
}

static struct history_end *find(const struct history_ends *ends, const char *channel)
{
    void *found = NULL;
    lh_table_lookup_ex(ends->channels, channel, &found);
    return found;
}

struct event_id history_ends_take(struct history_ends *ends, struct span channel, int64_t now_ms)
{
    char name[CHANNEL_NAME_LIMIT + 1];

    memcpy(name, channel.data, channel.len);
    name[channel.len] = '\0';
    struct history_end *end = find(ends, name);
    if (end == NULL)
        return EVENT_ID_NONE;
    if (end->added < ends->length && now_ms - end->looked_ms < ends->life_ms)
        return end->id;
    end->added = 0;
    end->looked_ms = now_ms;
    return EVENT_ID_NONE;
}

static struct history_end *add(struct history_ends *ends, const char *channel, int64_t now_ms)
{
    size_t size = strlen(channel) + 1;
    struct history_end *end = alloc_bytes(sizeof(*end) + size);

    *end = (struct history_end){.looked_ms = now_ms};
    memcpy(end->channel, channel, size);
    lh_table_insert(ends->channels, end->channel, end);
    return end;
}

static void forget_channels(struct history_ends *ends)
{
    if (lh_table_length(ends->channels) == 0)
        return;
    lh_table_free(ends->channels);
    ends->channels = new_table();
}

static void learn(struct history_ends *ends, const char *channel, struct event_id id, int64_t now_ms)
{
    struct history_end *end = find(ends, channel);
    if (end == NULL)
        end = add(ends, channel, now_ms);
    end->id = id;
    end->added++;
}

void history_ends_learn(struct history_ends *ends, const struct run *run, struct event_id log_end, int64_t now_ms)
{
    ends->log_end = log_end;
    if (run == NULL || run->keys.count == 0)
        return;
    struct event_id id = {log_end.ms, log_end.seq - run->keys.count};
    if ((size_t)lh_table_length(ends->channels) + run->keys.count > CHANNELS_LIMIT)
        forget_channels(ends);
    RUN_FOR_EACH_CHANNEL(channel, run)
    {
        id.seq++;
        if (channel[0] != '\0')
            learn(ends, channel, id, now_ms);
    }
}

void history_ends_forget(struct history_ends *ends, struct event_id log_end)
{
    forget_channels(ends);
    ends->log_end = log_end;
}
