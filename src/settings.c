/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings.h"

#include <string.h>

#include "endpoint/channels.h"
#include "http/cors.h"
#include "process/socket.h"
#include "push/channel_name.h"
#include "redis/address.h"

#define KIB INT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)

enum { PREFIX_LIMIT = 64, WORKERS_LIMIT = 256 };

static const char *const histories[] = {"redis", "memory", NULL};
static const char *const log_targets[] = {"stderr", "syslog", NULL};
static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};

static const char *check_prefix(const char *prefix)
{
    size_t len = strlen(prefix);
    bool is_valid = len >= 1 && len <= PREFIX_LIMIT;
    for (size_t i = 0; i < len; i++)
        is_valid = is_valid && (channel_char_is_valid(prefix[i]) || strchr("{}", prefix[i]) != NULL);
    return is_valid ? NULL : "is no prefix: use 1 to 64 of A-Z a-z 0-9 . _ : - { }";
}

static const char *check_channel(const char *pattern)
{
    return channel_pattern_is_valid(span_of(pattern))
               ? NULL
               : "is no channel: use 1 to 128 of A-Z a-z 0-9 . _ : - and no reserved name, or such a beginning and *";
}

static const char *check_mount(const char *mount)
{
    return mount[0] == '/' ? NULL : "is no path: it begins with /";
}

#define AT(member) .offset = offsetof(struct settings, member)

static const struct option_spec specs[] = {
    {"listen", OPTION_STRING, AT(listen), .value_name = "ADDRESS", .check = socket_check_address,
     .help = "listen on unix:PATH, HOST:PORT or [V6]:PORT; else on a socket inherited from systemd or the web server"},
    {"socket-mode", OPTION_MODE, AT(socket_mode), .max = 0777, .fallback = "0660", .value_name = "MODE",
     .help = "access mode of the unix socket"},
    {"workers", OPTION_NUMBER, AT(workers), .max = WORKERS_LIMIT, .fallback = "1", .value_name = "COUNT",
     .help = "processes that serve, kept alive by a parent; 0: no parent, this process serves"},
    {"max-clients", OPTION_NUMBER, AT(max_clients), .max = 10000000, .fallback = "0", .value_name = "COUNT",
     .help = "streams and waiting polls of one process; 0: as many as the limit of open files allows"},
    {"redis", OPTION_STRING, AT(redis), .fallback = "redis://127.0.0.1:6379", .value_name = "URL",
     .help = "Redis: redis://[user:password@]host[:port][/db], unix:///path[?db=n], host:port or a path"},
    {"redis-password-file", OPTION_STRING, AT(redis_password_file), .value_name = "FILE",
     .help = "read the password from the first line of a file"},
    {"prefix", OPTION_STRING, AT(prefix), .fallback = "push:", .value_name = "TEXT", .check = check_prefix,
     .help = "what the names of all Redis channels and keys begin with"},
    {"history", OPTION_CHOICE, AT(history), .choices = histories, .fallback = "redis", .value_name = "KIND",
     .help = "where events are kept for clients that come back: redis, or memory (of this process alone)"},
    {"history-length", OPTION_NUMBER, AT(history_length), .min = 1, .max = 1000000, .fallback = "1000",
     .value_name = "EVENTS", .help = "events kept for each channel"},
    {"history-ttl", OPTION_DURATION, AT(history_ttl_ms), .min = 60 * SECOND, .max = 365 * 24 * HOUR, .fallback = "1d",
     .value_name = "TIME", .help = "Redis forgets a channel's events after so long without a new one"},
    {"log-length", OPTION_NUMBER, AT(log_length), .min = 1000, .max = 100000000, .fallback = "100000",
     .value_name = "EVENTS", .help = "events in the log that all processes follow; it needs to reach back minutes"},
    {"ring-memory", OPTION_SIZE, AT(ring_memory_bytes), .min = MIB, .max = 1024 * GIB, .fallback = "256m",
     .value_name = "SIZE", .help = "memory for the events of all channels"},
    {"ring-linger", OPTION_DURATION, AT(ring_linger_ms), .min = SECOND, .max = 168 * HOUR, .fallback = "10m",
     .value_name = "TIME", .help = "keep a channel's events so long after its last client left"},
    {"channels", OPTION_LIST, AT(channels), .fallback = "*", .value_name = "LIST", .check = check_channel,
     .help = "channels that may be read: names and prefix* patterns, separated by commas"},
    {"mount", OPTION_STRING, AT(mount), .value_name = "PATH", .check = check_mount,
     .help = "where the program is mounted, for web servers that leave all of the path in SCRIPT_NAME"},
    {"max-channels", OPTION_NUMBER, AT(max_channels), .min = 1, .max = CHANNELS_LIMIT, .fallback = "64",
     .value_name = "COUNT", .help = "channels in one stream"},
    {"max-message", OPTION_SIZE, AT(max_message_bytes), .min = KIB, .max = 64 * MIB, .fallback = "1m",
     .value_name = "SIZE", .help = "size of a message; larger ones are refused"},
    {"max-request", OPTION_SIZE, AT(max_request_bytes), .min = KIB, .max = 16 * MIB, .fallback = "64k",
     .value_name = "SIZE", .help = "size of a request's parameters, and of its body"},
    {"request-timeout", OPTION_DURATION, AT(request_timeout_ms), .min = 100, .max = 600 * SECOND, .fallback = "5s",
     .value_name = "TIME", .help = "time for a request to arrive whole from the web server"},
    {"cors-origin", OPTION_LIST, AT(cors_origins), .value_name = "ORIGIN", .check = cors_check_origin,
     .help = "other origin whose pages may read, with credentials; * for all, without"},
    {"heartbeat", OPTION_DURATION, AT(heartbeat_ms), .min = SECOND, .max = HOUR, .fallback = "15s",
     .value_name = "TIME", .help = "send a comment after so long without output"},
    {"poll-timeout", OPTION_DURATION, AT(poll_timeout_ms), .min = SECOND, .max = HOUR, .fallback = "30s",
     .value_name = "TIME", .help = "answer a poll for which nothing came after so long (longpoll.fcgi)"},
    {"retry", OPTION_DURATION, AT(retry_ms), .min = 100, .max = 24 * HOUR, .fallback = "3s", .value_name = "TIME",
     .help = "how long clients wait before they come back, give or take a third"},
    {"coalesce", OPTION_DURATION, AT(coalesce_ms), .max = SECOND, .fallback = "20ms", .value_name = "TIME",
     .help = "under load, let a message wait no longer than so for others to leave with; 0: not at all"},
    {"max-age", OPTION_DURATION, AT(max_age_ms), .min = SECOND, .max = 365 * 24 * HOUR, .fallback = "30m",
     .value_name = "TIME", .help = "end a stream after so long, give or take a fifth; its client comes back (sse.fcgi)"},
    {"grace", OPTION_DURATION, AT(grace_ms), .max = HOUR, .fallback = "5s", .value_name = "TIME",
     .help = "time over which streams are ended, one after the other, on SIGTERM and when successors take over"},
    {"pid-file", OPTION_STRING, AT(pid_file), .value_name = "FILE",
     .help = "write the process id to a file, that of the parent when there is one"},
    {"log", OPTION_CHOICE, AT(log_target), .choices = log_targets, .fallback = "stderr", .value_name = "TARGET",
     .help = "where log lines go: stderr or syslog"},
    {"log-level", OPTION_CHOICE, AT(log_level), .choices = log_levels, .fallback = "info", .value_name = "LEVEL",
     .help = "up to which level: error, warning, info or debug"},
    {"config", OPTION_STRING, OPTION_FROM_ENVIRONMENT, AT(config), .value_name = "FILE", .help = "read lines of the form 'name = value'"},
    {"check", OPTION_FLAG, OPTION_FROM_COMMAND_LINE, AT(is_check), .help = "check the settings, try Redis, say what would be done, and exit"},
    {"check-settings", OPTION_FLAG, OPTION_FROM_COMMAND_LINE, AT(is_check_settings), .help = "read all settings, and exit: status 0 when they are good"},
    {"help", OPTION_FLAG, OPTION_FROM_COMMAND_LINE, AT(is_help), .help = "print this, and exit"},
    {"version", OPTION_FLAG, OPTION_FROM_COMMAND_LINE, AT(is_version), .help = "print the version, and exit"},
    {0},
};

int settings_read(struct settings *settings, int argc, char **argv, char **environment, struct buffer *error)
{
    struct options *options = &settings->options;

    *settings = (struct settings){0};
    options_init(options, specs, settings, "PUSH_");
    /* The order is of no matter: a value never overrules one from a source above its own. */
    if (options_read_command_line(options, argc, argv, error) < 0)
        return -1;
    if (settings->is_help || settings->is_version)
        return 0;
    if (options_read_environment(options, environment, error) < 0)
        return -1;
    return settings->config != NULL ? options_read_file(options, settings->config, error) : 0;
}

void settings_fini(struct settings *settings)
{
    options_fini(&settings->options);
}

void settings_print_help(const struct settings *settings, FILE *out)
{
    options_print_help(&settings->options, out);
}
