/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint/events.h"
#include "program.h"
#include "push/format_sse.h"

static const struct program sse = {
    .name = "sse.fcgi",
    .summary = "Server-Sent Events behind the web server you already run",
    .format = &format_sse,
    .handle = events_handle,
};

int main(int argc, char **argv)
{
    return program_main(&sse, argc, argv);
}
