/* SPDX-License-Identifier: BSD-2-Clause */
#include "../bench/outlet.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

/* A server on loopback that the outlet has connected to. */
struct server {
    int listener;
    int fd;
    void *outlet;
    struct outlet_progress progress;
};

static void start(struct server *server)
{
    struct sockaddr_in bound = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(bound);
    struct address address;
    char text[40];
    char error[320];
    *server = (struct server){.listener = socket(AF_INET, SOCK_STREAM, 0)};
    assert_int_equal(bind(server->listener, (struct sockaddr *)&bound, sizeof(bound)), 0);
    assert_int_equal(listen(server->listener, 1), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&bound, &size), 0);
    snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(bound.sin_port));
    assert_int_equal(address_parse(&address, text, error, sizeof(error)), 0);
    server->outlet = outlet_http.open(&address, error, sizeof(error));
    assert_non_null(server->outlet);
    server->fd = accept(server->listener, NULL, NULL);
    assert_true(server->fd >= 0);
}

static void stop(struct server *server)
{
    outlet_http.close(server->outlet);
    close(server->fd);
    close(server->listener);
}

/* Lets the outlet take what the server sent. */
static int answer(struct server *server, const char *text)
{
    struct pollfd readable = {.fd = outlet_http.descriptor(server->outlet), .events = POLLIN};
    assert_int_equal(send(server->fd, text, strlen(text), 0), strlen(text));
    assert_int_equal(poll(&readable, 1, 5000), 1);
    return outlet_http.pump(server->outlet, &server->progress);
}

static void append(struct server *server, const char *payload)
{
    assert_int_equal(outlet_http.append(server->outlet, "/publish?channel=a", 18, payload, strlen(payload)), 0);
}

static void messages_are_posted_one_behind_the_other_without_waiting(void **state)
{
    (void)state;
    struct server server;
    char received[2000] = "";
    size_t length = 0;
    start(&server);
    append(&server, "one");
    append(&server, "three");
    assert_int_equal(outlet_http.pump(server.outlet, &server.progress), 0);
    assert_false(server.progress.has_backlog);
    while (strstr(received, "three") == NULL) {
        ssize_t more = recv(server.fd, received + length, sizeof(received) - 1 - length, 0);
        assert_true(more > 0);
        length += (size_t)more;
        received[length] = '\0';
    }
    assert_contains(received, "POST /publish?channel=a HTTP/1.1\r\n");
    assert_contains(received, "Content-Length: 3\r\n\r\nonePOST /publish?channel=a HTTP/1.1\r\n");
    assert_contains(received, "Content-Length: 5\r\n\r\nthree");
    assert_int_equal(server.progress.answered, 0);
    stop(&server);
}

static void each_answer_counts_by_its_status_wherever_it_is_cut(void **state)
{
    (void)state;
    struct server server;
    start(&server);
    assert_int_equal(answer(&server, "HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\nokay"
                                     "HTTP/1.1 202 Accepted\r\nContent-Le"),
                     0);
    assert_int_equal(server.progress.answered, 1);
    assert_int_equal(server.progress.unheard, 0);
    assert_int_equal(answer(&server, "ngth: 0\r\n\r\n"), 0);
    assert_int_equal(server.progress.answered, 2);
    assert_int_equal(server.progress.unheard, 1);
    assert_int_equal(answer(&server, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), 0);
    assert_int_equal(server.progress.answered, 3);
    assert_int_equal(server.progress.failed, 1);
    assert_string_equal(server.progress.error, "status 503");
    stop(&server);
}

static void what_is_no_HTTP_breaks_the_connection(void **state)
{
    (void)state;
    struct server server;
    start(&server);
    assert_int_equal(answer(&server, "-ERR no such command\r\n"), -1);
    assert_string_equal(server.progress.error, "the answer is not valid HTTP");
    stop(&server);
}

static void the_end_of_the_connection_is_told(void **state)
{
    (void)state;
    struct server server;
    start(&server);
    shutdown(server.fd, SHUT_WR);
    struct pollfd readable = {.fd = outlet_http.descriptor(server.outlet), .events = POLLIN};
    assert_int_equal(poll(&readable, 1, 5000), 1);
    assert_int_equal(outlet_http.pump(server.outlet, &server.progress), -1);
    assert_string_equal(server.progress.error, "connection closed by the server");
    stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_posted_one_behind_the_other_without_waiting),
        cmocka_unit_test(each_answer_counts_by_its_status_wherever_it_is_cut),
        cmocka_unit_test(what_is_no_HTTP_breaks_the_connection),
        cmocka_unit_test(the_end_of_the_connection_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
