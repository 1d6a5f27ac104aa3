/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/listener.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

/* So many in one turn, that a storm of new clients does not hold up those who are served. */
enum { ACCEPTS_PER_TURN = 64 };

static const double pause_seconds = 0.2;

static void pause_accepting(struct listener *listener, int error)
{
    uint64_t suppressed;

    listener->pauses.value++;
    if (log_limit_allows(&listener->pause_log, listener->fastcgi->now_ms, &suppressed))
        log_warning("cannot accept a connection: %s; new clients wait (raise the limit of open files); %" PRIu64
                    " more since the last such line",
                    strerror(error), suppressed);
    ev_io_stop(listener->loop, &listener->readable);
    ev_timer_again(listener->loop, &listener->pause);
}

static void on_pause_over(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct listener *listener = timer->data;
    (void)events;
    ev_timer_stop(loop, timer);
    ev_io_start(loop, &listener->readable);
}

/* Returns 0, or the errno why there was none. */
static int accept_one(struct listener *listener)
{
    const int on = 1;
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);
    int fd = accept4(listener->readable.fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return errno;
    if (peer.ss_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    fastcgi_adopt(listener->fastcgi, fd);
    return 0;
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
    struct listener *listener = io->data;
    int error = 0;

    (void)loop;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN && error == 0; i++)
        error = accept_one(listener);
    if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM)
        pause_accepting(listener, error);
}

void listener_init(struct listener *listener, struct ev_loop *loop, int fd, struct fastcgi *fastcgi,
                   struct counters *counters)
{
    *listener = (struct listener){.loop = loop, .fastcgi = fastcgi};
    counters_register(counters, &listener->pauses, "connections.accept_pauses");
    ev_io_init(&listener->readable, on_readable, fd, EV_READ);
    listener->readable.data = listener;
    ev_timer_init(&listener->pause, on_pause_over, 0, pause_seconds);
    listener->pause.data = listener;
}

void listener_start(struct listener *listener)
{
    ev_io_start(listener->loop, &listener->readable);
}

void listener_stop(struct listener *listener)
{
    ev_io_stop(listener->loop, &listener->readable);
    ev_timer_stop(listener->loop, &listener->pause);
}
