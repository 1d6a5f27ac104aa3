/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pid file of --pid-file: one line, the number of the process that takes the signals. It appears whole or not at
 * all, and replaces what an earlier process left.
 */
#ifndef PROCESS_PID_FILE_H
#define PROCESS_PID_FILE_H

#include <sys/types.h>

#include "base/buffer.h"

/* Writes the file, mode 0644. Returns 0, or -1 with one line in `error`; nothing is left behind then. */
int pid_file_write(const char *path, pid_t pid, struct buffer *error);

/* Removes the file if it still holds this pid, and is silent when it does not or is gone. */
void pid_file_remove(const char *path, pid_t pid);

#endif
