/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/host_port.h"
#include "base/options.h"

enum { BACKLOG = 4096, FIRST_PASSED_FD = 3 /* SD_LISTEN_FDS_START, sd_listen_fds(3) */ };

static const char unix_prefix[] = "unix:";

static int fail(struct buffer *error, const char *address, const char *problem)
{
    buffer_printf(error, "cannot listen on %s: %s", address, problem);
    return -1;
}

static bool is_unix(const char *address)
{
    return strncmp(address, unix_prefix, strlen(unix_prefix)) == 0;
}

const char *socket_check_address(const char *text)
{
    struct host_port parsed;

    if (is_unix(text)) {
        size_t len = strlen(text) - strlen(unix_prefix);
        if (len == 0)
            return "lacks the path of the socket: unix:/run/push.sock";
        return len < sizeof(((struct sockaddr_un *)NULL)->sun_path) ? NULL
                                                                    : "is too long for a unix socket (107 bytes)";
    }
    if (host_port_parse(span_of(text), &parsed) && parsed.number > 0)
        return NULL;
    return "is no address to listen on; write unix:/path, host:port or [::1]:port";
}

/* --- unix sockets --------------------------------------------------------------------------------------------- */

/* Removes what a process left behind that is gone. Returns 0 when the path is free then. */
static int remove_stale_file(const struct sockaddr_un *name, const char *address, struct buffer *error)
{
    struct stat file;
    if (lstat(name->sun_path, &file) < 0)
        return errno == ENOENT ? 0 : fail(error, address, strerror(errno));
    if (!S_ISSOCK(file.st_mode))
        return fail(error, address, "a file that is no socket stands there; choose another path or remove it");
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return fail(error, address, strerror(errno));
    int result = connect(probe, (const struct sockaddr *)name, sizeof(*name));
    bool is_stale = result < 0 && errno == ECONNREFUSED;
    close(probe);
    if (!is_stale)
        return fail(error, address, "another process listens there; end it or choose another path");
    return unlink(name->sun_path) == 0 ? 0 : fail(error, address, strerror(errno));
}

static int open_unix(struct listen_socket *out, const char *address, mode_t mode, struct buffer *error)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};

    strncpy(name.sun_path, address + strlen(unix_prefix), sizeof(name.sun_path) - 1);
    if (remove_stale_file(&name, address, error) < 0)
        return -1;
    out->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (out->fd < 0 || bind(out->fd, (const struct sockaddr *)&name, sizeof(name)) < 0)
        return fail(error, address, strerror(errno));
    out->path = alloc_string(name.sun_path);
    /* Nobody can connect before listen, so there is no moment with other rights. */
    if (chmod(out->path, mode) < 0 || stat(out->path, &out->file) < 0 || listen(out->fd, BACKLOG) < 0)
        return fail(error, address, strerror(errno));
    return 0;
}

/* --- TCP ------------------------------------------------------------------------------------------------------ */

static int bind_tcp(const struct addrinfo *info)
{
    const int on = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int open_tcp(struct listen_socket *out, const char *address, struct buffer *error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    struct host_port parsed;

    if (!host_port_parse(span_of(address), &parsed))
        return fail(error, address, socket_check_address(address));
    char *host = alloc_string_n(parsed.host.data, parsed.host.len);
    int resolved = getaddrinfo(host, parsed.port.data, &hints, &found);
    free(host);
    if (resolved != 0)
        return fail(error, address, gai_strerror(resolved));
    for (const struct addrinfo *info = found; info != NULL && out->fd < 0; info = info->ai_next)
        out->fd = bind_tcp(info);
    int bind_error = errno;
    freeaddrinfo(found);
    return out->fd >= 0 ? 0 : fail(error, address, strerror(bind_error));
}

/* Whether other machines can reach a socket of any family, made by us or inherited. */
static bool is_reachable(int fd)
{
    struct sockaddr_storage name = {0};
    socklen_t len = sizeof(name);

    getsockname(fd, (struct sockaddr *)&name, &len);
    if (name.ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)&name)->sin_addr.s_addr) >> 24 != IN_LOOPBACKNET;
    if (name.ss_family != AF_INET6)
        return false;
    const struct in6_addr *address = &((const struct sockaddr_in6 *)&name)->sin6_addr;
    return !IN6_IS_ADDR_LOOPBACK(address) && !(IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == IN_LOOPBACKNET);
}

/* --- inherited sockets ---------------------------------------------------------------------------------------- */

bool socket_is_listening(int fd)
{
    int value = 0;
    socklen_t len = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == 0 && value != 0;
}

/* The variables are meant for one process, and a child that inherits them must not think they are its own. */
static bool is_passed_by_systemd(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *count = getenv("LISTEN_FDS");
    return pid != NULL && count != NULL && strtol(pid, NULL, 10) == (long)getpid() && strtol(count, NULL, 10) >= 1;
}

/* The descriptor of an inherited socket, or -1. */
static int find_inherited(const char **from)
{
    if (is_passed_by_systemd() && socket_is_listening(FIRST_PASSED_FD)) {
        *from = "the socket passed by LISTEN_FDS";
        return FIRST_PASSED_FD;
    }
    if (socket_is_listening(STDIN_FILENO)) {
        *from = "the socket inherited as descriptor 0";
        return STDIN_FILENO;
    }
    return -1;
}

/*
 * mod_fcgid names the socket of each process that it starts "<its own pid>.<number>" (fcgid_proc_unix.c,
 * proc_spawn_process).
 */
static bool is_named_by_fcgid(int fd)
{
    struct sockaddr_storage name = {0}; /* longer than a path, which need not end with a NUL */
    socklen_t len = sizeof(name);
    long pid;
    int number;
    int end = 0;

    if (getsockname(fd, (struct sockaddr *)&name, &len) < 0 || name.ss_family != AF_UNIX)
        return false;
    const char *path = (const char *)&name + offsetof(struct sockaddr_un, sun_path);
    const char *slash = strrchr(path, '/');
    return slash != NULL && sscanf(slash, "/%ld.%d%n", &pid, &number, &end) == 2 && slash[end] == '\0';
}

static int open_inherited(struct listen_socket *out, struct buffer *error)
{
    const char *from;

    out->fd = find_inherited(&from);
    if (out->fd < 0) {
        buffer_add_string(error,
                          "there is nothing to listen on: give --listen unix:/run/push.sock or host:port, or have "
                          "the web server or systemd start this program");
        return -1;
    }
    buffer_add_string(&out->place, from);
    out->is_from_fcgid = is_named_by_fcgid(out->fd);
    if (fcntl(out->fd, F_SETFL, fcntl(out->fd, F_GETFL) | O_NONBLOCK) < 0 || fcntl(out->fd, F_SETFD, FD_CLOEXEC) < 0)
        return fail(error, from, strerror(errno));
    return 0;
}

/* --- all ------------------------------------------------------------------------------------------------------ */

int socket_open(struct listen_socket *out, const char *address, mode_t mode, struct buffer *error)
{
    int result;

    *out = (struct listen_socket){.fd = -1};
    if (address == NULL) {
        result = open_inherited(out, error);
    } else {
        out->address = alloc_string(address);
        buffer_add_string(&out->place, address);
        result = is_unix(address) ? open_unix(out, address, mode, error) : open_tcp(out, address, error);
    }
    if (result < 0)
        socket_close(out);
    else
        out->is_public = is_reachable(out->fd);
    return result;
}

void socket_adopt(struct listen_socket *out, int fd, const char *address)
{
    *out = (struct listen_socket){.fd = fd, .is_public = is_reachable(fd)};
    buffer_add_string(&out->place, address != NULL ? address : "the socket inherited by its predecessor");
    if (address != NULL)
        out->address = alloc_string(address);
    if (address != NULL && is_unix(address)) {
        const char *path = address + strlen(unix_prefix);
        if (lstat(path, &out->file) == 0)
            out->path = alloc_string(path);
    }
}

bool socket_is_for(const struct listen_socket *socket, const char *address)
{
    return option_strings_equal(socket->address, address);
}

void socket_disown(struct listen_socket *out)
{
    free(out->path);
    out->path = NULL;
}

int socket_describe(const char *address, mode_t mode, struct buffer *out)
{
    const char *from;

    if (address == NULL) {
        if (find_inherited(&from) < 0)
            return -1;
        buffer_add_string(out, from);
        return 0;
    }
    buffer_add_string(out, address);
    if (is_unix(address))
        buffer_printf(out, " with mode 0%o", (unsigned)mode);
    return 0;
}

void socket_close(struct listen_socket *out)
{
    struct stat now;

    if (out->fd >= 0)
        close(out->fd);
    out->fd = -1;
    if (out->path != NULL && lstat(out->path, &now) == 0 && now.st_dev == out->file.st_dev &&
        now.st_ino == out->file.st_ino)
        unlink(out->path);
    free(out->path);
    free(out->address);
    out->path = out->address = NULL;
    buffer_fini(&out->place);
}
