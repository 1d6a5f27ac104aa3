/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "process/socket.h"

enum { LONGEST_PATH = 107, SYSTEMD_FD = 3, SAFE_FD = 100 };

struct fixture {
    struct listen_socket socket;
    struct buffer error;
    char directory[UNIT_DIRECTORY_SIZE];
    char path[UNIT_FILE_SIZE];
    char address[UNIT_FILE_SIZE + 8];
    int saved_stdin, saved_systemd;
};

static int make(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    if (unit_make_directory(f->directory) < 0)
        return -1;
    snprintf(f->path, sizeof(f->path), "%s/sock", f->directory);
    snprintf(f->address, sizeof(f->address), "unix:%s", f->path);
    f->socket.fd = -1;
    /* Descriptors 0 and 3 are the tests' to play with. */
    f->saved_stdin = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, SAFE_FD);
    f->saved_systemd = fcntl(SYSTEMD_FD, F_DUPFD_CLOEXEC, SAFE_FD);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    *state = f;
    return 0;
}

static void put_back(int saved, int fd)
{
    if (saved < 0) {
        close(fd);
        return;
    }
    dup2(saved, fd);
    close(saved);
}

static int drop(void **state)
{
    struct fixture *f = *state;
    socket_close(&f->socket);
    buffer_fini(&f->error);
    put_back(f->saved_stdin, STDIN_FILENO);
    put_back(f->saved_systemd, SYSTEMD_FD);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unlink(f->path);
    rmdir(f->directory);
    test_free(f);
    return 0;
}

static bool file_exists(const char *path)
{
    struct stat file;
    return lstat(path, &file) == 0;
}

static struct sockaddr_un name_of(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    assert_true(strlen(path) < sizeof(name.sun_path));
    memcpy(name.sun_path, path, strlen(path) + 1);
    return name;
}

/* A socket of another program that has the path; it listens unless backlog is negative. */
static int bind_other(const char *path, int type, int backlog)
{
    struct sockaddr_un name = name_of(path);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static int connect_unix(const char *path)
{
    struct sockaddr_un name = name_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&name, sizeof(name)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void assert_can_be_connected(const char *path)
{
    int fd = connect_unix(path);
    assert_true(fd >= 0);
    close(fd);
}

static void assert_listens_without_blocking(int fd)
{
    int value = 0;
    socklen_t len = sizeof(value);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len), 0);
    assert_int_equal(value, 1);
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
}

static int open_it(struct fixture *f)
{
    buffer_clear(&f->error);
    return socket_open(&f->socket, f->address, 0660, &f->error);
}

static void assert_refused(struct fixture *f, const char *reason)
{
    assert_int_equal(open_it(f), -1);
    assert_contains(f->error.data, f->address);
    assert_contains(f->error.data, reason);
    assert_null(strchr(f->error.data, '\n'));
    assert_int_equal(f->socket.fd, -1);
    assert_null(f->socket.path);
}

/* --- addresses ---------------------------------------------------------------------------------------------------- */

static void addresses_to_listen_on_are_accepted(void **state)
{
    (void)state;
    static const char *const good[] = {
        "unix:/run/push.sock", "unix:relative.sock", "unix:/with:colon", "127.0.0.1:9000",    "0.0.0.0:1",
        "localhost:65535",     "[::1]:9000",         "[::]:80",          "[fe80::1%eth0]:80", "a.b-c.example:80"};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (socket_check_address(good[i]) != NULL)
            fail_msg("refused: %s", good[i]);
}

static void what_cannot_be_listened_on_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "unix",
                                      "unix:",
                                      "/run/push.sock",
                                      "localhost",
                                      ":",
                                      ":9000",
                                      "host:",
                                      "host:0",
                                      "host:-1",
                                      "host:+80",
                                      "host:65536",
                                      "host: 80",
                                      "host:80 ",
                                      "host:80x",
                                      "host:http",
                                      "host:99999999999999999999",
                                      "host:1:2",
                                      "http://host:80",
                                      "::1:9000",
                                      "::1",
                                      "[::1]",
                                      "[::1]:",
                                      "[::1]:0",
                                      "[::1]:65536",
                                      "[::1]9000",
                                      "[::1:9000",
                                      "::1]:9000"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const char *problem = socket_check_address(bad[i]);
        if (problem == NULL)
            fail_msg("accepted: %s", bad[i]);
        assert_true(strlen(problem) > 10);
    }
}

/* What passes here is taken apart by socket_open. */
static void half_a_pair_of_brackets_and_an_empty_one_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"[:9000", "[]:9000", "[host:9000", "]:9000"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (socket_check_address(bad[i]) == NULL)
            fail_msg("accepted: %s", bad[i]);
}

static void a_unix_path_has_at_most_107_bytes(void **state)
{
    (void)state;
    struct buffer address = {0};
    buffer_add_string(&address, "unix:/");
    while (address.len < strlen("unix:") + LONGEST_PATH)
        buffer_add_char(&address, 'x');
    assert_null(socket_check_address(address.data));
    buffer_add_char(&address, 'x');
    assert_contains(socket_check_address(address.data), "too long");
    buffer_fini(&address);
}

/* --- unix sockets ------------------------------------------------------------------------------------------------- */

static void a_unix_socket_listens_at_its_path(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_it(f), 0);
    assert_int_equal(f->error.len, 0);
    assert_listens_without_blocking(f->socket.fd);
    assert_string_equal(f->socket.path, f->path);
    assert_buffer_equal(&f->socket.place, f->address);
    assert_false(f->socket.is_public);
    int client = connect_unix(f->path);
    assert_true(client >= 0);
    int accepted = accept(f->socket.fd, NULL, NULL);
    assert_true(accepted >= 0);
    close(accepted);
    close(client);
    assert_int_equal(accept(f->socket.fd, NULL, NULL), -1);
    assert_int_equal(errno, EAGAIN);
}

static void the_file_has_the_asked_mode_whatever_the_umask(void **state)
{
    static const mode_t modes[] = {0600, 0660, 0666, 0777, 0};
    static const mode_t umasks[] = {0, 022, 077, 0777};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(modes); i++)
        for (size_t j = 0; j < COUNT_OF(umasks); j++) {
            struct stat file;
            mode_t before = umask(umasks[j]);
            int result = socket_open(&f->socket, f->address, modes[i], &f->error);
            umask(before);
            assert_int_equal(result, 0);
            assert_int_equal(stat(f->path, &file), 0);
            assert_int_equal(file.st_mode & 07777, modes[i]);
            socket_close(&f->socket);
        }
}

static void the_longest_path_can_be_listened_on(void **state)
{
    struct fixture *f = *state;
    struct buffer path = {0}, address = {0};
    buffer_printf(&path, "%s/", f->directory);
    while (path.len < LONGEST_PATH)
        buffer_add_char(&path, 'x');
    buffer_printf(&address, "unix:%s", path.data);
    assert_int_equal(socket_open(&f->socket, address.data, 0600, &f->error), 0);
    assert_string_equal(f->socket.path, path.data);
    assert_can_be_connected(path.data);
    socket_close(&f->socket);
    assert_false(file_exists(path.data));
    buffer_fini(&path);
    buffer_fini(&address);
}

static void a_file_that_nobody_listens_on_is_replaced(void **state)
{
    static const int backlogs[] = {5, -1};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(backlogs); i++) {
        close(bind_other(f->path, SOCK_STREAM, backlogs[i]));
        assert_true(file_exists(f->path));
        assert_int_equal(open_it(f), 0);
        assert_can_be_connected(f->path);
        socket_close(&f->socket);
    }
}

static void a_live_socket_is_not_replaced(void **state)
{
    struct fixture *f = *state;
    int other = bind_other(f->path, SOCK_STREAM, 5);
    assert_refused(f, "another process listens there");
    assert_can_be_connected(f->path);
    close(other);
}

static void a_live_socket_too_busy_to_answer_is_not_replaced(void **state)
{
    struct fixture *f = *state;
    int clients[16];
    size_t count = 0;
    int other = bind_other(f->path, SOCK_STREAM, 0);
    while (count < COUNT_OF(clients) && (clients[count] = connect_unix(f->path)) >= 0)
        count++;
    assert_in_range(count, 1, COUNT_OF(clients) - 1);
    assert_refused(f, "another process listens there");
    assert_true(file_exists(f->path));
    while (count > 0)
        close(clients[--count]);
    close(other);
}

static void a_live_datagram_socket_is_not_replaced(void **state)
{
    struct fixture *f = *state;
    int other = bind_other(f->path, SOCK_DGRAM, -1);
    assert_int_equal(open_it(f), -1);
    assert_true(file_exists(f->path));
    close(other);
}

static void a_second_process_of_ours_is_refused(void **state)
{
    struct fixture *f = *state;
    struct listen_socket second;
    assert_int_equal(open_it(f), 0);
    assert_int_equal(socket_open(&second, f->address, 0660, &f->error), -1);
    assert_contains(f->error.data, "another process listens there");
    assert_can_be_connected(f->path);
    socket_close(&second);
    assert_can_be_connected(f->path);
}

static void what_is_no_socket_is_not_replaced(void **state)
{
    struct fixture *f = *state;
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    fputs("precious", file);
    fclose(file);
    assert_refused(f, "no socket");
    struct stat now;
    assert_int_equal(stat(f->path, &now), 0);
    assert_int_equal(now.st_size, strlen("precious"));
    unlink(f->path);

    assert_int_equal(mkdir(f->path, 0700), 0);
    assert_refused(f, "no socket");
    assert_int_equal(rmdir(f->path), 0);

    assert_int_equal(symlink("/nonexistent/target", f->path), 0);
    assert_refused(f, "no socket");
    assert_true(file_exists(f->path));
}

static void a_directory_that_is_not_there_is_named(void **state)
{
    struct fixture *f = *state;
    snprintf(f->address, sizeof(f->address), "unix:%s/no/sock", f->directory);
    assert_refused(f, "No such file or directory");
}

static void closing_removes_the_file_and_may_be_repeated(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_it(f), 0);
    int fd = f->socket.fd;
    assert_true(file_exists(f->path));
    socket_close(&f->socket);
    assert_false(file_exists(f->path));
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_int_equal(f->socket.fd, -1);
    assert_null(f->socket.path);
    socket_close(&f->socket);
}

static void closing_leaves_a_file_that_somebody_has_put_in_its_place(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_it(f), 0);
    unlink(f->path);
    int other = bind_other(f->path, SOCK_STREAM, 5);
    socket_close(&f->socket);
    assert_can_be_connected(f->path);
    close(other);
}

static void closing_survives_that_the_file_is_gone(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_it(f), 0);
    unlink(f->path);
    socket_close(&f->socket);
    assert_false(file_exists(f->path));
}

static int lowest_free_descriptor(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    close(fd);
    return fd;
}

static void no_descriptor_is_lost(void **state)
{
    struct fixture *f = *state;
    int before = lowest_free_descriptor();

    close(bind_other(f->path, SOCK_STREAM, 5));
    assert_int_equal(open_it(f), 0); /* after a stale file */
    struct listen_socket second;
    int while_open = lowest_free_descriptor();
    assert_int_equal(socket_open(&second, f->address, 0660, &f->error), -1);
    assert_int_equal(lowest_free_descriptor(), while_open);
    socket_close(&f->socket);
    assert_int_equal(lowest_free_descriptor(), before);

    snprintf(f->address, sizeof(f->address), "unix:%s/no/sock", f->directory);
    assert_int_equal(open_it(f), -1);
    snprintf(f->address, sizeof(f->address), "a..b:9000");
    assert_int_equal(open_it(f), -1);
    assert_int_equal(lowest_free_descriptor(), before);
}

/* --- TCP ---------------------------------------------------------------------------------------------------------- */

/* A port that is free on that loopback address right now; 0 when the family is not available. */
static int free_port(int family)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr *name = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
    socklen_t len = family == AF_INET ? sizeof(v4) : sizeof(v6);
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int port = 0;
    if (fd >= 0 && bind(fd, name, len) == 0 && getsockname(fd, name, &len) == 0)
        port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
    if (fd >= 0)
        close(fd);
    return port;
}

/* Opens "<host>:<free port>"; another program may take the port meanwhile, hence more than one try. */
static int open_tcp(struct fixture *f, const char *host, int family)
{
    int port = 0;
    for (int i = 0; i < 10; i++) {
        port = free_port(family);
        if (port == 0)
            break;
        snprintf(f->address, sizeof(f->address), "%s:%d", host, port);
        if (open_it(f) == 0)
            return port;
    }
    if (port != 0)
        print_error("%s\n", f->error.data);
    return -1;
}

/* Connects to where the socket listens, by its own family's loopback address. */
static int connect_tcp(int listening_fd)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof(name);
    assert_int_equal(getsockname(listening_fd, (struct sockaddr *)&name, &len), 0);
    int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&name, len), 0);
    return fd;
}

static void a_loopback_address_is_listened_on_and_is_not_public(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "127.1.2.3"};
    struct fixture *f = *state;
    if (free_port(AF_INET) == 0)
        skip();
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        assert_true(open_tcp(f, hosts[i], AF_INET) > 0);
        assert_listens_without_blocking(f->socket.fd);
        assert_null(f->socket.path);
        assert_buffer_equal(&f->socket.place, f->address);
        assert_false(f->socket.is_public);
        close(connect_tcp(f->socket.fd));
        socket_close(&f->socket);
    }
}

static void the_ipv6_loopback_address_is_listened_on_and_is_not_public(void **state)
{
    struct fixture *f = *state;
    if (free_port(AF_INET6) == 0)
        skip();
    assert_true(open_tcp(f, "[::1]", AF_INET6) > 0);
    assert_listens_without_blocking(f->socket.fd);
    assert_buffer_equal(&f->socket.place, f->address);
    assert_false(f->socket.is_public);
    close(connect_tcp(f->socket.fd));
}

static void an_address_for_all_interfaces_is_public(void **state)
{
    static const char *const hosts[] = {"0.0.0.0"};
    struct fixture *f = *state;
    if (free_port(AF_INET) == 0)
        skip();
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        assert_true(open_tcp(f, hosts[i], AF_INET) > 0);
        assert_true(f->socket.is_public);
        socket_close(&f->socket);
    }
    if (free_port(AF_INET6) != 0) {
        assert_true(open_tcp(f, "[::]", AF_INET6) > 0);
        assert_true(f->socket.is_public);
    }
}

static void a_port_in_use_is_refused(void **state)
{
    struct fixture *f = *state;
    struct listen_socket second;
    if (free_port(AF_INET) == 0)
        skip();
    assert_true(open_tcp(f, "127.0.0.1", AF_INET) > 0);
    buffer_clear(&f->error);
    assert_int_equal(socket_open(&second, f->address, 0, &f->error), -1);
    assert_contains(f->error.data, f->address);
    assert_contains(f->error.data, "Address already in use");
    assert_int_equal(second.fd, -1);
    close(connect_tcp(f->socket.fd));
}

/* Connections that we closed first stay in TIME_WAIT for a minute: a restart must not wait for that. */
static void a_port_can_be_listened_on_again_at_once(void **state)
{
    struct fixture *f = *state;
    if (free_port(AF_INET) == 0)
        skip();
    assert_true(open_tcp(f, "127.0.0.1", AF_INET) > 0);
    int client = connect_tcp(f->socket.fd);
    close(accept(f->socket.fd, NULL, NULL));
    socket_close(&f->socket);
    close(client);
    assert_int_equal(open_it(f), 0);
}

static void a_host_that_cannot_be_resolved_is_named(void **state)
{
    struct fixture *f = *state;
    snprintf(f->address, sizeof(f->address), "a..b:9000");
    assert_refused(f, "cannot listen on a..b:9000: ");
}

/* --- inherited sockets -------------------------------------------------------------------------------------------- */

static void set_systemd(long pid, const char *count)
{
    char text[32];
    snprintf(text, sizeof(text), "%ld", pid);
    setenv("LISTEN_PID", text, 1);
    setenv("LISTEN_FDS", count, 1);
}

/* Makes a descriptor stand at that number. */
static void move_to(int fd, int number)
{
    assert_true(fd >= 0);
    if (fd == number)
        return;
    assert_int_equal(dup2(fd, number), number);
    close(fd);
}

static int open_null(void)
{
    return open("/dev/null", O_RDONLY);
}

static int open_inherited(struct fixture *f)
{
    buffer_clear(&f->error);
    return socket_open(&f->socket, NULL, 0660, &f->error);
}

static void a_listening_socket_as_descriptor_0_is_taken(void **state)
{
    struct fixture *f = *state;
    struct buffer description = {0};
    move_to(bind_other(f->path, SOCK_STREAM, 5), STDIN_FILENO);
    assert_int_equal(socket_describe(NULL, 0660, &description), 0);
    assert_int_equal(open_inherited(f), 0);
    assert_int_equal(f->socket.fd, STDIN_FILENO);
    assert_listens_without_blocking(STDIN_FILENO);
    assert_contains(f->socket.place.data, "descriptor 0");
    assert_string_equal(description.data, f->socket.place.data);
    assert_false(f->socket.is_public);
    assert_can_be_connected(f->path);
    buffer_fini(&description);
}

static void the_file_of_an_inherited_socket_is_not_removed(void **state)
{
    struct fixture *f = *state;
    move_to(bind_other(f->path, SOCK_STREAM, 5), STDIN_FILENO);
    assert_int_equal(open_inherited(f), 0);
    assert_null(f->socket.path);
    socket_close(&f->socket);
    assert_true(file_exists(f->path));
    assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
}

static void a_socket_passed_by_systemd_is_taken_before_descriptor_0(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_un at;
    socklen_t len = sizeof(at);
    struct buffer description = {0};
    char other[UNIT_FILE_SIZE];
    snprintf(other, sizeof(other), "%s/other", f->directory);
    move_to(bind_other(other, SOCK_STREAM, 5), STDIN_FILENO);
    move_to(bind_other(f->path, SOCK_STREAM, 5), SYSTEMD_FD);
    unlink(other);
    set_systemd((long)getpid(), "2");
    assert_int_equal(socket_describe(NULL, 0660, &description), 0);
    assert_int_equal(open_inherited(f), 0);
    assert_int_equal(f->socket.fd, SYSTEMD_FD);
    assert_int_equal(getsockname(f->socket.fd, (struct sockaddr *)&at, &len), 0);
    assert_string_equal(at.sun_path, f->path);
    assert_listens_without_blocking(SYSTEMD_FD);
    assert_contains(f->socket.place.data, "LISTEN_FDS");
    assert_string_equal(description.data, f->socket.place.data);
    buffer_fini(&description);
}

static void what_systemd_passed_to_another_process_is_not_ours(void **state)
{
    struct fixture *f = *state;
    move_to(open_null(), STDIN_FILENO);
    move_to(bind_other(f->path, SOCK_STREAM, 5), SYSTEMD_FD);
    set_systemd((long)getppid(), "1");
    assert_int_equal(open_inherited(f), -1);
    set_systemd((long)getpid(), "0");
    assert_int_equal(open_inherited(f), -1);
    set_systemd((long)getpid(), "x");
    assert_int_equal(open_inherited(f), -1);
    set_systemd((long)getpid(), "1");
    unsetenv("LISTEN_PID");
    assert_int_equal(open_inherited(f), -1);
    set_systemd((long)getpid(), "1");
    assert_int_equal(open_inherited(f), 0);
}

static void without_a_socket_from_systemd_descriptor_0_is_looked_at(void **state)
{
    struct fixture *f = *state;
    move_to(bind_other(f->path, SOCK_STREAM, 5), STDIN_FILENO);
    move_to(open_null(), SYSTEMD_FD);
    set_systemd((long)getpid(), "1");
    assert_int_equal(open_inherited(f), 0);
    assert_int_equal(f->socket.fd, STDIN_FILENO);
}

static void assert_nothing_to_listen_on(struct fixture *f)
{
    struct buffer description = {0};
    assert_int_equal(open_inherited(f), -1);
    assert_contains(f->error.data, "--listen");
    assert_int_equal(f->socket.fd, -1);
    assert_int_equal(socket_describe(NULL, 0660, &description), -1);
    buffer_fini(&description);
}

static void a_descriptor_0_that_does_not_listen_is_not_taken(void **state)
{
    struct fixture *f = *state;
    int pair[2];

    move_to(open_null(), STDIN_FILENO);
    assert_nothing_to_listen_on(f);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);

    /* mod_cgid's stdin */
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    move_to(pair[0], STDIN_FILENO);
    assert_nothing_to_listen_on(f);
    assert_int_equal(write(pair[1], "x", 1), 1);
    close(pair[1]);

    assert_int_equal(pipe(pair), 0);
    move_to(pair[0], STDIN_FILENO);
    close(pair[1]);
    assert_nothing_to_listen_on(f);

    move_to(bind_other(f->path, SOCK_STREAM, -1), STDIN_FILENO);
    assert_nothing_to_listen_on(f);

    close(STDIN_FILENO);
    assert_nothing_to_listen_on(f);
}

static void a_given_address_overrules_an_inherited_socket(void **state)
{
    struct fixture *f = *state;
    char other[UNIT_FILE_SIZE];
    snprintf(other, sizeof(other), "%s/other", f->directory);
    move_to(bind_other(other, SOCK_STREAM, 5), STDIN_FILENO);
    unlink(other);
    assert_int_equal(open_it(f), 0);
    assert_int_not_equal(f->socket.fd, STDIN_FILENO);
    assert_can_be_connected(f->path);
}

/* Descriptor 0 is then as reachable as one that we opened ourselves. */
static void an_inherited_socket_is_public_when_other_machines_reach_it(void **state)
{
    static const struct {
        in_addr_t address;
        bool is_public;
    } cases[] = {{INADDR_LOOPBACK, false}, {INADDR_ANY, true}};
    struct fixture *f = *state;
    if (free_port(AF_INET) == 0)
        skip();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(cases[i].address)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
        assert_int_equal(listen(fd, 5), 0);
        move_to(fd, STDIN_FILENO);
        assert_int_equal(open_inherited(f), 0);
        assert_int_equal(f->socket.is_public, cases[i].is_public);
        socket_close(&f->socket);
    }
}

static void a_socket_that_mod_fcgid_named_is_known_by_that(void **state)
{
    static const struct {
        const char *name;
        bool is_from_fcgid;
    } cases[] = {{"1234.0", true}, {"7.65535", true},  {"sock", false},    {"1234", false},     {"1234.", false},
                 {".5", false},    {"1234.5x", false}, {"x1234.5", false}, {"1234.sock", false}};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char path[UNIT_FILE_SIZE];
        snprintf(path, sizeof(path), "%s/%s", f->directory, cases[i].name);
        move_to(bind_other(path, SOCK_STREAM, 5), STDIN_FILENO);
        assert_int_equal(open_inherited(f), 0);
        assert_int_equal(f->socket.is_from_fcgid, cases[i].is_from_fcgid);
        socket_close(&f->socket);
        unlink(path);
    }
}

/* The longest name of a socket has no NUL behind it. */
static void an_inherited_socket_may_have_the_longest_name(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char path[sizeof(name.sun_path) + 1] = "";
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(path, 'x', sizeof(path) - 1);
    memcpy(path, f->directory, strlen(f->directory));
    path[strlen(f->directory)] = '/';
    memcpy(name.sun_path, path, sizeof(name.sun_path));
    assert_int_equal(bind(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(fd, 5), 0);
    move_to(fd, STDIN_FILENO);
    assert_int_equal(open_inherited(f), 0);
    assert_false(f->socket.is_from_fcgid);
    unlink(path);
}

/* --- describing --------------------------------------------------------------------------------------------------- */

static void describing_an_address_opens_nothing(void **state)
{
    struct fixture *f = *state;
    struct buffer out = {0};
    assert_int_equal(socket_describe(f->address, 0640, &out), 0);
    assert_contains(out.data, f->address);
    assert_contains(out.data, "0640");
    assert_false(file_exists(f->path));
    buffer_clear(&out);
    assert_int_equal(socket_describe("127.0.0.1:9000", 0640, &out), 0);
    assert_buffer_equal(&out, "127.0.0.1:9000");
    buffer_fini(&out);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_to_listen_on_are_accepted),
        cmocka_unit_test(what_cannot_be_listened_on_is_refused_with_a_reason),
        cmocka_unit_test(half_a_pair_of_brackets_and_an_empty_one_are_refused),
        cmocka_unit_test(a_unix_path_has_at_most_107_bytes),
        TEST(a_unix_socket_listens_at_its_path),
        TEST(the_file_has_the_asked_mode_whatever_the_umask),
        TEST(the_longest_path_can_be_listened_on),
        TEST(a_file_that_nobody_listens_on_is_replaced),
        TEST(a_live_socket_is_not_replaced),
        TEST(a_live_socket_too_busy_to_answer_is_not_replaced),
        TEST(a_live_datagram_socket_is_not_replaced),
        TEST(a_second_process_of_ours_is_refused),
        TEST(what_is_no_socket_is_not_replaced),
        TEST(a_directory_that_is_not_there_is_named),
        TEST(closing_removes_the_file_and_may_be_repeated),
        TEST(closing_leaves_a_file_that_somebody_has_put_in_its_place),
        TEST(closing_survives_that_the_file_is_gone),
        TEST(no_descriptor_is_lost),
        TEST(a_loopback_address_is_listened_on_and_is_not_public),
        TEST(the_ipv6_loopback_address_is_listened_on_and_is_not_public),
        TEST(an_address_for_all_interfaces_is_public),
        TEST(a_port_in_use_is_refused),
        TEST(a_port_can_be_listened_on_again_at_once),
        TEST(a_host_that_cannot_be_resolved_is_named),
        TEST(a_listening_socket_as_descriptor_0_is_taken),
        TEST(the_file_of_an_inherited_socket_is_not_removed),
        TEST(a_socket_passed_by_systemd_is_taken_before_descriptor_0),
        TEST(what_systemd_passed_to_another_process_is_not_ours),
        TEST(without_a_socket_from_systemd_descriptor_0_is_looked_at),
        TEST(a_descriptor_0_that_does_not_listen_is_not_taken),
        TEST(a_given_address_overrules_an_inherited_socket),
        TEST(an_inherited_socket_is_public_when_other_machines_reach_it),
        TEST(a_socket_that_mod_fcgid_named_is_known_by_that),
        TEST(an_inherited_socket_may_have_the_longest_name),
        TEST(describing_an_address_opens_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
