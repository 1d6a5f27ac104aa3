/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/keys.h"

#include <stdlib.h>

#include "base/alloc.h"

static char *name_of(const char *prefix, const char *name)
{
    struct buffer key = {0};
    buffer_printf(&key, "%s%s", prefix, name);
    char *text = alloc_string(key.data);
    buffer_fini(&key);
    return text;
}

void keys_init(struct keys *keys, const char *prefix)
{
    *keys = (struct keys){
        .prefix = prefix,
        .log = name_of(prefix, "log"),
        .inbox = name_of(prefix, "inbox"),
        .lease = name_of(prefix, "lease"),
        .last_break = name_of(prefix, "break"),
        .recorder = name_of(prefix, "recorder"),
    };
}

void keys_fini(struct keys *keys)
{
    free(keys->log);
    free(keys->inbox);
    free(keys->lease);
    free(keys->last_break);
    free(keys->recorder);
}

void keys_add_history(const struct keys *keys, struct span channel, struct buffer *out)
{
    buffer_add_string(out, keys->prefix);
    buffer_add_string(out, "history:");
    buffer_add(out, channel.data, channel.len);
}

void keys_add_counter(const struct keys *keys, struct span marker, struct buffer *out)
{
    buffer_printf(out, "%srecorded:", keys->prefix);
    buffer_add(out, marker.data, marker.len);
}
