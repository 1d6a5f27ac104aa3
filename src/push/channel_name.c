/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/channel_name.h"

#include <string.h>

static const char *const reserved_names[] = {"inbox", "log", "recorder", "lease", "break"};
static const char *const reserved_beginnings[] = {"history:", "recorded:"};

bool channel_char_is_valid(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._:-", c) != NULL);
}

static bool all_chars_are_valid(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!channel_char_is_valid(name.data[i]))
            return false;
    return true;
}

static bool is_reserved(struct span name)
{
    for (size_t i = 0; i < sizeof(reserved_names) / sizeof(reserved_names[0]); i++)
        if (span_equals(name, reserved_names[i]))
            return true;
    for (size_t i = 0; i < sizeof(reserved_beginnings) / sizeof(reserved_beginnings[0]); i++) {
        size_t len = strlen(reserved_beginnings[i]);
        if (name.len >= len && memcmp(name.data, reserved_beginnings[i], len) == 0)
            return true;
    }
    return false;
}

bool channel_name_is_valid(struct span name)
{
    return name.len >= 1 && name.len <= CHANNEL_NAME_LIMIT && all_chars_are_valid(name) && !is_reserved(name);
}

static bool is_prefix_pattern(struct span pattern)
{
    return pattern.len > 0 && pattern.data[pattern.len - 1] == '*';
}

bool channel_pattern_is_valid(struct span pattern)
{
    if (!is_prefix_pattern(pattern))
        return channel_name_is_valid(pattern);
    pattern.len--;
    return pattern.len <= CHANNEL_NAME_LIMIT && all_chars_are_valid(pattern);
}

bool channel_pattern_matches(struct span pattern, struct span name)
{
    if (!is_prefix_pattern(pattern))
        return pattern.len == name.len && memcmp(pattern.data, name.data, name.len) == 0;
    pattern.len--;
    return name.len >= pattern.len && memcmp(pattern.data, name.data, pattern.len) == 0;
}
