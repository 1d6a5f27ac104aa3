/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/message.h"

void message_add_id(const struct message *message, struct buffer *out)
{
    event_id_print(message->id, message->tag, out);
    if (message->application_id.len > 0) {
        buffer_add_char(out, '~');
        buffer_add(out, message->application_id.data, message->application_id.len);
    }
}
