/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host names to addresses without holding up the loop: getaddrinfo runs in a thread of its own, one at a time. The
 * thread touches nothing but its own job, so a resolver can be freed while a name server keeps it waiting.
 */
#ifndef REDIS_RESOLVER_H
#define REDIS_RESOLVER_H

#include <ev.h>
#include <stdbool.h>

struct resolver;

/*
 * `addresses` are numeric, in the order of preference; count 0 means failure and `problem` says why. Valid during the
 * call only.
 */
struct resolver_result {
    const char *const *addresses;
    size_t count;
    const char *problem;
};

typedef void resolver_callback(void *context, const struct resolver_result *result);

struct resolver *resolver_new(struct ev_loop *loop, resolver_callback *callback, void *context);

/* A look-up under way is abandoned; its callback is not called. */
void resolver_free(struct resolver *resolver);

/* Starts a look-up; none may be under way. The callback never runs before this returns. */
void resolver_start(struct resolver *resolver, const char *host);

/* True while a look-up is under way. */
bool resolver_is_busy(const struct resolver *resolver);

/* Forgets the look-up under way, if there is one. */
void resolver_cancel(struct resolver *resolver);

#endif
