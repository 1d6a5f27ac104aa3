/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint/longpoll.h"
#include "push/format_json.h"
#include "start.h"

static const struct program longpoll = {
    .name = "longpoll.fcgi",
    .summary = "Long polling behind the web server you already run: /list and /subscribe",
    .format = &format_json,
    .is_waiting = longpoll_is_waiting,
    .handle = longpoll_handle,
};

int main(int argc, char **argv)
{
    return start_program(&longpoll, argc, argv);
}
