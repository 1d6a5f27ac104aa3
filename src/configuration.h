/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The settings of a process and what they refer to, read and found good as a whole: nothing serves with half a
 * configuration, and a reload that fails leaves the old one in use.
 */
#ifndef CONFIGURATION_H
#define CONFIGURATION_H

#include "base/buffer.h"
#include "redis/address.h"
#include "settings.h"

struct configuration {
    struct settings settings;
    struct redis_address redis; /* with the password from wherever it is kept */
};

/* What a program was started with; it can be read again. */
struct invocation {
    int argc;
    char **argv;
    char **environment;
};

/*
 * Reads command line, environment and files. NULL with one line in `error` when something is wrong. With --help or
 * --version only the settings are read. Freed by configuration_free.
 */
struct configuration *configuration_new(const struct invocation *invocation, struct buffer *error);

/* NULL is allowed. */
void configuration_free(struct configuration *configuration);

#endif
