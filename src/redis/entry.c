/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/entry.h"

static struct span span_of_string(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING ? (struct span){reply->str, reply->len} : (struct span){0};
}

static bool is_list(const redisReply *reply, size_t elements)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements == elements;
}

bool entry_read(struct entry *entry, const redisReply *reply)
{
    if (!is_list(reply, 2) || reply->element[1]->type != REDIS_REPLY_ARRAY || reply->element[1]->elements % 2 != 0)
        return false;
    entry->id_text = span_of_string(reply->element[0]);
    entry->fields = reply->element[1];
    return event_id_parse(entry->id_text, "", &entry->id);
}

void entry_for_each(const redisReply *reply, void (*call)(void *context, const struct entry *entry), void *context)
{
    struct entry entry;

    if (!is_list(reply, 1) || !is_list(reply->element[0], 2))
        return;
    const redisReply *entries = reply->element[0]->element[1];
    if (entries->type != REDIS_REPLY_ARRAY)
        return;
    for (size_t i = 0; i < entries->elements; i++)
        if (entry_read(&entry, entries->element[i]))
            call(context, &entry);
}

static const redisReply *find(const struct entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->fields->elements; i += 2)
        if (span_equals(span_of_string(entry->fields->element[i]), name))
            return entry->fields->element[i + 1];
    return NULL;
}

bool entry_has(const struct entry *entry, const char *name)
{
    return find(entry, name) != NULL;
}

struct span entry_get(const struct entry *entry, const char *name)
{
    const redisReply *value = find(entry, name);
    return value != NULL ? span_of_string(value) : (struct span){0};
}

struct event_id entry_get_id(const struct entry *entry, const char *name)
{
    struct event_id id;
    return event_id_parse(entry_get(entry, name), "", &id) ? id : EVENT_ID_NONE;
}

void entry_read_envelope(const struct entry *entry, struct envelope *envelope)
{
    envelope_set(envelope, &(struct envelope_fields){.data = entry_get(entry, "data"),
                                                     .event = entry_get(entry, "event"),
                                                     .id = entry_get(entry, "id"),
                                                     .retry = entry_get(entry, "retry")});
}

struct message entry_message(const struct entry *entry, struct span channel, const char *tag, struct envelope *envelope)
{
    entry_read_envelope(entry, envelope);
    return (struct message){.id = entry->id,
                            .tag = tag,
                            .application_id = envelope->id,
                            .channel = channel,
                            .event = envelope->event,
                            .data = envelope->data,
                            .retry_ms = envelope->retry_ms};
}
