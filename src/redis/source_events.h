/* SPDX-License-Identifier: BSD-2-Clause */
/* What a source of messages tells its owner, who must not free it meanwhile. Either may be NULL. */
#ifndef REDIS_SOURCE_EVENTS_H
#define REDIS_SOURCE_EVENTS_H

struct source_events {
    void (*on_ready)(void *owner);                      /* what is pushed now arrives; after each loss again */
    void (*on_failed)(void *owner, const char *reason); /* an attempt was in vain; it goes on trying */
    void *owner;
};

#endif
