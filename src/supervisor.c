/* SPDX-License-Identifier: BSD-2-Clause */
#include "supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "process/notify.h"
#include "process/pid_file.h"
#include "process/signals.h"
#include "process/succession.h"
#include "reload.h"
#include "workers.h"

struct supervisor {
    const struct program *program;
    const struct invocation *invocation;
    struct configuration *configuration; /* in use; owned */
    struct succession succession;
    struct listen_socket *socket;
    struct workers workers;
    int signals_fd;
    pid_t trial; /* the new version of the program, reading its settings; 0: none */
    bool is_ending;
};

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
        log_open(supervisor->program->name, (enum log_target)renewed->settings.log_target,
                 (enum log_level)renewed->settings.log_level);
        log_info("reloaded; new workers take over");
        workers_begin(&supervisor->workers, renewed);
        configuration_free(supervisor->configuration);
        supervisor->configuration = renewed;
    }
    buffer_fini(&error);
}

static void try_successor(struct supervisor *supervisor)
{
    if (supervisor->trial > 0)
        return;
    supervisor->trial = succession_try(&supervisor->succession);
    if (supervisor->trial > 0)
        return;
    log_error("nothing is changed: cannot try the new program: %s", strerror(errno));
    supervisor->trial = 0;
}

/* Does not return unless it fails. */
static void hand_over(const struct supervisor *supervisor)
{
    const struct listen_socket *socket = supervisor->socket;
    struct upgrade upgrade = {.fd = socket->fd,
                              .relay = RELAY_NONE,
                              .listen = socket->address != NULL ? alloc_string(socket->address) : NULL};

    workers_export(&supervisor->workers, &upgrade);
    log_info("executing %s in place", supervisor->succession.path);
    notify_reloading();
    succession_execute(&supervisor->succession, &upgrade);
    log_error("nothing is changed: cannot execute %s: %s", supervisor->succession.path, strerror(errno));
    notify_ready();
    upgrade_fini(&upgrade);
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

/* --- signals -------------------------------------------------------------------------------------------------- */

static void reap(struct supervisor *supervisor)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == supervisor->trial)
            on_trial_exit(supervisor, status);
        else
            workers_on_exit(&supervisor->workers, pid, status);
    }
}

static void end(struct supervisor *supervisor)
{
    if (!supervisor->is_ending) {
        log_info("ending");
        notify_stopping();
        socket_close(supervisor->socket);
    }
    supervisor->is_ending = true;
    workers_end(&supervisor->workers);
}

static void on_signal(struct supervisor *supervisor, uint32_t number)
{
    switch (number) {
    case SIGCHLD:
        reap(supervisor);
        break;
    case SIGUSR1:
        workers_report(&supervisor->workers);
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
        end(supervisor);
    }
}

/* Signals are read like anything else, so that none comes between two steps; exec keeps those that wait. */
static int open_signals(void)
{
    sigset_t signals = signals_block();

    signal(SIGCHLD, SIG_DFL); /* whoever started this may have left it ignored, and then nobody could be waited for */
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void read_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;
    while (read(supervisor->signals_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        on_signal(supervisor, info.ssi_signo);
}

/* --- the loop ------------------------------------------------------------------------------------------------- */

/* In poll's milliseconds. */
static int time_to_wait(const struct supervisor *supervisor)
{
    int64_t due_ms = workers_due(&supervisor->workers);
    if (due_ms == INT64_MAX)
        return -1;
    int64_t wait_ms = due_ms - clock_monotonic_ms();
    return wait_ms < 0 ? 0 : wait_ms < INT32_MAX ? (int)wait_ms : INT32_MAX;
}

static void tend(struct supervisor *supervisor)
{
    if (!workers_tend(&supervisor->workers))
        return;
    log_info("serving; workers: %" PRId64, supervisor->configuration->settings.workers);
    notify_ready();
}

static void loop(struct supervisor *supervisor)
{
    struct pollfd sources[] = {{.fd = supervisor->signals_fd, .events = POLLIN},
                               {.fd = workers_ready_fd(&supervisor->workers), .events = POLLIN}};

    for (;;) {
        tend(supervisor);
        if (supervisor->is_ending && workers_have_ended(&supervisor->workers))
            return;
        poll(sources, sizeof(sources) / sizeof(sources[0]), time_to_wait(supervisor));
        read_signals(supervisor);
        workers_read_ready(&supervisor->workers);
    }
}

/* --- start ---------------------------------------------------------------------------------------------------- */

/* The predecessor's clients are served even when its pid file cannot be written any more. */
static int write_pid_file(const char *path, bool is_needed, struct buffer *error)
{
    if (path == NULL || pid_file_write(path, getpid(), error) == 0)
        return 0;
    if (is_needed)
        return -1;
    log_error("%s", error->data);
    buffer_clear(error);
    return 0;
}

static int start(struct supervisor *supervisor, const struct upgrade *predecessor, struct buffer *error)
{
    const struct settings *settings = &supervisor->configuration->settings;

    supervisor->signals_fd = open_signals();
    if (workers_init(&supervisor->workers, supervisor->program, supervisor->socket, supervisor->signals_fd) < 0 ||
        supervisor->signals_fd < 0) {
        buffer_printf(error, "cannot supervise workers: %s", strerror(errno));
        return -1;
    }
    if (write_pid_file(settings->pid_file, predecessor == NULL, error) < 0)
        return -1;
    if (predecessor != NULL)
        workers_adopt(&supervisor->workers, predecessor, settings);
    workers_begin(&supervisor->workers, supervisor->configuration);
    reap(supervisor);
    return 0;
}

int supervisor_run(const struct program *program, const struct invocation *invocation,
                   struct configuration *configuration, struct listen_socket *socket, const struct upgrade *predecessor,
                   struct buffer *error)
{
    struct supervisor supervisor = {
        .program = program, .invocation = invocation, .configuration = configuration, .socket = socket};
    int status = 1;

    succession_init(&supervisor.succession, invocation->argc, invocation->argv);
    if (start(&supervisor, predecessor, error) == 0) {
        loop(&supervisor);
        if (supervisor.configuration->settings.pid_file != NULL)
            pid_file_remove(supervisor.configuration->settings.pid_file, getpid());
        log_info("ended");
        status = 0;
    }
    if (supervisor.signals_fd >= 0)
        close(supervisor.signals_fd);
    workers_fini(&supervisor.workers);
    configuration_free(supervisor.configuration);
    return status;
}
