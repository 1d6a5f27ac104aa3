/* SPDX-License-Identifier: BSD-2-Clause */
/* What tells one of our programs from the other. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>

#include "http/params.h"
#include "push/format.h"
#include "push/sink.h"

struct program {
    const char *name;
    const char *summary; /* one line for --help */
    bool is_streaming;   /* its answers go on for as long as the client stays */
    const struct format *format;
    bool (*is_waiting)(const struct params *params); /* whether the answer to a request waits for events */
    void (*handle)(void *endpoint, const struct params *params, struct sink *sink);
};

#endif
