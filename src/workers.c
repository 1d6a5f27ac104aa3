/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "process/notify.h"
#include "server.h"

enum {
    KILL_AFTER_MS = 5000,    /* beyond --grace */
    READY_AT_ONCE_LIMIT = 64 /* how many workers' news are read in one go */
};

static int64_t patience_of(const struct settings *settings)
{
    return settings->grace_ms + KILL_AFTER_MS;
}

/* --- in the worker -------------------------------------------------------------------------------------------- */

/* Who adopted this worker meanwhile does not wait for it. */
static void on_serving(void *context)
{
    const struct workers *workers = context;
    pid_t pid = getpid();
    if (write(workers->ready[1], &pid, sizeof(pid)) != (ssize_t)sizeof(pid) && errno != EPIPE)
        log_warning("cannot tell the parent that this worker serves: %s", strerror(errno));
}

/* SIGTERM and SIGUSR1 stay blocked until the service watches them. */
static int run(struct workers *workers, const struct child_place *place, pid_t parent)
{
    const struct worker worker = {.index = place->index,
                                  .has_others = place->has_others,
                                  .on_ready = on_serving,
                                  .context = workers,
                                  .relay = &workers->relay};

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        return 1;
    close(workers->private_fd);
    close(workers->ready[0]);
    /* A terminal or a service manager sends these to all; the parent decides. */
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    notify_leave_to_parent();
    socket_disown(workers->socket);
    return server_run(workers->program, workers->configuration, workers->socket, &worker);
}

/* --- in the parent -------------------------------------------------------------------------------------------- */

static pid_t spawn(void *context, const struct child_place *place)
{
    struct workers *workers = context;
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid == 0)
        exit(run(workers, place, parent));
    if (pid < 0)
        log_error("cannot start a worker: %s", strerror(errno));
    return pid;
}

static void ask_to_end(void *context, pid_t pid)
{
    (void)context;
    kill(pid, SIGTERM);
}

static void kill_one(void *context, pid_t pid)
{
    (void)context;
    log_warning("worker %ld did not end in time and is killed", (long)pid);
    kill(pid, SIGKILL);
}

int workers_init(struct workers *workers, const struct program *program, struct listen_socket *socket, int private_fd)
{
    const struct children_ops ops = {.spawn = spawn, .end = ask_to_end, .kill = kill_one, .context = workers};

    *workers = (struct workers){
        .program = program, .socket = socket, .private_fd = private_fd, .ready = {-1, -1}, .relay = RELAY_NONE};
    children_init(&workers->children, &ops);
    return pipe2(workers->ready, O_CLOEXEC | O_NONBLOCK) < 0 ? -1 : relay_open(&workers->relay);
}

void workers_fini(struct workers *workers)
{
    if (workers->ready[0] >= 0) {
        close(workers->ready[0]);
        close(workers->ready[1]);
    }
    relay_close(&workers->relay);
    children_fini(&workers->children);
}

/* --- generations ---------------------------------------------------------------------------------------------- */

void workers_begin(struct workers *workers, const struct configuration *configuration)
{
    const struct settings *settings = &configuration->settings;

    workers->configuration = configuration;
    workers->is_starting = true;
    children_begin(&workers->children, (unsigned)settings->workers, patience_of(settings));
}

void workers_adopt(struct workers *workers, const struct upgrade *predecessor, const struct settings *settings)
{
    int64_t patience_ms = patience_of(settings);
    int64_t now_ms = clock_monotonic_ms();

    if (predecessor->relay.fds[RELAY_TAKE] >= 0) {
        relay_close(&workers->relay);
        workers->relay = predecessor->relay;
    }
    for (size_t i = 0; i < predecessor->serve.count; i++)
        children_adopt(&workers->children, predecessor->serve.pids[i], patience_ms);
    for (size_t i = 0; i < predecessor->ending.count; i++)
        children_adopt_ending(&workers->children, predecessor->ending.pids[i], patience_ms, now_ms);
}

static void export_one(void *context, const struct child *child)
{
    struct upgrade *upgrade = context;
    upgrade_add(child->was_asked ? &upgrade->ending : &upgrade->serve, child->pid);
}

void workers_export(const struct workers *workers, struct upgrade *upgrade)
{
    upgrade->relay = workers->relay;
    children_visit(&workers->children, export_one, upgrade);
}

/* --- turns of the parent's loop --------------------------------------------------------------------------------- */

bool workers_tend(struct workers *workers)
{
    children_tend(&workers->children, clock_monotonic_ms());
    if (!workers->is_starting || !children_are_ready(&workers->children))
        return false;
    workers->is_starting = false;
    return true;
}

int64_t workers_due(const struct workers *workers)
{
    return children_due(&workers->children);
}

int workers_ready_fd(const struct workers *workers)
{
    return workers->ready[0];
}

void workers_read_ready(struct workers *workers)
{
    pid_t pids[READY_AT_ONCE_LIMIT];
    ssize_t len = read(workers->ready[0], pids, sizeof(pids));

    for (ssize_t i = 0; i < len / (ssize_t)sizeof(pids[0]); i++)
        children_on_ready(&workers->children, pids[i]);
}

static void log_exit(pid_t pid, int status, int64_t pause_ms)
{
    const char *how = WIFSIGNALED(status) ? "was ended by signal" : "ended with status";
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);

    if (pause_ms == 0)
        log_error("worker %ld %s %d; the next one starts now", (long)pid, how, number);
    else
        log_error("worker %ld %s %d; the next one starts in %" PRId64 " ms", (long)pid, how, number, pause_ms);
}

void workers_on_exit(struct workers *workers, pid_t pid, int status)
{
    int64_t pause_ms;
    if (children_on_exit(&workers->children, pid, clock_monotonic_ms(), &pause_ms))
        log_exit(pid, status, pause_ms);
}

static void report_one(void *context, const struct child *child)
{
    (void)context;
    kill(child->pid, SIGUSR1);
}

void workers_report(const struct workers *workers)
{
    children_visit(&workers->children, report_one, NULL);
}

void workers_end(struct workers *workers)
{
    relay_end(&workers->relay);
    children_end(&workers->children, clock_monotonic_ms());
}

bool workers_have_ended(const struct workers *workers)
{
    return children_have_ended(&workers->children);
}
