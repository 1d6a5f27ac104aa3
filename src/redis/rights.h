/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a Redis user must be allowed to do (https://redis.io/docs/management/security/acl/), and finding out what is
 * missing: each command is sent once in a form that changes nothing, for Redis checks rights first.
 */
#ifndef REDIS_RIGHTS_H
#define REDIS_RIGHTS_H

#include "redis/keys.h"
#include "redis/link.h"

struct rights_events {
    void (*on_refused)(void *owner, const char *what); /* it is logged: what is wrong, and what to change */
    void *owner;
};

struct rights {
    const struct keys *keys;
    const char *user;
    struct rights_events events;
    struct link *link;
    struct buffer missing;                                          /* private, as is what follows */
    struct buffer known_missing, known_unsubscribed, known_version; /* said last */
    size_t answered;
    bool has_warned;
};

/* `user` NULL: the default user. The pointers must outlive it. */
void rights_init(struct rights *rights, const struct keys *keys, const char *user, const struct rights_events *events);
void rights_fini(struct rights *rights);

/* Tries everything that --history redis needs on a connection that is ready; on_refused follows if something is
 * missing. */
void rights_check(struct rights *rights, struct link *link);

/* Redis refused PSUBSCRIBE with this error: on_refused follows if that was for want of a right. */
void rights_note_unsubscribed(struct rights *rights, const char *error);

/* Likewise for --history memory, which needs nothing else: appends what to change, or nothing. */
void rights_explain_unsubscribed(const char *prefix, const char *user, const char *error, struct buffer *out);

#endif
