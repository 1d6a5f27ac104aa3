/* SPDX-License-Identifier: BSD-2-Clause */
#include "reload.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/options.h"
#include "process/pid_file.h"

/* Opens `renewed` when another address is wanted. */
static int open_socket(const struct listen_socket *present, const struct settings *settings,
                       struct listen_socket *renewed, struct buffer *error)
{
    if (socket_is_for(present, settings->listen))
        return 0;
    return socket_open(renewed, settings->listen, (mode_t)settings->socket_mode, error);
}

/* That of the present socket; another one is opened with its own. */
static void renew_mode(const struct settings *present, const struct settings *settings,
                       const struct listen_socket *socket)
{
    mode_t mode = (mode_t)settings->socket_mode;
    if (socket->path != NULL && settings->socket_mode != present->socket_mode && chmod(socket->path, mode) < 0)
        log_error("cannot set --socket-mode of %s: %s", socket->path, strerror(errno));
}

/* The earlier workers keep the old socket until they end. */
static void replace_socket(struct listen_socket *socket, struct listen_socket *renewed)
{
    if (renewed->fd < 0)
        return;
    socket_close(socket);
    *socket = *renewed;
    log_info("listening on %s", socket->place.data);
}

static int renew_pid_file(const struct settings *present, const struct settings *settings, struct buffer *error)
{
    if (option_strings_equal(settings->pid_file, present->pid_file))
        return 0;
    if (settings->pid_file != NULL && pid_file_write(settings->pid_file, getpid(), error) < 0)
        return -1;
    if (present->pid_file != NULL)
        pid_file_remove(present->pid_file, getpid());
    return 0;
}

/* What can fail comes before what cannot be undone. */
static int renew(const struct settings *present, const struct settings *settings, struct listen_socket *socket,
                 struct buffer *error)
{
    struct listen_socket renewed = {.fd = -1};

    if (settings->workers == 0) {
        buffer_add_string(error, "--workers: '0' cannot be reached by a reload; restart the program");
        return -1;
    }
    if (open_socket(socket, settings, &renewed, error) < 0)
        return -1;
    if (renew_pid_file(present, settings, error) < 0) {
        socket_close(&renewed);
        return -1;
    }
    renew_mode(present, settings, socket);
    replace_socket(socket, &renewed);
    return 0;
}

struct configuration *reload(const struct configuration *configuration, const struct invocation *invocation,
                             struct listen_socket *socket, struct buffer *error)
{
    struct configuration *renewed = configuration_new(invocation, error);

    if (renewed != NULL && renew(&configuration->settings, &renewed->settings, socket, error) == 0)
        return renewed;
    configuration_free(renewed);
    return NULL;
}
