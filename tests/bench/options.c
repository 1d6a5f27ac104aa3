/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include "once.h"
#include "pattern.h"
#include "publisher.h"
#include "sse_parser.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE_MIN 0.001

enum option_type { TYPE_TEXT, TYPE_COUNT, TYPE_NUMBER, TYPE_SWITCH };

enum option_id {
    OPTION_HTTP = 1, /* above 0 for getopt_long */
    OPTION_FASTCGI,
    OPTION_PATH,
    OPTION_STREAMS,
    OPTION_SLOW,
    OPTION_CHANNELS,
    OPTION_CONNECT_BURST,
    OPTION_OPEN_TIMEOUT,
    OPTION_REDIS,
    OPTION_POST,
    OPTION_PUBLISH_TO,
    OPTION_RATE,
    OPTION_SECONDS,
    OPTION_SIZE,
    OPTION_DRAIN,
    OPTION_SINGLE,
    OPTION_MESSAGES,
    OPTION_HOLD,
    OPTION_REPLAY,
    OPTION_LAST_EVENT_ID,
    OPTION_RECONNECT,
    OPTION_FROM_ANY,
    OPTION_PID,
    OPTION_JSON,
    OPTION_HELP
};

struct option_entry {
    enum option_id id;
    const char *name;
    const char *value; /* how --help names it */
    enum option_type type;
    double min;
    double max;
    const char *help;
};

static const struct option_entry entries[] = {
    {OPTION_HTTP, "http", "HOST:PORT", TYPE_TEXT, 0, 0,
     "web server to open streams at; [V6]:PORT and a socket's path too"},
    {OPTION_FASTCGI, "fastcgi", "HOST:PORT|PATH", TYPE_TEXT, 0, 0, "in its place a responder, which is asked straight"},
    {OPTION_PATH, "path", "PATH", TYPE_TEXT, 0, 0,
     "path and query; %d stands for the channel's number (/events?channel=bench)"},
    {OPTION_STREAMS, "streams", "N", TYPE_COUNT, 1, 18000, "streams to open (100)"},
    {OPTION_SLOW, "slow", "N", TYPE_COUNT, 0, 18000,
     "of the streams, so many that read nothing once they are open (0)"},
    {OPTION_CHANNELS, "channels", "C", TYPE_COUNT, 1, 18000, "channels to spread the streams over (1)"},
    {OPTION_CONNECT_BURST, "connect-burst", "N", TYPE_COUNT, 1, 18000, "streams that may be opening at a time (200)"},
    {OPTION_OPEN_TIMEOUT, "open-timeout", "S", TYPE_NUMBER, 0.1, 600,
     "seconds until all must be open; also the limit of each return (60)"},
    {OPTION_REDIS, "redis", "HOST:PORT|PATH", TYPE_TEXT, 0, 0, "Redis to publish through"},
    {OPTION_POST, "post", "HOST:PORT", TYPE_TEXT, 0, 0,
     "in its place a server to which each message is POSTed; --publish is then the path"},
    {OPTION_PUBLISH_TO, "publish", "NAME", TYPE_TEXT, 0, 0,
     "Redis channel or path; %d stands for the channel's number (push:bench)"},
    {OPTION_RATE, "rate", "R", TYPE_NUMBER, 0, 1e6, "messages per second over all channels; 0 only receives (50)"},
    {OPTION_SECONDS, "seconds", "S", TYPE_NUMBER, 0.001, 3600, "how long to publish (10)"},
    {OPTION_SIZE, "size", "B", TYPE_COUNT, PUBLISHER_SIZE_MIN, 1 << 20, "bytes of each payload (100)"},
    {OPTION_DRAIN, "drain", "S", TYPE_NUMBER, 0, 600, "seconds without a delivery after which the rest is lost (10)"},
    {OPTION_SINGLE, "once", NULL, TYPE_SWITCH, 0, 0,
     "publish one message and tell when it was written to the last stream"},
    {OPTION_MESSAGES, "messages", "N", TYPE_COUNT, 1, ONCE_MAX,
     "with --once, so many, each when all have the one before; medians count (1)"},
    {OPTION_HOLD, "idle", "S", TYPE_NUMBER, 0.001, 3600, "publish nothing, hold the streams for S seconds"},
    {OPTION_REPLAY, "replay", "N", TYPE_COUNT, 1, 1000000,
     "publish nothing, receive the messages 1 to N that an earlier load published"},
    {OPTION_LAST_EVENT_ID, "last-event-id", "ID", TYPE_TEXT, 0, 0,
     "the position with which each stream first asks (none)"},
    {OPTION_RECONNECT, "reconnect", NULL, TYPE_SWITCH, 0, 0,
     "reopen a stream that ended after its retry time, with Last-Event-ID"},
    {OPTION_FROM_ANY, "from-any", NULL, TYPE_SWITCH, 0, 0, "a stream's first message need not be number 1"},
    {OPTION_PID, "pid", "NAME=PID", TYPE_TEXT, 0, 0,
     "report CPU and memory of this process (repeatable; one name may have several)"},
    {OPTION_JSON, "json", NULL, TYPE_SWITCH, 0, 0, "one JSON object to stdout; the text goes to stderr"},
    {OPTION_HELP, "help", NULL, TYPE_SWITCH, 0, 0, "print this and exit"},
};

#define ENTRY_COUNT (sizeof(entries) / sizeof(entries[0]))

static void print_help(void)
{
    printf("Usage: load --http HOST:PORT --redis HOST:PORT|PATH [OPTION]...\n"
           "Opens event streams, publishes numbered messages, and compares what arrives.\n\n");
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        char flag[40];

        snprintf(flag, sizeof(flag), "--%s%s%s", entries[i].name, entries[i].value ? " " : "",
                 entries[i].value ? entries[i].value : "");
        printf("  %-24s %s\n", flag, entries[i].help);
    }
    printf("\nExit status: 0 all streams opened, nothing was lost, repeated or out of order, and\n"
           "the named processes live; 1 otherwise; 2 the run could not begin.\n");
}

static enum options_verdict wrong(const char *name, const char *reason)
{
    fprintf(stderr, "load: --%s: %s\n", name, reason);
    return OPTIONS_WRONG;
}

static int read_number(const struct option_entry *entry, const char *text, double *number)
{
    char *rest;
    char reason[160];

    *number = strtod(text, &rest);
    if (rest != text && !*rest && isfinite(*number) && *number >= entry->min && *number <= entry->max &&
        (entry->type != TYPE_COUNT || *number == (double)(unsigned)*number))
        return 0;
    snprintf(reason, sizeof(reason), "'%.60s' is not a%s number from %.10g to %.10g", text,
             entry->type == TYPE_COUNT ? " whole" : "", entry->min, entry->max);
    (void)wrong(entry->name, reason);
    return -1;
}

static int parse_address(const char *name, const char *text, struct address *address)
{
    char error[320];

    if (address_parse(address, text, error, sizeof(error)) == 0)
        return 0;
    (void)wrong(name, error);
    return -1;
}

static int set_server(struct options *options, const char *name, const char *text, const struct transport *transport)
{
    if (options->transport && options->transport != transport) {
        (void)wrong(name, "--http and --fastcgi exclude each other");
        return -1;
    }
    options->transport = transport;
    return parse_address(name, text, &options->server);
}

static int set_outlet(struct options *options, const char *name, const char *text, const struct outlet *outlet)
{
    if (options->outlet && options->outlet != outlet) {
        (void)wrong(name, "--redis and --post exclude each other");
        return -1;
    }
    options->outlet = outlet;
    return parse_address(name, text, &options->publish_to);
}

static int set_mode(struct options *options, const char *name, enum options_mode mode)
{
    if (options->mode != OPTIONS_PUBLISH && options->mode != mode) {
        (void)wrong(name, "--once, --idle and --replay exclude each other");
        return -1;
    }
    options->mode = mode;
    return 0;
}

static int take_option(struct options *options, const struct option_entry *entry, const char *text)
{
    double number = 0;
    char error[160];

    if ((entry->type == TYPE_COUNT || entry->type == TYPE_NUMBER) && read_number(entry, text, &number) < 0)
        return -1;
    switch (entry->id) {
    case OPTION_HTTP:
        return set_server(options, entry->name, text, &transport_http);
    case OPTION_FASTCGI:
        return set_server(options, entry->name, text, &transport_fastcgi);
    case OPTION_PATH:
        options->path = text;
        break;
    case OPTION_STREAMS:
        options->streams = (unsigned)number;
        break;
    case OPTION_SLOW:
        options->slow = (unsigned)number;
        break;
    case OPTION_CHANNELS:
        options->channels = (unsigned)number;
        break;
    case OPTION_CONNECT_BURST:
        options->connect_burst = (unsigned)number;
        break;
    case OPTION_OPEN_TIMEOUT:
        options->open_timeout = number;
        break;
    case OPTION_REDIS:
        return set_outlet(options, entry->name, text, &outlet_redis);
    case OPTION_POST:
        return set_outlet(options, entry->name, text, &outlet_http);
    case OPTION_PUBLISH_TO:
        options->publish = text;
        break;
    case OPTION_RATE:
        options->rate = number;
        break;
    case OPTION_SECONDS:
        options->seconds = number;
        break;
    case OPTION_SIZE:
        options->size = (unsigned)number;
        break;
    case OPTION_DRAIN:
        options->drain = number;
        break;
    case OPTION_SINGLE:
        return set_mode(options, entry->name, OPTIONS_ONCE);
    case OPTION_MESSAGES:
        options->messages = (unsigned)number;
        break;
    case OPTION_HOLD:
        options->idle = number;
        return set_mode(options, entry->name, OPTIONS_IDLE);
    case OPTION_REPLAY:
        options->replay = (unsigned)number;
        return set_mode(options, entry->name, OPTIONS_REPLAY);
    case OPTION_LAST_EVENT_ID:
        options->last_event_id = text;
        break;
    case OPTION_RECONNECT:
        options->reconnect = true;
        break;
    case OPTION_FROM_ANY:
        options->from_any = true;
        break;
    case OPTION_PID:
        if (procstat_add(&options->procstat, text, error, sizeof(error)) == 0)
            break;
        (void)wrong(entry->name, error);
        return -1;
    case OPTION_JSON:
        options->json = true;
        break;
    case OPTION_HELP:
        break;
    }
    return 0;
}

static bool is_publishing(const struct options *options)
{
    return options->mode == OPTIONS_PUBLISH || options->mode == OPTIONS_ONCE;
}

/* What no option can tell by itself. */
static enum options_verdict check(struct options *options)
{
    if (options->mode == OPTIONS_PUBLISH && options->rate == 0)
        options->mode = OPTIONS_LISTEN;
    if (options->mode == OPTIONS_PUBLISH && options->rate < RATE_MIN)
        return wrong("rate", "is below 0.001 and not 0");
    if (options->messages > 1 && options->mode != OPTIONS_ONCE)
        return wrong("messages", "goes with --once; --rate and --seconds say how many are published otherwise");
    if (!options->transport)
        return wrong("http", "or --fastcgi is required");
    if (options->slow >= options->streams)
        return wrong("slow", "must leave one of the --streams that reads");
    if (strlen(options->last_event_id) >= SSE_PARSER_ID_SIZE || strpbrk(options->last_event_id, "\r\n"))
        return wrong("last-event-id", "is too long or has line breaks");
    if (strpbrk(options->path, " \r\n") || options->path[0] != '/')
        return wrong("path", "must begin with '/' and have no spaces");
    if (strlen(options->path) > 1024)
        return wrong("path", "is longer than 1024 bytes");
    if (options->channels > 1 && !pattern_has_number(options->path))
        return wrong("path", "needs %d when there are several channels");
    if (is_publishing(options)) {
        if (!options->outlet)
            return wrong("redis", "or --post is required for publishing");
        if (options->outlet == &outlet_http && (options->publish[0] != '/' || strpbrk(options->publish, " \r\n")))
            return wrong("publish", "with --post is a path: begin it with '/', without spaces");
        if (options->channels > 1 && !pattern_has_number(options->publish))
            return wrong("publish", "needs %d when there are several channels");
    }
    return OPTIONS_RUN;
}

enum options_verdict options_parse(struct options *options, int argc, char **argv)
{
    struct option flags[ENTRY_COUNT + 1];
    int id;

    memset(flags, 0, sizeof(flags));
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        flags[i].name = entries[i].name;
        flags[i].has_arg = entries[i].type == TYPE_SWITCH ? no_argument : required_argument;
        flags[i].val = (int)entries[i].id;
    }
    *options = (struct options){
        .mode = OPTIONS_PUBLISH,
        .path = "/events?channel=bench",
        .publish = "push:bench",
        .last_event_id = "",
        .streams = 100,
        .channels = 1,
        .connect_burst = 200,
        .messages = 1,
        .size = 100,
        .rate = 50,
        .seconds = 10,
        .drain = 10,
        .open_timeout = 60,
    };
    while ((id = getopt_long(argc, argv, "", flags, NULL)) != -1) {
        const struct option_entry *entry = NULL;

        for (size_t i = 0; i < ENTRY_COUNT; i++) {
            if ((int)entries[i].id == id)
                entry = &entries[i];
        }
        if (!entry) {
            fputs("load: see --help\n", stderr);
            return OPTIONS_WRONG;
        }
        if (entry->id == OPTION_HELP) {
            print_help();
            return OPTIONS_HELP;
        }
        if (take_option(options, entry, optarg) < 0)
            return OPTIONS_WRONG;
    }
    if (optind < argc) {
        fprintf(stderr, "load: '%s' is not an option\n", argv[optind]);
        return OPTIONS_WRONG;
    }
    return check(options);
}
