/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint/channels.h"

#include <string.h>

#include "push/channel_name.h"

/* How much of a wrong name is shown in an error. */
enum { SHOWN_LIMIT = 64 };

static int shown_len(struct span name)
{
    return name.len < SHOWN_LIMIT ? (int)name.len : SHOWN_LIMIT;
}

/* In a request only commas separate; what people write into configurations may have blanks too. */
static const char request_separators[] = ",";
static const char configuration_separators[] = ", \t";

/* Takes the next item off a list; empty items are passed over. False at the end. */
static bool take_item(struct span *list, const char *separators, struct span *item)
{
    struct span set = span_of(separators);
    size_t begin = 0;

    if (list->len == 0)
        return false; /* its data may be NULL */
    while (begin < list->len && span_has(set, list->data[begin]))
        begin++;
    size_t end = begin;
    while (end < list->len && !span_has(set, list->data[end]))
        end++;
    *item = (struct span){list->data + begin, end - begin};
    *list = (struct span){list->data + end, list->len - end};
    return item->len > 0;
}

/* --- what is allowed ------------------------------------------------------------------------------------------ */

/* The web server's list, when it gives one, else the configured one: one after the other by index. */
struct allowed {
    struct span text; /* of PUSH_CHANNELS; data NULL: not given */
    const struct option_list *items;
    size_t index;
};

static struct allowed allowed_of(const struct channels_config *config, const struct params *params)
{
    return (struct allowed){.text = span_of(params_get(params, "PUSH_CHANNELS")), .items = config->allowed};
}

static bool next_allowed(struct allowed *allowed, struct span *pattern)
{
    if (allowed->text.data != NULL) {
        do {
            if (!take_item(&allowed->text, configuration_separators, pattern))
                return false;
        } while (!channel_pattern_is_valid(*pattern));
        return true;
    }
    if (allowed->index == allowed->items->count)
        return false;
    *pattern = span_of(allowed->items->items[allowed->index++]);
    return true;
}

static bool is_allowed(struct allowed allowed, struct span name)
{
    struct span pattern;
    while (next_allowed(&allowed, &pattern))
        if (channel_pattern_matches(pattern, name))
            return true;
    return false;
}

/* --- what is asked for ---------------------------------------------------------------------------------------- */

static bool is_listed(const struct channels *channels, struct span name)
{
    for (size_t i = 0; i < channels->count; i++)
        if (channels->names[i].len == name.len && memcmp(channels->names[i].data, name.data, name.len) == 0)
            return true;
    return false;
}

static int add_name(struct channels *channels, const struct channels_config *config, struct span name,
                    struct http_error *error)
{
    if (!channel_name_is_valid(name))
        return http_error_set(error, 400, "invalid-channel",
                              "'%.*s' is no channel: use 1 to 128 of A-Z a-z 0-9 . _ : - and no reserved name",
                              shown_len(name), name.data);
    if (is_listed(channels, name))
        return 0;
    if (channels->count == config->max_channels)
        return http_error_set(error, 400, "too-many-channels", "ask for at most %zu channels in one stream",
                              config->max_channels);
    channels->names[channels->count++] = name;
    return 0;
}

static int add_list(struct channels *channels, const struct channels_config *config, struct span list,
                    struct http_error *error)
{
    struct span name;
    while (take_item(&list, request_separators, &name))
        if (add_name(channels, config, name, error) < 0)
            return -1;
    return 0;
}

static bool ends_segment(const char *text)
{
    return *text == '\0' || *text == '/';
}

/*
 * What of PATH_INFO is behind the mount: all of it, unless the server split the path inside the mount. A handler of
 * Apache does so behind the last directory that it finds on its disk.
 */
static const char *behind_split(const char *script, const char *path_info, const char *mount, size_t mount_len)
{
    size_t script_len = strlen(script);
    if (script_len >= mount_len || strncmp(script, mount, script_len) != 0)
        return path_info;
    size_t left = mount_len - script_len;
    bool is_split = strncmp(path_info, mount + script_len, left) == 0 && ends_segment(path_info + left);
    return is_split ? path_info + left : path_info;
}

int channels_find_path(const struct channels_config *config, const struct params *params, struct span *path,
                       struct http_error *error)
{
    const char *given_mount = params_get(params, "PUSH_MOUNT");
    const char *mount = given_mount != NULL ? given_mount : config->mount;
    const char *rest = params_text(params, "PATH_INFO");

    if (mount != NULL) {
        const char *script = params_text(params, "SCRIPT_NAME");
        size_t len = strlen(mount);
        while (len > 0 && mount[len - 1] == '/')
            len--;
        if (*rest != '\0')
            rest = behind_split(script, rest, mount, len);
        else if (strncmp(script, mount, len) == 0 && ends_segment(script + len))
            rest = script + len;
        else
            return http_error_set(error, 404, "not-found", "nothing is here: the streams are mounted at %.100s", mount);
    }
    *path = span_of(rest[0] == '/' ? rest + 1 : rest);
    return 0;
}

static int add_asked(struct channels *channels, const struct channels_config *config, struct span path,
                     const struct query *query, struct http_error *error)
{
    if (add_list(channels, config, path, error) < 0)
        return -1;
    for (size_t i = 0; i < query->count; i++) {
        if (!span_equals(query->pairs[i].name, "channel"))
            continue;
        if (path.len > 0)
            return http_error_set(error, 400, "ambiguous-channels",
                                  "name the channels in the path or in the query, not in both");
        if (add_list(channels, config, query->pairs[i].value, error) < 0)
            return -1;
    }
    return 0;
}

/* A request that names no channel gets those that the list names outright. */
static int add_default(struct channels *channels, const struct channels_config *config, struct allowed allowed,
                       struct http_error *error)
{
    struct span pattern;
    while (next_allowed(&allowed, &pattern))
        if (!span_has(pattern, '*') && add_name(channels, config, pattern, error) < 0)
            return -1;
    if (channels->count == 0)
        return http_error_set(error, 400, "no-channel", "name a channel: ?channel=news");
    return 0;
}

int channels_read(struct channels *channels, const struct channels_config *config, const struct params *params,
                  struct span path, const struct query *query, struct http_error *error)
{
    struct allowed allowed = allowed_of(config, params);

    channels->count = 0;
    if (add_asked(channels, config, path, query, error) < 0)
        return -1;
    if (channels->count == 0)
        return add_default(channels, config, allowed, error);
    for (size_t i = 0; i < channels->count; i++)
        if (!is_allowed(allowed, channels->names[i]))
            return http_error_set(error, 403, "forbidden-channel", "the channel '%.*s' may not be read here",
                                  shown_len(channels->names[i]), channels->names[i].data);
    return 0;
}
