/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/poll_answer.h"

#include "push/hub.h"
#include "push/pull.h"

static struct event_id find_end(const struct subscriber *subscriber, size_t limit, struct event_id until)
{
    struct event_id nth = limit > 0 ? pull_find_nth(subscriber, limit) : EVENT_ID_MAX;
    struct event_id cut = event_id_end_of_ms(nth.ms);
    return event_id_compare(cut, until) < 0 ? cut : until;
}

void poll_answer_init(struct poll_answer *answer, struct subscriber *subscriber, size_t limit, struct event_id until)
{
    answer->body = poll_body_take(subscriber, find_end(subscriber, limit, until));
    answer->position = pull_is_done(subscriber) ? subscriber->hub->position : subscriber->last;
}

void poll_answer_fini(struct poll_answer *answer)
{
    poll_body_unref(answer->body);
}

void poll_answer_keep_newest(struct subscriber *subscriber, size_t count)
{
    size_t total = pull_count(subscriber);
    if (total <= count)
        return;
    struct event_id oldest_kept = pull_find_nth(subscriber, total - count + 1);
    pull_skip_to(subscriber, event_id_end_of_ms(oldest_kept.ms - 1));
}
