/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* With what goes before it a line is still written in one piece to a pipe (PIPE_BUF). */
enum { LINE_LIMIT = 3800, LIMIT_PERIOD_MS = 60000 };

static const char *const level_names[] = {"error", "warning", "info", "debug"};
static const int syslog_priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

static struct {
    const char *program;
    enum log_target target;
    enum log_level level;
} settings = {.program = NULL, .target = LOG_TARGET_STDERR, .level = LOG_LEVEL_INFO};

void log_open(const char *program, enum log_target target, enum log_level level)
{
    settings.program = program;
    settings.target = target;
    settings.level = level;
    if (target == LOG_TARGET_SYSLOG)
        openlog(program, LOG_PID, LOG_DAEMON);
}

/* In ASCII, and U+0080 to U+009F: 0x9b begins a sequence for a terminal as ESC [ does. */
static void hide_control_characters(char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)text[0];
        unsigned char next = (unsigned char)text[1];
        if (c < 0x20 || c == 0x7f)
            *text = '?';
        else if (c == 0xc2 && next >= 0x80 && next <= 0x9f)
            text[0] = text[1] = '?';
    }
}

static void write_to_stderr(enum log_level level, const char *text)
{
    struct timespec now;
    struct tm utc;
    char stamp[32];
    char line[LINE_LIMIT + 200];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
    int len = snprintf(line, sizeof(line), "%s.%03ldZ %.60s[%d] %s: %s\n", stamp, now.tv_nsec / 1000000,
                       settings.program != NULL ? settings.program : program_invocation_short_name, (int)getpid(),
                       level_names[level], text);
    /* One write a line, so that lines of several processes do not mix. There is nobody to tell of a failure. */
    if (write(STDERR_FILENO, line, (size_t)len) < 0)
        return;
}

static void write_line(enum log_level level, const char *format, va_list arguments)
{
    char text[LINE_LIMIT + 1];
    int saved_errno = errno;

    if (level <= settings.level) {
        vsnprintf(text, sizeof(text), format, arguments);
        hide_control_characters(text);
        if (settings.target == LOG_TARGET_SYSLOG)
            syslog(syslog_priorities[level], "%s", text);
        else
            write_to_stderr(level, text);
    }
    errno = saved_errno;
}

#define DEFINE_LOG_FUNCTION(name, level)                                                                               \
    void name(const char *format, ...)                                                                                 \
    {                                                                                                                  \
        va_list arguments;                                                                                             \
        va_start(arguments, format);                                                                                   \
        write_line(level, format, arguments);                                                                          \
        va_end(arguments);                                                                                             \
    }

DEFINE_LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
DEFINE_LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
DEFINE_LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
DEFINE_LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)

bool log_limit_allows(struct log_limit *limit, int64_t now_ms, uint64_t *suppressed)
{
    if (now_ms < limit->quiet_until_ms) {
        limit->suppressed++;
        return false;
    }
    *suppressed = limit->suppressed;
    limit->suppressed = 0;
    limit->quiet_until_ms = now_ms + LIMIT_PERIOD_MS;
    return true;
}
