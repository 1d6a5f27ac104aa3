/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "start.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "check.h"
#include "configuration.h"
#include "process/notify.h"
#include "process/pid_file.h"
#include "process/signals.h"
#include "process/socket.h"
#include "process/upgrade.h"
#include "script.h"
#include "server.h"
#include "supervisor.h"

enum { EXIT_USAGE = 2 };

static void print_help(const struct program *program, const struct settings *settings)
{
    printf("Usage: %s [OPTION]...\n%s.\n\n", program->name, program->summary);
    settings_print_help(settings, stdout);
    printf(
        "\nEach can be set as PUSH_NAME in the environment (PUSH_HISTORY_LENGTH) or as a line 'name = value' in the\n"
        "file of --config. The command line overrules the environment, and that the file.\n");
}

/* --- the socket ----------------------------------------------------------------------------------------------- */

/* That of the predecessor, unless another address is wanted now and can be had: its clients go on being served. */
static void take_socket(struct listen_socket *socket, const struct settings *settings,
                        const struct upgrade *predecessor)
{
    struct listen_socket renewed;
    struct buffer error = {0};

    socket_adopt(socket, predecessor->fd, predecessor->listen);
    if (socket_is_for(socket, settings->listen))
        return;
    if (socket_open(&renewed, settings->listen, (mode_t)settings->socket_mode, &error) == 0) {
        socket_close(socket);
        *socket = renewed;
    } else {
        log_error("%s", error.data);
    }
    buffer_fini(&error);
}

static int open_socket(struct listen_socket *socket, const struct settings *settings, const struct upgrade *predecessor,
                       struct buffer *error)
{
    if (predecessor == NULL)
        return socket_open(socket, settings->listen, (mode_t)settings->socket_mode, error);
    take_socket(socket, settings, predecessor);
    return 0;
}

static void warn_of_place(const struct program *program, const struct listen_socket *socket)
{
    if (socket->is_public)
        log_warning(
            "%s can be reached from other machines: whoever does can forge requests; listen on a unix socket or "
            "on 127.0.0.1 unless a firewall protects it",
            socket->place.data);
    if (socket->is_from_fcgid && program->is_streaming)
        log_warning("mod_fcgid is unsuitable for event streams: it gives each one a process, keeps events back until "
                    "64 kB have come together, and ends it after FcgidIOTimeout (40 s) of silence. Start this program "
                    "with --listen and use mod_proxy_fcgi: ProxyPass \"/events\" "
                    "\"unix:/run/fcgi-push/sse.sock|fcgi://push/events\" flushpackets=on");
}

/* --- serving -------------------------------------------------------------------------------------------------- */

/* mod_fcgid itself keeps processes alive, each with one request. */
static bool needs_parent(const struct settings *settings, const struct listen_socket *socket)
{
    return settings->workers > 0 && !socket->is_from_fcgid;
}

static void on_ready(void *context)
{
    (void)context;
    notify_ready();
}

/* A process without a parent, and with nobody whom it could replace later. */
static int serve_alone(const struct program *program, struct configuration *configuration, struct listen_socket *socket,
                       struct buffer *error)
{
    const struct worker worker = {.on_ready = on_ready, .relay = &RELAY_NONE};
    const char *pid_file = configuration->settings.pid_file;
    int status = 1;

    if (pid_file == NULL || pid_file_write(pid_file, getpid(), error) == 0) {
        status = server_run(program, configuration, socket, &worker);
        if (pid_file != NULL)
            pid_file_remove(pid_file, getpid());
    }
    configuration_free(configuration);
    return status;
}

/* Of a predecessor that was a parent. This process takes over no connections of theirs. */
static void end_children(const struct upgrade *predecessor)
{
    relay_end(&predecessor->relay);
    for (size_t i = 0; i < predecessor->serve.count; i++)
        kill(predecessor->serve.pids[i], SIGTERM);
}

static int serve(const struct program *program, const struct invocation *invocation,
                 struct configuration *configuration, const struct upgrade *predecessor, struct buffer *error)
{
    struct listen_socket socket;
    int status;

    signals_block(); /* until they are watched: who sees the socket may send them */
    if (open_socket(&socket, &configuration->settings, predecessor, error) < 0) {
        configuration_free(configuration);
        return 1;
    }
    log_info("listening on %s", socket.place.data);
    warn_of_place(program, &socket);
    if (needs_parent(&configuration->settings, &socket)) {
        status = supervisor_run(program, invocation, configuration, &socket, predecessor, error);
    } else {
        if (predecessor != NULL)
            end_children(predecessor);
        status = serve_alone(program, configuration, &socket, error);
    }
    socket_close(&socket);
    return status;
}

/* --- all ------------------------------------------------------------------------------------------------------ */

/* Does what the settings ask for, and frees them. */
static int run(const struct program *program, const struct invocation *invocation, struct configuration *configuration,
               const struct upgrade *predecessor, struct buffer *error)
{
    const struct settings *settings = &configuration->settings;
    int status = 0;

    if (!settings->is_help && !settings->is_version && !settings->is_check_settings && !settings->is_check) {
        log_open(program->name, (enum log_target)settings->log_target, (enum log_level)settings->log_level);
        return serve(program, invocation, configuration, predecessor, error);
    }
    if (settings->is_help)
        print_help(program, settings);
    else if (settings->is_version)
        printf("%s %s\n", program->name, PACKAGE_VERSION);
    else if (settings->is_check)
        status = check_run(program, configuration);
    configuration_free(configuration);
    return status;
}

/* One request, and no line of the log for each that goes well. */
static int serve_script(const struct program *program, const struct invocation *invocation, struct buffer *error)
{
    struct invocation own = script_invocation(invocation);
    struct configuration *configuration = configuration_new(&own, error);
    int status = EXIT_USAGE;

    if (configuration != NULL) {
        const struct settings *settings = &configuration->settings;
        enum log_level level = (enum log_level)settings->log_level;
        log_open(program->name, (enum log_target)settings->log_target,
                 level == LOG_LEVEL_INFO ? LOG_LEVEL_WARNING : level);
        status = script_run(program, configuration, invocation);
    }
    configuration_free(configuration);
    free(own.environment);
    return status;
}

/* Whatever this process executes in its place later is no CGI script either, though descriptor 0 may be closed then. */
static int serve_socket(const struct program *program, const struct invocation *invocation, struct buffer *error)
{
    struct upgrade upgrade;

    unsetenv("GATEWAY_INTERFACE");
    bool has_predecessor = upgrade_take(&upgrade);
    struct configuration *configuration = configuration_new(invocation, error);
    int status = EXIT_USAGE;

    if (configuration != NULL)
        status = run(program, invocation, configuration, has_predecessor ? &upgrade : NULL, error);
    if (has_predecessor)
        upgrade_fini(&upgrade);
    return status;
}

int start_program(const struct program *program, int argc, char **argv)
{
    const struct invocation invocation = {.argc = argc, .argv = argv, .environment = environ};
    struct buffer error = {0};

    log_open(program->name, LOG_TARGET_STDERR, LOG_LEVEL_INFO);
    int status = script_is_requested(environ) ? serve_script(program, &invocation, &error)
                                              : serve_socket(program, &invocation, &error);
    if (error.len > 0)
        log_error("%s", error.data);
    buffer_fini(&error);
    return status;
}
