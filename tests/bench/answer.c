/* SPDX-License-Identifier: BSD-2-Clause */
#include "answer.h"

#include <string.h>
#include <strings.h>

bool answer_is_event_stream(const struct answer_head *head)
{
    static const char wanted[] = "text/event-stream";
    const size_t length = sizeof(wanted) - 1;

    if (strncasecmp(head->content_type, wanted, length) != 0)
        return false;
    return strchr("; \t", head->content_type[length]) != NULL; /* finds NUL as well */
}
