/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/record_call.h"

void record_call_init(struct record_call *call, const struct keys *keys, struct commands *commands,
                      const struct record_call_limits *limits, const struct event_id *read,
                      const struct event_id *known_end, const struct record_call_events *events)
{
    *call = (struct record_call){
        .keys = keys, .commands = commands, .limits = *limits, .read = read, .known_end = known_end, .events = *events};
}

void record_call_fini(struct record_call *call)
{
    request_fini(&call->names);
    request_fini(&call->words);
}

static struct event_id read_id(const redisReply *reply)
{
    struct event_id id;
    bool is_id = reply->type == REDIS_REPLY_STRING && event_id_parse((struct span){reply->str, reply->len}, "", &id);
    return is_id ? id : EVENT_ID_NONE;
}

static void on_reply(redisAsyncContext *context, void *reply_data, void *owner)
{
    struct record_call *call = owner;
    const struct record_call_events *events = &call->events;
    const redisReply *reply = reply_data;

    call->is_open = false;
    if (reply == NULL || link_of(context) == NULL || commands_lost_script(call->commands, reply)) {
        events->on_done(events->owner, NULL, NULL);
    } else if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 4) {
        const struct record_result result = {.result = reply->element[0]->integer,
                                             .log_end = read_id(reply->element[1]),
                                             .last_break = read_id(reply->element[2]),
                                             .is_even = reply->element[3]->integer == 1};
        events->on_done(events->owner, &result, NULL);
    } else {
        events->on_done(events->owner, NULL, reply->type == REDIS_REPLY_ERROR ? reply->str : "a strange answer");
    }
}

static void add_head(struct record_call *call, const char *mode, const char *marker)
{
    const struct record_call_limits *limits = &call->limits;
    struct buffer id = {0};

    event_id_print(*call->read, "", &id);
    request_clear(&call->names);
    request_add_text(&call->names, call->keys->log);
    request_add_text(&call->names, call->keys->last_break);
    request_clear(&call->words);
    request_add_text(&call->words, mode);
    request_add_text(&call->words, marker);
    request_add(&call->words, (struct span){id.data, id.len});
    request_add_number(&call->words, (int64_t)limits->log_length);
    request_add_number(&call->words, (int64_t)limits->history_length);
    request_add_number(&call->words, limits->history_ttl_ms);
    request_add_number(&call->words, limits->counter_ttl_ms);
    request_add_id(&call->words, *call->known_end);
    buffer_fini(&id);
}

static void send(struct record_call *call)
{
    call->is_open = true;
    commands_run(call->commands, SCRIPT_RECORD, &call->names, &call->words, on_reply, call);
}

void record_call_look(struct record_call *call)
{
    add_head(call, "look", "");
    send(call);
}

void record_call_run(struct record_call *call, const char *mode, const char *marker, const struct run *run)
{
    struct buffer counter = {0};

    add_head(call, mode, marker);
    keys_add_counter(call->keys, span_of(marker), &counter);
    request_add(&call->names, (struct span){counter.data, counter.len});
    buffer_fini(&counter);
    request_join(&call->names, &run->keys);
    request_join(&call->words, &run->words);
    send(call);
}

void record_call_inbox(struct record_call *call, const struct run *run)
{
    add_head(call, "inbox", "");
    request_add_text(&call->names, call->keys->inbox);
    request_join(&call->names, &run->keys);
    request_join(&call->words, &run->words);
    send(call);
}
