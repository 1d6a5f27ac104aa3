/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/poll_body.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "push/hub.h"

/* What one write carries, less the character that ends the body. */
enum { PIECE_LIMIT = SINK_WRITE_LIMIT - 1 };

/* Takes over the caller's reference. */
static void add_piece(struct poll_body *body, struct bytes *piece)
{
    body->pieces = alloc_resize(body->pieces, body->count + 1, sizeof(*body->pieces));
    body->pieces[body->count++] = piece;
    body->len += piece->len;
}

/* Makes of ",a,b,c" the array "[a,b,c]". Runs are shared, so the first piece becomes one of the body's own. */
static void enclose(struct poll_body *body, char begin, char end)
{
    struct bytes *run = body->pieces[0];
    bool is_all = body->count == 1;
    struct bytes *first = bytes_new_uninitialised(is_all ? (size_t)run->len + 1 : run->len);

    memcpy(first->data, run->data, run->len);
    first->data[0] = begin;
    body->pieces[0] = first;
    bytes_unref(run);
    if (!is_all) {
        add_piece(body, bytes_new(&end, 1));
        return;
    }
    first->data[first->len - 1] = end;
    body->len++;
}

static void shape(struct poll_body *body, const struct format *format)
{
    const char empty[] = {format->array_begin, format->array_end};

    if (format->array_begin == '\0')
        return;
    if (body->count == 0)
        add_piece(body, bytes_new(empty, sizeof(empty)));
    else
        enclose(body, format->array_begin, format->array_end);
}

static struct poll_body *make(struct subscriber *subscriber, struct event_id until)
{
    struct poll_body *body = alloc_zeroed(1, sizeof(*body));
    struct bytes *run;

    body->refs = 1;
    while ((run = pull_next(subscriber, PIECE_LIMIT, until)) != NULL)
        add_piece(body, run);
    shape(body, subscriber->hub->config.format);
    return body;
}

static struct poll_body *ref(struct poll_body *body)
{
    assert(body->refs > 0 && body->refs < UINT32_MAX);
    body->refs++;
    return body;
}

static bool is_same(const struct pull_range *a, const struct pull_range *b)
{
    return a->ring == b->ring && a->from == b->from && a->end == b->end;
}

struct poll_body *poll_body_take(struct subscriber *subscriber, struct event_id until)
{
    struct poll_body_slot *slot = &subscriber->hub->poll_body;
    struct pull_range range;

    if (!pull_find_range(subscriber, until, &range))
        return make(subscriber, until);
    if (slot->body != NULL && is_same(&slot->range, &range)) {
        pull_pass(subscriber, &range);
        return ref(slot->body);
    }
    struct poll_body *body = make(subscriber, until);
    if (body->len <= POLL_BODY_KEPT_BYTES) {
        poll_body_slot_clear(slot);
        *slot = (struct poll_body_slot){.range = range, .body = ref(body)};
    }
    return body;
}

void poll_body_unref(struct poll_body *body)
{
    if (body == NULL)
        return;
    assert(body->refs > 0);
    if (--body->refs > 0)
        return;
    for (size_t i = 0; i < body->count; i++)
        bytes_unref(body->pieces[i]);
    free(body->pieces);
    free(body);
}

uint64_t poll_body_hash(struct poll_body *body)
{
    if (body->is_hashed)
        return body->hash;
    body->hash = HASH_INIT;
    for (size_t i = 0; i < body->count; i++)
        body->hash = hash_add(body->hash, body->pieces[i]->data, body->pieces[i]->len);
    body->is_hashed = true;
    return body->hash;
}

void poll_body_slot_clear(struct poll_body_slot *slot)
{
    poll_body_unref(slot->body);
    *slot = (struct poll_body_slot){0};
}
