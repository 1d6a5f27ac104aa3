/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/commands.h"

#include <stdio.h>
#include <string.h>

static const char record_source[] =
#include "redis/record.lua.h"
    ;

static const char lease_source[] =
#include "redis/lease.lua.h"
    ;

static const char *const sources[SCRIPT_COUNT] = {
    [SCRIPT_RECORD] = record_source,
    [SCRIPT_LEASE] = lease_source,
};

/* Answers come in the order of the scripts. */
static void on_loaded(redisAsyncContext *context, void *reply_data, void *unused)
{
    struct link *link = link_of(context);
    const redisReply *reply = reply_data;

    (void)unused;
    if (link == NULL || reply == NULL)
        return;
    struct commands *commands = link->events.owner;
    if (reply->type != REDIS_REPLY_STRING || reply->len != SHA1_LEN) {
        link_drop(link, reply->type == REDIS_REPLY_ERROR ? reply->str : "SCRIPT LOAD has a strange answer");
        return;
    }
    memcpy(commands->shas[commands->loaded++], reply->str, SHA1_LEN);
    if (commands->loaded < SCRIPT_COUNT)
        return;
    commands->is_ready = true;
    link_settle(link);
    commands->events.on_ready(commands->events.owner);
}

static void load_scripts(struct commands *commands)
{
    commands->loaded = 0;
    for (int i = 0; i < SCRIPT_COUNT; i++)
        link_command(&commands->link, on_loaded, "SCRIPT LOAD %s", sources[i]);
}

static void on_ready(void *owner)
{
    struct commands *commands = owner;
    commands->events.on_connected(commands->events.owner);
    load_scripts(commands);
}

static void leave_ready(struct commands *commands)
{
    bool was_ready = commands->is_ready;
    commands->is_ready = false;
    if (was_ready)
        commands->events.on_lost(commands->events.owner);
}

static void on_lost(void *owner)
{
    leave_ready(owner);
}

static void on_failed(void *owner, const char *reason)
{
    struct commands *commands = owner;
    commands->events.on_failed(commands->events.owner, reason);
}

void commands_init(struct commands *commands, struct ev_loop *loop, const struct redis_address *address,
                   const struct commands_events *events, struct link_stats *stats)
{
    const struct link_events link_events = {
        .on_ready = on_ready, .on_lost = on_lost, .on_failed = on_failed, .owner = commands};

    *commands = (struct commands){.events = *events};
    link_init(&commands->link, loop, address, "commands", &link_events, stats);
}

void commands_fini(struct commands *commands)
{
    link_fini(&commands->link);
    request_fini(&commands->request);
}

void commands_start(struct commands *commands)
{
    link_start(&commands->link);
}

void commands_run(struct commands *commands, enum script script, const struct request *keys,
                  const struct request *arguments, redisCallbackFn *callback, void *context)
{
    struct request *request = &commands->request;

    request_clear(request);
    request_add_text(request, "EVALSHA");
    request_add_text(request, commands->shas[script]);
    request_add_number(request, (int64_t)keys->count);
    request_join(request, keys);
    request_join(request, arguments);
    link_send(&commands->link, callback, context, request_whole(request));
}

bool commands_lost_script(struct commands *commands, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ERROR || strncmp(reply->str, "NOSCRIPT", strlen("NOSCRIPT")) != 0)
        return false;
    if (commands->is_ready) {
        leave_ready(commands);
        load_scripts(commands);
    }
    return true;
}
