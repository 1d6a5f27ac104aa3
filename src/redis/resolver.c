/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/resolver.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"

enum { ADDRESS_LIMIT = 16 };

/* Shared by the thread and the resolver; whoever lets go last frees it. */
struct job {
    atomic_int owners;
    char *host;
    int done_fd; /* an eventfd, written when the fields below are set */
    int error;   /* of getaddrinfo */
    char *addresses[ADDRESS_LIMIT];
    size_t count;
};

struct resolver {
    struct ev_loop *loop;
    resolver_callback *callback;
    void *context;
    struct job *job; /* NULL: none under way */
    ev_io done;
};

static void job_release(struct job *job)
{
    if (atomic_fetch_sub(&job->owners, 1) > 1)
        return;
    for (size_t i = 0; i < job->count; i++)
        free(job->addresses[i]);
    close(job->done_fd);
    free(job->host);
    free(job);
}

static void add_address(struct job *job, const struct addrinfo *info)
{
    char text[NI_MAXHOST];
    if (job->count < ADDRESS_LIMIT &&
        getnameinfo(info->ai_addr, info->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0)
        job->addresses[job->count++] = alloc_string(text);
}

static void *look_up(void *argument)
{
    struct job *job = argument;
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;

    job->error = getaddrinfo(job->host, NULL, &hints, &found);
    for (const struct addrinfo *info = found; info != NULL; info = info->ai_next)
        add_address(job, info);
    if (found != NULL)
        freeaddrinfo(found);
    if (eventfd_write(job->done_fd, 1) != 0)
        log_error("resolver: eventfd: %s", strerror(errno));
    job_release(job);
    return NULL;
}

static void on_done(struct ev_loop *loop, ev_io *watcher, int events)
{
    struct resolver *resolver = watcher->data;
    struct job *job = resolver->job;
    struct resolver_result result = {.addresses = (const char *const *)job->addresses, .count = job->count};

    (void)events;
    if (job->count == 0)
        result.problem = job->error != 0 ? gai_strerror(job->error) : "no address";
    ev_io_stop(loop, watcher);
    resolver->job = NULL;
    resolver->callback(resolver->context, &result);
    job_release(job);
}

struct resolver *resolver_new(struct ev_loop *loop, resolver_callback *callback, void *context)
{
    struct resolver *resolver = alloc_zeroed(1, sizeof(*resolver));
    resolver->loop = loop;
    resolver->callback = callback;
    resolver->context = context;
    ev_init(&resolver->done, on_done);
    resolver->done.data = resolver;
    return resolver;
}

bool resolver_is_busy(const struct resolver *resolver)
{
    return resolver->job != NULL;
}

void resolver_cancel(struct resolver *resolver)
{
    if (resolver->job == NULL)
        return;
    ev_io_stop(resolver->loop, &resolver->done);
    job_release(resolver->job);
    resolver->job = NULL;
}

void resolver_free(struct resolver *resolver)
{
    resolver_cancel(resolver);
    free(resolver);
}

/* Signals are for the main thread. */
static int start_thread(struct job *job)
{
    pthread_t thread;
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, NULL, look_up, job);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0)
        pthread_detach(thread);
    return error;
}

void resolver_start(struct resolver *resolver, const char *host)
{
    struct job *job = alloc_zeroed(1, sizeof(*job));

    assert(resolver->job == NULL);
    atomic_init(&job->owners, 2);
    job->host = alloc_string(host);
    job->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (job->done_fd < 0) {
        log_error("resolver: eventfd: %s", strerror(errno));
        abort();
    }
    resolver->job = job;
    ev_io_set(&resolver->done, job->done_fd, EV_READ);
    ev_io_start(resolver->loop, &resolver->done);
    if (start_thread(job) != 0) {
        job->error = EAI_AGAIN;
        eventfd_write(job->done_fd, 1);
        job_release(job);
    }
}
