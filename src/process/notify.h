/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the service's main process tells systemd, sd_notify(3). Without NOTIFY_SOCKET in the environment, and in a build
 * without libsystemd, nothing is sent. What cannot be sent is logged and does no other harm. The variable stays in the
 * environment, so that a program that re-executes itself goes on notifying.
 */
#ifndef PROCESS_NOTIFY_H
#define PROCESS_NOTIFY_H

/* Clients are served: after the start, and at the end of each reload. */
void notify_ready(void);

/* The settings are being read anew. notify_ready must follow, whether they were good or not. */
void notify_reloading(void);

/* The end has begun. */
void notify_stopping(void);

/* For a child right after fork: nothing it calls here is sent any more, nor what it starts. */
void notify_leave_to_parent(void);

#endif
