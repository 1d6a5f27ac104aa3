/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "http/percent.h"

/* Appends the decoded text; the buffer has room already, so that earlier spans stay valid. */
static struct span decode(struct buffer *out, struct span text)
{
    const char *begin = out->data + out->len;
    while (text.len > 0) {
        const char *plus = memchr(text.data, '+', text.len);
        size_t len = plus != NULL ? (size_t)(plus - text.data) : text.len;
        percent_add_decoded(out, (struct span){text.data, len});
        if (plus != NULL) {
            buffer_add_char(out, ' ');
            len++;
        }
        text = (struct span){text.data + len, text.len - len};
    }
    return span_between(begin, out->data + out->len);
}

static void add_pair(struct query *query, struct span text)
{
    const char *equals = text.len > 0 ? memchr(text.data, '=', text.len) : NULL;
    const char *end = text.data + text.len;
    struct span name = equals != NULL ? span_between(text.data, equals) : text;
    struct span value = equals != NULL ? span_between(equals + 1, end) : (struct span){end, 0};

    query->pairs = alloc_resize(query->pairs, query->count + 1, sizeof(*query->pairs));
    struct query_pair *pair = &query->pairs[query->count++];
    pair->name = decode(&query->decoded, name);
    pair->value = decode(&query->decoded, value);
}

void query_parse(struct query *query, struct span text)
{
    buffer_reserve(&query->decoded, text.len);
    while (text.len > 0) {
        const char *end = memchr(text.data, '&', text.len);
        size_t len = end != NULL ? (size_t)(end - text.data) : text.len;
        if (len > 0)
            add_pair(query, (struct span){text.data, len});
        size_t skip = end != NULL ? len + 1 : len;
        text = (struct span){text.data + skip, text.len - skip};
    }
}

void query_fini(struct query *query)
{
    free(query->pairs);
    buffer_fini(&query->decoded);
    *query = (struct query){0};
}

const struct span *query_get(const struct query *query, const char *name)
{
    for (size_t i = 0; i < query->count; i++)
        if (span_equals(query->pairs[i].name, name))
            return &query->pairs[i].value;
    return NULL;
}
