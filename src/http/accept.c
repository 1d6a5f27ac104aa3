/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/accept.h"

#include <strings.h>

#include "base/span.h"

bool accept_names(const char *accept, const char *media_type)
{
    struct span list = span_of(accept), item, name;
    size_t len = strlen(media_type);

    while (span_take_item(&list, ",", &item))
        if (span_take_item(&item, " \t;", &name) && name.len == len && strncasecmp(name.data, media_type, len) == 0)
            return true;
    return false;
}
