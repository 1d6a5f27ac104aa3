/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint/channels.h"

#include <string.h>

#include "push/channel_name.h"

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
                              http_error_shown_len(name), name.data);
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
    while (span_take_item(&list, ",", &name))
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

/* Why a request that names no channel gets none. */
static int refuse_default(const struct allowed *allowed, struct http_error *error)
{
    struct allowed_cursor cursor = {0};
    struct span pattern;

    /* To name a channel would not help. */
    if (allowed->lacks_user && !allowed_next(allowed, &cursor, &pattern))
        return http_error_set(
            error, 403, "no-user",
            "only users may read here: the web server must authenticate them (REMOTE_USER is not set)");
    return http_error_set(error, 400, "no-channel", "name a channel: ?channel=news");
}

/* A request that names no channel gets those that the list names outright. */
static int add_default(struct channels *channels, const struct channels_config *config, struct http_error *error)
{
    struct allowed_cursor cursor = {0};
    struct span pattern;

    while (allowed_next(&channels->allowed, &cursor, &pattern))
        if (!span_has(pattern, '*') && add_name(channels, config, pattern, error) < 0)
            return -1;
    return channels->count > 0 ? 0 : refuse_default(&channels->allowed, error);
}

static int check_allowed(const struct allowed *allowed, struct span name, struct http_error *error)
{
    if (allowed_matches(allowed, name))
        return 0;
    return http_error_set(
        error, 403, "forbidden-channel", "the channel '%.*s' may not be read here%s", http_error_shown_len(name),
        name.data,
        allowed->lacks_user ? ", or only by a user whom the web server authenticates (REMOTE_USER is not set)" : "");
}

int channels_read(struct channels *channels, const struct channels_config *config, const struct params *params,
                  struct span path, const struct query *query, struct http_error *error)
{
    channels->count = 0;
    if (allowed_read(&channels->allowed, config->allowed, params, error) < 0 ||
        add_asked(channels, config, path, query, error) < 0)
        return -1;
    if (channels->count == 0)
        return add_default(channels, config, error);
    for (size_t i = 0; i < channels->count; i++)
        if (check_allowed(&channels->allowed, channels->names[i], error) < 0)
            return -1;
    return 0;
}

void channels_fini(struct channels *channels)
{
    allowed_fini(&channels->allowed);
}
