/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hub for tests, with ids that are known beforehand: its position lies in the future, so that the clock says nothing
 * and ids only count on: STAGE_ID("0"), STAGE_ID("1"), …
 */
#ifndef UNIT_STAGE_H
#define UNIT_STAGE_H

#include "base/counters.h"
#include "push/channel_table.h"
#include "push/hub.h"

#define STAGE_TAG "0badcafe"
#define STAGE_MS 9000000000000
#define STAGE_ID(number) "9000000000000-" number "." STAGE_TAG

struct stage {
    struct counters counters;
    struct hub hub;
};

/* What the tests start from: 16 events a channel, 1 MiB of rings, messages up to 200,000 bytes. */
extern const struct hub_config stage_config;

/* NULL: stage_config. */
void stage_init(struct stage *stage, const struct hub_config *config);

/* The same for redis mode, with a source in the config. Reading has not begun. */
void stage_init_log(struct stage *stage, const struct hub_config *config);

void stage_fini(struct stage *stage);

/* A test whose state is a stage with stage_config, made before it and ended after it. */
#define STAGE_TEST(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
int stage_set_up(void **state);
int stage_tear_down(void **state);

/* Publishes; what is sent out of it waits for hub_flush. */
void stage_publish(struct stage *stage, const char *channel, const char *payload);

/* Publishes a payload of `len` times the character. */
void stage_publish_long(struct stage *stage, const char *channel, char c, size_t len);

/* Lets the time go by and does what is due then. */
void stage_wait(struct stage *stage, int64_t ms);

#endif
