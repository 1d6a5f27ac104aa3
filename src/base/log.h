/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines: one line per fact, to standard error or syslog. Control characters in a line are shown as '?', so that
 * text from a peer can neither forge a second line nor reach a terminal. Before log_open, lines go to standard error
 * at level info under the program's invocation name.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_target { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG };

/* Sets where lines go, and up to which level. `program` must stay valid. May be called again. */
void log_open(const char *program, enum log_target target, enum log_level level);

/* Writes one line (no newline in the format); longer than 1,000 bytes is cut. errno is kept. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For facts that a peer can cause at will: a place in the code that may speak once a minute. */
struct log_limit {
    int64_t quiet_until_ms;
    uint64_t suppressed;
};

/*
 * True when a line may be written now (monotonic milliseconds). *suppressed then is how many were held back since the
 * last one.
 */
bool log_limit_allows(struct log_limit *limit, int64_t now_ms, uint64_t *suppressed);

#endif
