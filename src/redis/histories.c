/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/histories.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "push/channel_name.h"
#include "redis/entry.h"

/* A load under way. */
struct question {
    struct histories *histories;
    uint64_t ticket;
    struct event_id until;
    size_t channel_len;
    char channel[CHANNEL_NAME_LIMIT];
};

static struct event_id earlier(struct event_id a, struct event_id b)
{
    return event_id_compare(a, b) < 0 ? a : b;
}

static struct event_id ms_before(uint64_t ms, int64_t span_ms)
{
    return (struct event_id){.ms = ms > (uint64_t)span_ms ? ms - (uint64_t)span_ms : 0};
}

/*
 * The id behind which nothing is missing. A first entry that follows on nothing is the first ever, or the first after a
 * silence in which the history was forgotten: only who came before that silence can lack something.
 */
static struct event_id base_of(const struct histories *histories, const struct entry *oldest, struct event_id until)
{
    if (oldest == NULL)
        return earlier(ms_before((uint64_t)clock_wall_ms(), histories->ttl_ms), until);
    struct event_id prev = entry_get_id(oldest, "prev");
    bool has_prev = event_id_compare(prev, EVENT_ID_NONE) > 0 && event_id_compare(prev, oldest->id) < 0;
    return has_prev ? prev : ms_before(oldest->id.ms, histories->ttl_ms);
}

static void add(struct histories *histories, struct ring *ring, struct span channel, const struct entry *entry)
{
    if (!entry_has(entry, "data")) {
        ring_append(ring, entry->id, NULL);
        return;
    }
    const struct message message = entry_message(entry, channel, histories->hub->tag, &histories->envelope);
    hub_load_add(histories->hub, ring, &message);
}

/* From the oldest on; the break at its place. */
static void fill(struct histories *histories, const struct question *question, const redisReply *reply,
                 struct ring *ring)
{
    struct span channel = {question->channel, question->channel_len};
    struct event_id last_break = histories->last_break;
    struct entry entry;
    bool has_break = event_id_compare(last_break, ring->base) > 0 && event_id_compare(last_break, question->until) <= 0;

    for (size_t i = reply->elements; i > 0; i--) {
        if (!entry_read(&entry, reply->element[i - 1]))
            continue;
        if (has_break && event_id_compare(last_break, entry.id) < 0) {
            ring_append(ring, last_break, NULL);
            has_break = false;
        }
        add(histories, ring, channel, &entry);
    }
    if (has_break)
        ring_append(ring, last_break, NULL);
}

static void read_answer(struct histories *histories, const struct question *question, const redisReply *reply)
{
    struct span channel = {question->channel, question->channel_len};
    struct entry oldest;
    struct ring ring;
    bool has_oldest = reply->elements > 0 && entry_read(&oldest, reply->element[reply->elements - 1]);

    ring_init(&ring, base_of(histories, has_oldest ? &oldest : NULL, question->until));
    fill(histories, question, reply, &ring);
    hub_load_end(histories->hub, channel, question->ticket, &ring);
}

/* Nobody waits for what cannot be read; whoever comes back is told of a gap. */
static void give_up(struct histories *histories, const struct question *question, const char *reason)
{
    struct span channel = {question->channel, question->channel_len};
    uint64_t suppressed;
    struct ring ring;

    histories->errors.value++;
    if (log_limit_allows(&histories->error_log, clock_monotonic_ms(), &suppressed))
        log_warning("cannot read the history of channel %.*s: %s; %" PRIu64 " more since the last such line",
                    (int)channel.len, channel.data, reason, suppressed);
    ring_init(&ring, question->until);
    hub_load_end(histories->hub, channel, question->ticket, &ring);
}

static void on_answer(redisAsyncContext *context, void *reply_data, void *owner)
{
    struct question *question = owner;
    const redisReply *reply = reply_data;

    /* Without a reply the connection is lost, and everything is asked for again on the next. */
    if (reply != NULL && link_of(context) != NULL) {
        if (reply->type == REDIS_REPLY_ARRAY)
            read_answer(question->histories, question, reply);
        else
            give_up(question->histories, question, reply->type == REDIS_REPLY_ERROR ? reply->str : "a strange answer");
    }
    free(question);
}

static void load(void *context, struct span channel, uint64_t ticket, struct event_id until)
{
    struct histories *histories = context;
    struct request *request = &histories->request;
    struct buffer text = {0};

    if (!histories->commands->is_ready)
        return; /* it is asked for when that is ready */
    struct question *question = alloc_zeroed(1, sizeof(*question));
    *question = (struct question){.histories = histories, .ticket = ticket, .until = until, .channel_len = channel.len};
    memcpy(question->channel, channel.data, channel.len);
    request_clear(request);
    request_add_text(request, "XREVRANGE");
    keys_add_history(histories->keys, channel, &text);
    request_add(request, (struct span){text.data, text.len});
    buffer_clear(&text);
    event_id_print(until, "", &text);
    request_add(request, (struct span){text.data, text.len});
    request_add_text(request, "-");
    request_add_text(request, "COUNT");
    request_add_number(request, (int64_t)histories->length);
    buffer_fini(&text);
    link_send(&histories->commands->link, on_answer, question, request_whole(request));
}

void histories_init(struct histories *histories, struct commands *commands, const struct keys *keys, size_t length,
                    int64_t ttl_ms, struct counters *counters)
{
    *histories = (struct histories){.source = {.load = load, .context = histories},
                                    .commands = commands,
                                    .keys = keys,
                                    .length = length,
                                    .ttl_ms = ttl_ms};
    counters_register(counters, &histories->errors, "loads.errors");
}

void histories_fini(struct histories *histories)
{
    envelope_fini(&histories->envelope);
    request_fini(&histories->request);
}

void histories_set_hub(struct histories *histories, struct hub *hub)
{
    histories->hub = hub;
}

void histories_set_break(struct histories *histories, struct event_id id)
{
    if (event_id_compare(id, histories->last_break) > 0)
        histories->last_break = id;
}

void histories_on_commands_ready(struct histories *histories)
{
    hub_retry_loads(histories->hub);
}
