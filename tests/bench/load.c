/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load: opens event streams, publishes numbered messages, compares what arrives with what was sent,
 * and says what it cost the servers. This file is the order of events; README.md shows a call.
 */
#include "clock.h"
#include "options.h"
#include "outlet.h"
#include "pool.h"
#include "publisher.h"
#include "readable.h"
#include "report.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define SPARE_DESCRIPTORS 32u
#define TURN_MS 20
#define REST_NS (300 * (uint64_t)CLOCK_NS_PER_MS) /* for a server to come to rest */
#define CHECK_NS (50 * (uint64_t)CLOCK_NS_PER_MS)

enum exit_status { EXIT_GOOD = 0, EXIT_BAD = 1, EXIT_NOT_RUN = 2 };

struct run {
    struct options options;
    struct tally tally;
    struct pool pool;
    struct publisher *publisher; /* NULL when nothing is to be published */
    struct report report;
    uint64_t *replayed;   /* with --replay: what each channel's streams are to get; else NULL */
    uint64_t opening_ns;  /* when opening began */
    uint64_t measured_ns; /* when measuring began */
};

static volatile sig_atomic_t is_interrupted;

static void on_signal(int number)
{
    (void)number;
    is_interrupted = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL); /* a second one kills */
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static uint64_t seconds_ns(double seconds)
{
    return (uint64_t)(seconds * CLOCK_NS_PER_S);
}

static double ns_seconds(uint64_t ns)
{
    return (double)ns / CLOCK_NS_PER_S;
}

/* Allows as many descriptors as the streams need; returns -1 when it cannot be. */
static int raise_descriptor_limit(unsigned streams)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -1;
    if (limit.rlim_cur < streams + SPARE_DESCRIPTORS) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < streams + SPARE_DESCRIPTORS) {
            fprintf(stderr, "load: --streams %u: only %llu descriptors are allowed (ulimit -n)\n", streams,
                    (unsigned long long)limit.rlim_max);
            return -1;
        }
    }
    return 0;
}

static int prepare_publisher(struct run *run)
{
    const struct options *options = &run->options;
    struct publisher_options wanted = {
        .outlet = options->outlet,
        .address = &options->publish_to,
        .channel = options->publish,
        .channels = options->channels,
        .size = options->size,
        .rate = options->rate,
        .seconds = options->seconds,
        .offered = (uint64_t)(options->rate * options->seconds + 0.5),
    };
    char error[200] = "";

    if (options->mode != OPTIONS_PUBLISH && options->mode != OPTIONS_ONCE)
        return 0;
    run->publisher = publisher_new(&wanted, error, sizeof(error));
    if (!run->publisher) {
        fprintf(stderr, "load: cannot publish by %s: %s\n", options->outlet->name, error);
        return -1;
    }
    return 0;
}

static int prepare_replay(struct run *run)
{
    const struct options *options = &run->options;

    if (options->mode != OPTIONS_REPLAY)
        return 0;
    run->replayed = calloc(options->channels, sizeof(*run->replayed));
    if (!run->replayed)
        return -1;
    for (unsigned i = 0; i < options->channels; i++)
        run->replayed[i] = options->replay;
    return 0;
}

static int prepare(struct run *run)
{
    const struct options *options = &run->options;
    const struct pool_options pool_options = {
        .transport = options->transport,
        .address = &options->server,
        .path = options->path,
        .last_event_id = options->last_event_id,
        .streams = options->streams,
        .slow = options->slow,
        .channels = options->channels,
        .burst = options->connect_burst,
        .open_limit_ns = seconds_ns(options->open_timeout),
        .reconnect = options->reconnect,
        .tally = &run->tally,
    };

    tally_init(&run->tally);
    run->tally.from_any = options->from_any;
    if (raise_descriptor_limit(options->streams) < 0 || prepare_publisher(run) < 0 || prepare_replay(run) < 0)
        return -1;
    if (pool_init(&run->pool, &pool_options) < 0) {
        fprintf(stderr, "load: %s\n", strerror(errno));
        publisher_free(run->publisher);
        return -1;
    }
    return 0;
}

static void run_for(struct run *run, uint64_t length_ns)
{
    uint64_t end_ns = clock_now_ns() + length_ns;

    while (!is_interrupted && clock_now_ns() < end_ns)
        pool_turn(&run->pool, TURN_MS);
}

static void open_streams(struct run *run)
{
    uint64_t end_ns;

    run->opening_ns = clock_now_ns();
    end_ns = run->opening_ns + seconds_ns(run->options.open_timeout);

    while (!is_interrupted && !pool_is_settled(&run->pool) && clock_now_ns() < end_ns)
        pool_turn(&run->pool, TURN_MS);
    run->report.open_seconds = ns_seconds(clock_now_ns() - run->opening_ns);
    pool_give_up(&run->pool);
}

/* Receives until all that was published has arrived, or nothing more comes. */
static void drain(struct run *run, const uint64_t *published)
{
    const uint64_t drain_ns = seconds_ns(run->options.drain);
    uint64_t delivered = 0;
    uint64_t changed_ns = clock_now_ns();
    uint64_t check_ns = 0;

    while (!is_interrupted) {
        uint64_t now_ns = clock_now_ns();

        if (run->tally.delivered != delivered) {
            delivered = run->tally.delivered;
            changed_ns = now_ns;
        } else if (now_ns - changed_ns >= drain_ns) {
            break;
        }
        if (now_ns >= check_ns) {
            if (pool_missing(&run->pool, published, true) == 0)
                break;
            check_ns = now_ns + CHECK_NS;
        }
        pool_turn(&run->pool, TURN_MS);
    }
}

/* One message, of which nothing is received until it is written to all; false when it cannot be published. */
static bool publish_one(struct run *run, struct pollfd *sockets)
{
    const uint64_t *published = publisher_published(run->publisher);
    unsigned count = pool_sockets(&run->pool, sockets);
    uint64_t began_ns = clock_now_ns();
    uint64_t written_ns;
    bool is_written;

    if (publisher_send(run->publisher) < 0)
        return false;
    is_written = readable_await_all(sockets, count, began_ns + seconds_ns(run->options.drain));
    written_ns = clock_now_ns() - began_ns;
    drain(run, published);
    if (is_written && pool_missing(&run->pool, published, false) == 0)
        once_add(&run->report.once, written_ns, run->tally.last_ns - began_ns);
    return publisher_settle(run->publisher) == 0;
}

static void publish_one_by_one(struct run *run)
{
    struct pollfd *sockets = calloc(run->options.streams, sizeof(*sockets));

    if (!sockets) {
        fprintf(stderr, "load: %s\n", strerror(errno));
        return;
    }
    for (unsigned i = 0; i < run->options.messages && !is_interrupted; i++) {
        if (!publish_one(run, sockets))
            break;
        run_for(run, CHECK_NS);
    }
    free(sockets);
}

static void publish_and_drain(struct run *run)
{
    if (publisher_start(run->publisher) < 0) {
        fprintf(stderr, "load: cannot start a thread: %s\n", strerror(errno));
        return;
    }
    while (!is_interrupted && !publisher_is_done(run->publisher))
        pool_turn(&run->pool, TURN_MS); /* also when all streams ended: what they miss is lost */
    publisher_stop(run->publisher);
    while (!publisher_is_done(run->publisher)) /* at most a second */
        pool_turn(&run->pool, TURN_MS);
    drain(run, publisher_published(run->publisher));
}

static void measure(struct run *run)
{
    const struct procstat *procstat = &run->options.procstat;
    int64_t cpu_ns[PROCSTAT_MAX];
    int64_t own_cpu_ns = procstat_own_cpu_ns();
    uint64_t delivered = run->tally.delivered;

    for (unsigned i = 0; i < procstat->count; i++)
        cpu_ns[i] = procstat_cpu_ns(&procstat->processes[i]);
    run->measured_ns = clock_now_ns();
    if (run->publisher) {
        run->tally.since_ns = run->measured_ns;
        run->tally.size = run->options.size;
    }

    if (run->pool.opened == 0)
        ; /* nobody is there to receive anything */
    else if (run->options.mode == OPTIONS_ONCE)
        publish_one_by_one(run);
    else if (run->publisher && !is_interrupted)
        publish_and_drain(run);
    else if (run->replayed)
        drain(run, run->replayed);
    else
        run_for(run, seconds_ns(run->options.mode == OPTIONS_IDLE ? run->options.idle : run->options.seconds));

    run->report.measured_deliveries = run->tally.delivered - delivered;
    if (run->tally.last_ns > run->measured_ns)
        run->report.delivery_seconds = ns_seconds(run->tally.last_ns - run->measured_ns);
    run->report.measured_seconds = ns_seconds(clock_now_ns() - run->measured_ns);
    for (unsigned i = 0; i < procstat->count; i++) {
        int64_t end_ns = procstat_cpu_ns(&procstat->processes[i]);

        run->report.processes[i].cpu_ns = end_ns < 0 || cpu_ns[i] < 0 ? -1 : end_ns - cpu_ns[i];
    }
    run->report.own_cpu_ns = procstat_own_cpu_ns() - own_cpu_ns;
}

static void conclude(struct run *run)
{
    struct report *report = &run->report;
    const uint64_t *published = run->replayed;

    report->is_interrupted = is_interrupted;
    if (run->tally.last_ns > run->opening_ns)
        report->last_seconds = ns_seconds(run->tally.last_ns - run->opening_ns);
    if (run->publisher)
        report->publishing = publisher_result(run->publisher);
    if (run->publisher && !is_interrupted)
        published = publisher_published(run->publisher);
    report->lost = pool_missing(&run->pool, published, false);
    report->lost_at_ended = report->lost - pool_missing(&run->pool, published, true);
    report->expected = published ? pool_expected(&run->pool, published) : run->tally.delivered + report->lost;
}

static void run_all(struct run *run)
{
    const struct procstat *procstat = &run->options.procstat;
    struct report_process *processes = run->report.processes;

    for (unsigned i = 0; i < procstat->count; i++)
        processes[i].before = procstat_memory(&procstat->processes[i]);
    open_streams(run);
    run_for(run, REST_NS);
    for (unsigned i = 0; i < procstat->count; i++)
        processes[i].open = procstat_memory(&procstat->processes[i]);
    measure(run);
    run_for(run, REST_NS); /* repeats that come after the last message are found as well */
    for (unsigned i = 0; i < procstat->count; i++) {
        processes[i].end = procstat_memory(&procstat->processes[i]);
        processes[i].is_alive = procstat_is_alive(&procstat->processes[i]);
    }
    conclude(run);
}

int main(int argc, char **argv)
{
    static struct run run;
    bool is_good;

    switch (options_parse(&run.options, argc, argv)) {
    case OPTIONS_HELP:
        return EXIT_GOOD;
    case OPTIONS_WRONG:
        return EXIT_NOT_RUN;
    case OPTIONS_RUN:
        break;
    }
    catch_signals();
    if (prepare(&run) < 0)
        return EXIT_NOT_RUN;
    run.report.options = &run.options;
    run.report.pool = &run.pool;
    run.report.tally = &run.tally;

    run_all(&run);
    report_text(&run.report, run.options.json ? stderr : stdout);
    if (run.options.json)
        report_json(&run.report, stdout);
    is_good = report_is_good(&run.report);

    pool_fini(&run.pool);
    publisher_free(run.publisher);
    free(run.replayed);
    return is_good ? EXIT_GOOD : EXIT_BAD;
}
