/* SPDX-License-Identifier: BSD-2-Clause */
/* All that a user can set: one table, in settings.c, which is also the reference (--help). */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/options.h"

enum { HISTORY_REDIS, HISTORY_MEMORY };

struct settings {
    char *listen; /* NULL: an inherited socket */
    int64_t socket_mode;
    int64_t workers;     /* 0: no parent */
    int64_t max_clients; /* 0: no limit of its own */
    char *redis;
    char *redis_password_file;
    char *prefix;
    int64_t history;
    int64_t history_length;
    int64_t history_ttl_ms;
    int64_t log_length;
    int64_t ring_memory_bytes;
    int64_t ring_linger_ms;
    struct option_list channels;
    char *mount;
    int64_t max_channels;
    int64_t max_message_bytes;
    int64_t max_request_bytes;
    int64_t request_timeout_ms;
    struct option_list cors_origins;
    int64_t heartbeat_ms;
    int64_t poll_timeout_ms;
    int64_t retry_ms;
    int64_t coalesce_ms; /* 0: nothing waits */
    int64_t max_age_ms;
    int64_t grace_ms;
    char *pid_file; /* NULL: none */
    int64_t log_target;
    int64_t log_level;
    char *config;
    bool is_check, is_check_settings, is_help, is_version;
    struct options options; /* private */
};

/*
 * Reads defaults, configuration file, environment and command line. Returns 0, or -1 with one line in `error`. Free
 * with settings_fini in both cases. With --help or --version on the command line, environment and file are not read.
 */
int settings_read(struct settings *settings, int argc, char **argv, char **environment, struct buffer *error);
void settings_fini(struct settings *settings);

/* Prints the reference of all options. */
void settings_print_help(const struct settings *settings, FILE *out);

#endif
