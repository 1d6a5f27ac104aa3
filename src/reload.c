/* SPDX-License-Identifier: BSD-2-Clause */
#include "reload.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "process/pid_file.h"

static bool is_same_text(const char *one, const char *other)
{
    return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

/* Another address in the settings is listened on; the earlier workers keep the old socket until they end. */
static int renew_socket(const struct settings *present, const struct settings *settings, struct listen_socket *socket,
                        struct buffer *error)
{
    struct listen_socket renewed;

    if (is_same_text(settings->listen, present->listen))
        return 0;
    if (socket_open(&renewed, settings->listen, (mode_t)settings->socket_mode, error) < 0)
        return -1;
    socket_close(socket);
    *socket = renewed;
    log_info("listening on %s", renewed.place.data);
    return 0;
}

static int renew_pid_file(const struct settings *present, const struct settings *settings, struct buffer *error)
{
    if (is_same_text(settings->pid_file, present->pid_file))
        return 0;
    if (settings->pid_file != NULL && pid_file_write(settings->pid_file, getpid(), error) < 0)
        return -1;
    if (present->pid_file != NULL)
        pid_file_remove(present->pid_file, getpid());
    return 0;
}

struct configuration *reload(const struct configuration *configuration, const struct invocation *invocation,
                             struct listen_socket *socket, struct buffer *error)
{
    const struct settings *present = &configuration->settings;
    struct configuration *renewed = configuration_new(invocation, error);

    if (renewed == NULL)
        return NULL;
    const struct settings *settings = &renewed->settings;
    if (settings->workers == 0)
        buffer_add_string(error, "--workers: '0' cannot be reached by a reload; restart the program");
    else if (renew_pid_file(present, settings, error) == 0 && renew_socket(present, settings, socket, error) == 0)
        return renewed;
    configuration_free(renewed);
    return NULL;
}
