/* SPDX-License-Identifier: BSD-2-Clause */
#include "history.h"

#include <inttypes.h>
#include <stdio.h>

#include "unit.h"

static void on_load(void *context, struct span channel, uint64_t ticket, struct event_id until)
{
    struct history *history = context;
    assert_true(history->count < HISTORY_LOADS_LIMIT);
    struct load *load = &history->loads[history->count++];
    snprintf(load->channel, sizeof(load->channel), "%.*s", (int)channel.len, channel.data);
    load->ticket = ticket;
    load->until = until;
}

void history_init(struct history *history, const struct hub_config *config)
{
    struct hub_config with_source = *config;
    *history = (struct history){.source = {.load = on_load, .context = history}};
    history->stage = &history->polling.stage;
    history->hub = &history->stage->hub;
    with_source.source = &history->source;
    stage_init_log(history->stage, &with_source);
}

void history_fini(struct history *history)
{
    void *polling = &history->polling;
    polling_tear_down(&polling);
}

int history_set_up_unstarted(void **state)
{
    static struct history history;
    history_init(&history, &stage_config);
    *state = &history;
    return 0;
}

int history_set_up(void **state)
{
    history_set_up_unstarted(state);
    hub_start(((struct history *)*state)->hub, history_id(10));
    return 0;
}

int history_tear_down(void **state)
{
    history_fini(*state);
    return 0;
}

struct event_id history_id(uint64_t number)
{
    return (struct event_id){.ms = STAGE_MS + number / 100, .seq = number % 100};
}

static struct message make_message(const char *channel, uint64_t number, char *data, size_t size)
{
    snprintf(data, size, "%s%" PRIu64, channel, number);
    return (struct message){.id = history_id(number), .tag = "", .channel = span_of(channel), .data = span_of(data)};
}

void history_append(struct history *history, const char *channel, uint64_t number)
{
    char data[32];
    struct message message = make_message(channel, number, data, sizeof(data));
    hub_append(history->hub, &message);
}

const struct load *history_find(const struct history *history, const char *channel)
{
    for (size_t i = history->count; i-- > 0;)
        if (strcmp(history->loads[i].channel, channel) == 0)
            return &history->loads[i];
    fail_msg("%s was not asked for", channel);
    return NULL;
}

void history_answer_ticket(struct history *history, const char *channel, uint64_t ticket, uint64_t base,
                           const char *numbers)
{
    struct ring older;
    char data[32];

    ring_init(&older, history_id(base));
    while (*numbers != '\0') {
        bool is_break = *numbers == '!';
        char *end;
        uint64_t number = strtoull(numbers + is_break, &end, 10);
        struct message message = make_message(channel, number, data, sizeof(data));
        if (is_break)
            ring_append(&older, message.id, NULL);
        else
            hub_load_add(history->hub, &older, &message);
        numbers = end + (*end == ' ');
    }
    hub_load_end(history->hub, span_of(channel), ticket, &older);
}

void history_answer(struct history *history, const char *channel, uint64_t base, const char *numbers)
{
    history_answer_ticket(history, channel, history_find(history, channel)->ticket, base, numbers);
}
