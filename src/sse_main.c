/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint/events.h"
#include "push/format_sse.h"
#include "start.h"

static const struct program sse = {
    .name = "sse.fcgi",
    .summary = "Server-Sent Events behind the web server you already run",
    .is_streaming = true,
    .format = &format_sse,
    .is_waiting = events_is_waiting,
    .handle = events_handle,
};

int main(int argc, char **argv)
{
    return start_program(&sse, argc, argv);
}
