/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "start.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "check.h"
#include "fcgi/decoder.h"
#include "process/socket.h"
#include "redis/address.h"
#include "server.h"
#include "settings.h"

enum { EXIT_USAGE = 2 };

static void print_help(const struct program *program, const struct settings *settings)
{
    printf("Usage: %s [OPTION]...\n%s.\n\n", program->name, program->summary);
    settings_print_help(settings, stdout);
    printf(
        "\nEach can be set as PUSH_NAME in the environment (PUSH_HISTORY_LENGTH) or as a line 'name = value' in the\n"
        "file of --config. The command line overrules the environment, and that the file.\n");
}

/* The address as the user wrote it, but not what may be a password. */
static void add_without_login(struct buffer *out, const char *address)
{
    const char *scheme_end = strstr(address, "://");
    const char *login = scheme_end != NULL ? scheme_end + strlen("://") : address;
    const char *at = strrchr(login, '@');

    buffer_printf(out, "--redis: '%.*s%s%s'", (int)(login - address), address, at != NULL ? "..." : "",
                  at != NULL ? at : login);
}

/* The address of Redis with the password from wherever it is kept. */
static int read_address(struct redis_address *address, const struct settings *settings, struct buffer *error)
{
    struct buffer problem = {0};
    int result = 0;

    if (redis_address_parse(address, settings->redis, &problem) < 0) {
        add_without_login(error, settings->redis);
        buffer_printf(error, " %s", problem.data);
        result = -1;
    } else if (settings->redis_password_file != NULL &&
               redis_address_read_password(address, settings->redis_password_file, &problem) < 0) {
        buffer_printf(error, "--redis-password-file: %s", problem.data);
        result = -1;
    }
    buffer_fini(&problem);
    return result;
}

static int serve(const struct program *program, const struct settings *settings, const struct redis_address *address,
                 struct buffer *error)
{
    struct listen_socket socket;

    if (settings->is_check)
        return check_run(program, settings, address);
    if (decoder_init() < 0) {
        buffer_add_string(error, "libfcgi cannot be initialised");
        return 1;
    }
    if (socket_open(&socket, settings->listen, (mode_t)settings->socket_mode, error) < 0)
        return 1;
    if (socket.is_public)
        log_warning(
            "%s can be reached from other machines: whoever does can forge requests; listen on a unix socket or "
            "on 127.0.0.1 unless a firewall protects it",
            socket.place.data);
    int status = server_run(program, settings, address, &socket);
    socket_close(&socket);
    decoder_fini();
    return status;
}

static int run(const struct program *program, const struct settings *settings, struct buffer *error)
{
    struct redis_address address = {0};
    int status = EXIT_USAGE;

    if (settings->is_help)
        print_help(program, settings);
    else if (settings->is_version)
        printf("%s %s\n", program->name, PACKAGE_VERSION);
    if (settings->is_help || settings->is_version)
        return 0;
    log_open(program->name, (enum log_target)settings->log_target, (enum log_level)settings->log_level);
    if (read_address(&address, settings, error) == 0)
        status = serve(program, settings, &address, error);
    redis_address_fini(&address);
    return status;
}

int start_program(const struct program *program, int argc, char **argv)
{
    struct settings settings;
    struct buffer error = {0};
    int status = EXIT_USAGE;

    log_open(program->name, LOG_TARGET_STDERR, LOG_LEVEL_INFO);
    if (settings_read(&settings, argc, argv, environ, &error) == 0)
        status = run(program, &settings, &error);
    if (error.len > 0)
        log_error("%s", error.data);
    buffer_fini(&error);
    settings_fini(&settings);
    return status;
}
