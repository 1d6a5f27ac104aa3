/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * procstat: CPU time and memory of processes that are watched by their pid under a name. Several pids
 * under one name (a server and its workers) are added up. It only reads clocks and /proc; what it may
 * not read (another user's memory map) is unknown, which is -1, and never an error.
 *
 * "Heap" is the private dirty memory of the [heap] mapping and of all anonymous private mappings:
 * what a process allocated itself, without its program text, libraries, stack and shared memory.
 */
#ifndef BENCH_PROCSTAT_H
#define BENCH_PROCSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCSTAT_MAX 16u
#define PROCSTAT_PIDS_MAX 1100u

/* -1: unknown. */
struct procstat_memory {
    int64_t rss_kb;
    int64_t heap_kb;
};

struct procstat_process {
    char name[32];
    pid_t pids[PROCSTAT_PIDS_MAX];
    unsigned pid_count;
};

struct procstat {
    struct procstat_process processes[PROCSTAT_MAX];
    unsigned count;
};

/*
 * Adds "NAME=PID", to the processes of that name if there are some. An all-zero struct is the empty
 * set. Returns 0, or -1 with the reason in `error`.
 */
int procstat_add(struct procstat *procstat, const char *text, char *error, size_t error_size);

/* Whether all pids of the process exist. */
bool procstat_is_alive(const struct procstat_process *process);

/* CPU time of all threads since the process began, in ns; -1 when one of the pids is gone. */
int64_t procstat_cpu_ns(const struct procstat_process *process);

/* What it holds now. Takes about a millisecond for each process: not for use while measuring. */
struct procstat_memory procstat_memory(const struct procstat_process *process);

/* CPU time of this program, in ns. */
int64_t procstat_own_cpu_ns(void);

#endif
