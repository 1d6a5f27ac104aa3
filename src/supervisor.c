/* SPDX-License-Identifier: BSD-2-Clause */
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "process/children.h"
#include "process/notify.h"
#include "process/pid_file.h"
#include "process/succession.h"
#include "reload.h"
#include "server.h"

enum {
    KILL_AFTER_MS = 5000,    /* beyond --grace */
    READY_AT_ONCE_LIMIT = 64 /* how many workers' news are read in one go */
};

struct supervisor {
    const struct program *program;
    const struct invocation *invocation;
    struct configuration *configuration; /* in use; owned */
    struct succession succession;
    struct listen_socket *socket;
    struct children children;
    sigset_t signals; /* those we take from signals_fd */
    int signals_fd;
    int ready[2]; /* a pipe: workers write their pid when they serve */
    pid_t trial;  /* the new version of the program, reading its settings; 0: none */
    bool is_starting;
    bool is_ending;
    int64_t kill_at_ms; /* whoever has not ended by then; INT64_MAX: nobody is to end */
};

/* --- workers -------------------------------------------------------------------------------------------------- */

static void on_worker_ready(void *context)
{
    const struct supervisor *supervisor = context;
    pid_t pid = getpid();
    if (write(supervisor->ready[1], &pid, sizeof(pid)) != (ssize_t)sizeof(pid))
        log_warning("cannot tell the parent that this worker serves: %s", strerror(errno));
}

/* In the child. SIGTERM and SIGUSR1 stay blocked until the service watches them. */
static int run_worker(struct supervisor *supervisor, const struct child_place *place, pid_t parent)
{
    const struct worker worker = {.index = place->index,
                                  .has_predecessor = place->has_predecessor,
                                  .on_ready = on_worker_ready,
                                  .context = supervisor};

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        return 1;
    close(supervisor->signals_fd);
    close(supervisor->ready[0]);
    /* A terminal or a service manager sends these to all; the parent decides. */
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
    notify_leave_to_parent();
    socket_disown(supervisor->socket);
    return server_run(supervisor->program, supervisor->configuration, supervisor->socket, &worker);
}

static pid_t spawn_worker(void *context, const struct child_place *place)
{
    struct supervisor *supervisor = context;
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid == 0)
        exit(run_worker(supervisor, place, parent));
    if (pid < 0)
        log_error("cannot start a worker: %s", strerror(errno));
    return pid;
}

static void end_worker(void *context, pid_t pid)
{
    (void)context;
    kill(pid, SIGTERM);
}

static void read_ready(struct supervisor *supervisor)
{
    pid_t pids[READY_AT_ONCE_LIMIT];
    ssize_t len = read(supervisor->ready[0], pids, sizeof(pids));

    for (ssize_t i = 0; i < len / (ssize_t)sizeof(pids[0]); i++)
        children_on_ready(&supervisor->children, pids[i]);
}

static void tend_workers(struct supervisor *supervisor)
{
    children_tend(&supervisor->children, clock_monotonic_ms());
    if (!supervisor->is_starting || !children_are_ready(&supervisor->children))
        return;
    supervisor->is_starting = false;
    log_info("serving; workers: %" PRId64, supervisor->configuration->settings.workers);
    notify_ready();
}

static void start_generation(struct supervisor *supervisor)
{
    supervisor->is_starting = true;
    children_begin(&supervisor->children, (unsigned)supervisor->configuration->settings.workers);
}

/* --- another configuration, another version --------------------------------------------------------------------- */

static void on_hangup(struct supervisor *supervisor)
{
    struct buffer error = {0};

    notify_reloading();
    struct configuration *renewed =
        reload(supervisor->configuration, supervisor->invocation, supervisor->socket, &error);
    if (renewed == NULL) {
        log_error("nothing is changed: %s", error.data);
        notify_ready();
    } else {
        configuration_free(supervisor->configuration);
        supervisor->configuration = renewed;
        log_open(supervisor->program->name, (enum log_target)renewed->settings.log_target,
                 (enum log_level)renewed->settings.log_level);
        log_info("reloaded; new workers take over");
        start_generation(supervisor);
    }
    buffer_fini(&error);
}

static void try_successor(struct supervisor *supervisor)
{
    if (supervisor->trial > 0)
        return;
    supervisor->trial = succession_try(&supervisor->succession);
    if (supervisor->trial < 0)
        log_error("nothing is changed: cannot try the new program: %s", strerror(errno));
}

static void add_child(void *context, pid_t pid)
{
    struct upgrade *upgrade = context;
    upgrade->children = alloc_resize(upgrade->children, upgrade->count + 1, sizeof(*upgrade->children));
    upgrade->children[upgrade->count++] = pid;
}

/* Does not return unless it fails. */
static void hand_over(const struct supervisor *supervisor)
{
    struct upgrade upgrade = {.fd = supervisor->socket->fd, .listen = supervisor->configuration->settings.listen};

    children_visit(&supervisor->children, add_child, &upgrade);
    log_info("executing %s in place", supervisor->succession.path);
    notify_reloading();
    succession_execute(&supervisor->succession, &upgrade);
    log_error("nothing is changed: cannot execute %s: %s", supervisor->succession.path, strerror(errno));
    notify_ready();
    free(upgrade.children);
}

static void on_trial_exit(struct supervisor *supervisor, int status)
{
    supervisor->trial = 0;
    if (supervisor->is_ending)
        return;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        hand_over(supervisor);
    else
        log_error("nothing is changed: %s does not start with these settings", supervisor->succession.path);
}

/* --- ends ----------------------------------------------------------------------------------------------------- */

static void log_exit(pid_t pid, int status, int64_t pause_ms)
{
    const char *how = WIFSIGNALED(status) ? "was ended by signal" : "ended with status";
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);

    if (pause_ms == 0)
        log_error("worker %ld %s %d; the next one starts now", (long)pid, how, number);
    else
        log_error("worker %ld %s %d; the next one starts in %" PRId64 " ms", (long)pid, how, number, pause_ms);
}

static void reap(struct supervisor *supervisor)
{
    int64_t pause_ms;
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == supervisor->trial)
            on_trial_exit(supervisor, status);
        else if (children_on_exit(&supervisor->children, pid, clock_monotonic_ms(), &pause_ms))
            log_exit(pid, status, pause_ms);
    }
}

static void begin_end(struct supervisor *supervisor)
{
    if (!supervisor->is_ending) {
        log_info("ending");
        notify_stopping();
        socket_close(supervisor->socket);
        supervisor->kill_at_ms = clock_monotonic_ms() + supervisor->configuration->settings.grace_ms + KILL_AFTER_MS;
    }
    supervisor->is_ending = true;
    children_end(&supervisor->children);
}

static void kill_one(void *context, pid_t pid)
{
    (void)context;
    log_warning("worker %ld did not end in time and is killed", (long)pid);
    kill(pid, SIGKILL);
}

/* --- the loop ------------------------------------------------------------------------------------------------- */

static void report_one(void *context, pid_t pid)
{
    (void)context;
    kill(pid, SIGUSR1);
}

static void on_signal(struct supervisor *supervisor, uint32_t number)
{
    switch (number) {
    case SIGCHLD:
        reap(supervisor);
        break;
    case SIGUSR1:
        children_visit(&supervisor->children, report_one, NULL);
        break;
    case SIGHUP:
        if (!supervisor->is_ending)
            on_hangup(supervisor);
        break;
    case SIGUSR2:
        if (!supervisor->is_ending)
            try_successor(supervisor);
        break;
    default:
        begin_end(supervisor);
    }
}

static void read_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;
    while (read(supervisor->signals_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        on_signal(supervisor, info.ssi_signo);
}

/* In poll's milliseconds. */
static int time_to_wait(const struct supervisor *supervisor)
{
    int64_t due_ms = children_due(&supervisor->children);
    if (supervisor->kill_at_ms < due_ms)
        due_ms = supervisor->kill_at_ms;
    if (due_ms == INT64_MAX)
        return -1;
    int64_t wait_ms = due_ms - clock_monotonic_ms();
    return wait_ms < 0 ? 0 : wait_ms < INT32_MAX ? (int)wait_ms : INT32_MAX;
}

static void loop(struct supervisor *supervisor)
{
    struct pollfd sources[] = {{.fd = supervisor->signals_fd, .events = POLLIN},
                               {.fd = supervisor->ready[0], .events = POLLIN}};

    for (;;) {
        tend_workers(supervisor);
        if (supervisor->is_ending && children_have_ended(&supervisor->children))
            return;
        poll(sources, sizeof(sources) / sizeof(sources[0]), time_to_wait(supervisor));
        read_signals(supervisor);
        read_ready(supervisor);
        if (supervisor->kill_at_ms <= clock_monotonic_ms()) {
            children_visit(&supervisor->children, kill_one, NULL);
            supervisor->kill_at_ms = INT64_MAX;
        }
    }
}

/* --- start ---------------------------------------------------------------------------------------------------- */

/* Signals are read like anything else, so that none comes between two steps; exec keeps those that wait. */
static int open_descriptors(struct supervisor *supervisor)
{
    const int numbers[] = {SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};

    sigemptyset(&supervisor->signals);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaddset(&supervisor->signals, numbers[i]);
    sigprocmask(SIG_BLOCK, &supervisor->signals, NULL);
    supervisor->signals_fd = signalfd(-1, &supervisor->signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return supervisor->signals_fd < 0 ? -1 : pipe2(supervisor->ready, O_CLOEXEC | O_NONBLOCK);
}

static int start(struct supervisor *supervisor, const struct upgrade *predecessor, struct buffer *error)
{
    const char *pid_file = supervisor->configuration->settings.pid_file;

    if (open_descriptors(supervisor) < 0) {
        buffer_printf(error, "cannot supervise workers: %s", strerror(errno));
        return -1;
    }
    if (pid_file != NULL && pid_file_write(pid_file, getpid(), error) < 0)
        return -1;
    for (size_t i = 0; predecessor != NULL && i < predecessor->count; i++)
        children_adopt(&supervisor->children, predecessor->children[i]);
    start_generation(supervisor);
    reap(supervisor);
    return 0;
}

static void close_descriptors(const struct supervisor *supervisor)
{
    close(supervisor->signals_fd);
    close(supervisor->ready[0]);
    close(supervisor->ready[1]);
}

int supervisor_run(const struct program *program, const struct invocation *invocation,
                   struct configuration *configuration, struct listen_socket *socket, const struct upgrade *predecessor,
                   struct buffer *error)
{
    struct supervisor supervisor = {.program = program,
                                    .invocation = invocation,
                                    .configuration = configuration,
                                    .socket = socket,
                                    .signals_fd = -1,
                                    .ready = {-1, -1},
                                    .kill_at_ms = INT64_MAX};
    const struct children_ops ops = {.spawn = spawn_worker, .end = end_worker, .context = &supervisor};
    int status = 1;

    children_init(&supervisor.children, &ops);
    succession_init(&supervisor.succession, invocation->argc, invocation->argv);
    if (start(&supervisor, predecessor, error) == 0) {
        loop(&supervisor);
        if (supervisor.configuration->settings.pid_file != NULL)
            pid_file_remove(supervisor.configuration->settings.pid_file, getpid());
        log_info("ended");
        status = 0;
    }
    close_descriptors(&supervisor);
    children_fini(&supervisor.children);
    configuration_free(supervisor.configuration);
    return status;
}
