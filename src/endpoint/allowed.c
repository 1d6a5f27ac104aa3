/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint/allowed.h"

#include <string.h>

#include "push/channel_name.h"

/* What people write into configurations may have blanks, too. */
static const char separators[] = ", \t";
static const char placeholder[] = "%{REMOTE_USER}";

/* --- users ---------------------------------------------------------------------------------------------------- */

static const char *find_placeholder(struct span text)
{
    return text.len > 0 ? memmem(text.data, text.len, placeholder, strlen(placeholder)) : NULL;
}

/* Whether it can be part of a channel's name. Reserved names are another question: they are reserved as a whole. */
static bool user_is_valid(struct span user)
{
    for (size_t i = 0; i < user.len; i++)
        if (!channel_char_is_valid(user.data[i]))
            return false;
    return user.len <= CHANNEL_NAME_LIMIT;
}

/* Appends an item with the user's name in all places of it. */
static void add_for_user(struct buffer *out, struct span item, struct span user)
{
    const char *found;
    while ((found = find_placeholder(item)) != NULL) {
        const char *rest = found + strlen(placeholder);
        buffer_add(out, item.data, (size_t)(found - item.data));
        buffer_add(out, user.data, user.len);
        item = span_between(rest, item.data + item.len);
    }
    buffer_add(out, item.data, item.len);
}

static int expand_item(struct buffer *out, struct span item, struct span user, struct http_error *error)
{
    size_t begin = out->len;

    if (!user_is_valid(user))
        return http_error_set(
            error, 403, "invalid-user",
            "the user '%.*s' can have no channel: use 1 to 128 of A-Z a-z 0-9 . _ : - as names of users",
            http_error_shown_len(user), user.data);
    add_for_user(out, item, user);
    struct span pattern = {out->data + begin, out->len - begin};
    if (!channel_pattern_is_valid(pattern))
        return http_error_set(
            error, 403, "invalid-user",
            "'%.*s' is no channel (reserved, too long, or not of A-Z a-z 0-9 . _ : -): the user '%.*s' "
            "can have none",
            http_error_shown_len(pattern), pattern.data, http_error_shown_len(user), user.data);
    return 0;
}

static int expand(struct allowed *allowed, struct span user, struct http_error *error)
{
    struct span list = allowed->given;
    struct buffer *out = &allowed->expanded;
    struct span item;

    while (span_take_item(&list, separators, &item)) {
        if (find_placeholder(item) == NULL)
            buffer_add(out, item.data, item.len);
        else if (user.len == 0)
            allowed->lacks_user = true;
        else if (expand_item(out, item, user, error) < 0)
            return -1;
        buffer_add_char(out, separators[0]);
    }
    allowed->given = (struct span){out->data, out->len};
    return 0;
}

/* --- the list ------------------------------------------------------------------------------------------------- */

int allowed_read(struct allowed *allowed, const struct option_list *configured, const struct params *params,
                 struct http_error *error)
{
    const char *given = params_get(params, "PUSH_CHANNELS");

    *allowed = (struct allowed){.is_given = given != NULL, .given = span_of(given), .configured = configured};
    if (find_placeholder(allowed->given) == NULL)
        return 0;
    return expand(allowed, span_of(params_text(params, "REMOTE_USER")), error);
}

void allowed_fini(struct allowed *allowed)
{
    buffer_fini(&allowed->expanded);
}

static bool next_given(struct span given, struct allowed_cursor *cursor, struct span *pattern)
{
    struct span rest = {given.data + cursor->at, given.len - cursor->at};

    while (span_take_item(&rest, separators, pattern)) {
        cursor->at = given.len - rest.len;
        if (channel_pattern_is_valid(*pattern))
            return true;
    }
    return false;
}

bool allowed_next(const struct allowed *allowed, struct allowed_cursor *cursor, struct span *pattern)
{
    if (allowed->is_given)
        return next_given(allowed->given, cursor, pattern);
    if (cursor->at == allowed->configured->count)
        return false;
    *pattern = span_of(allowed->configured->items[cursor->at++]);
    return true;
}

bool allowed_matches(const struct allowed *allowed, struct span name)
{
    struct allowed_cursor cursor = {0};
    struct span pattern;

    while (allowed_next(allowed, &cursor, &pattern))
        if (channel_pattern_matches(pattern, name))
            return true;
    return false;
}
