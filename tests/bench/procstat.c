/* SPDX-License-Identifier: BSD-2-Clause */
#include "procstat.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int procstat_add(struct procstat *procstat, const char *text, char *error, size_t error_size)
{
    struct procstat_process *process = NULL;
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : 0;
    char *rest = NULL;
    long pid = equals ? strtol(equals + 1, &rest, 10) : 0;

    if (length == 0 || length >= sizeof(process->name) || rest == equals + 1 || *rest ||
        pid < 1 || pid > INT32_MAX) {
        snprintf(error, error_size, "'%s' is not NAME=PID with a name of 1 to %zu bytes", text,
                 sizeof(process->name) - 1);
        return -1;
    }
    for (unsigned i = 0; i < procstat->count && !process; i++) {
        if (strncmp(procstat->processes[i].name, text, length) == 0 &&
            procstat->processes[i].name[length] == '\0')
            process = &procstat->processes[i];
    }
    if (!process) {
        if (procstat->count == PROCSTAT_MAX) {
            snprintf(error, error_size, "more than %u names", PROCSTAT_MAX);
            return -1;
        }
        process = &procstat->processes[procstat->count++];
        memcpy(process->name, text, length);
        process->name[length] = '\0';
    }
    if (process->pid_count == PROCSTAT_PIDS_MAX) {
        snprintf(error, error_size, "more than %u pids named %s", PROCSTAT_PIDS_MAX, process->name);
        return -1;
    }
    process->pids[process->pid_count++] = (pid_t)pid;
    return 0;
}

bool procstat_is_alive(const struct procstat_process *process)
{
    for (unsigned i = 0; i < process->pid_count; i++) {
        if (kill(process->pids[i], 0) < 0 && errno != EPERM)
            return false;
    }
    return true;
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec used;

    if (clock_gettime(clock, &used) < 0)
        return -1;
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

int64_t procstat_cpu_ns(const struct procstat_process *process)
{
    int64_t sum = 0;

    for (unsigned i = 0; i < process->pid_count; i++) {
        clockid_t clock;
        int64_t used;

        if (clock_getcpuclockid(process->pids[i], &clock) != 0 || (used = clock_ns(clock)) < 0)
            return -1;
        sum += used;
    }
    return sum;
}

int64_t procstat_own_cpu_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* Whether the line of smaps begins a mapping; then says whether it is heap. */
static bool is_mapping(const char *line, bool *is_heap)
{
    char permissions[8];
    char name[64];
    uint64_t inode;
    int fields = sscanf(line, "%*[0-9a-f]-%*[0-9a-f] %7s %*s %*s %" SCNu64 " %63s", permissions,
                        &inode, name);

    if (fields < 2)
        return false;
    *is_heap = permissions[3] == 'p' && inode == 0 &&
               (fields == 2 || strcmp(name, "[heap]") == 0 || strncmp(name, "[anon", 5) == 0);
    return true;
}

static int64_t heap_kb(pid_t pid)
{
    char path[64];
    char *line = NULL;
    size_t line_size = 0;
    bool is_heap = false;
    bool has_mappings = false;
    int64_t sum = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return -1;
    while (getline(&line, &line_size, file) > 0) {
        int64_t dirty;

        if (line[0] >= 'A' && line[0] <= 'Z') {
            if (is_heap && sscanf(line, "Private_Dirty: %" SCNd64, &dirty) == 1)
                sum += dirty;
        } else if (is_mapping(line, &is_heap)) {
            has_mappings = true;
        }
    }
    free(line);
    fclose(file);
    return has_mappings ? sum : -1;
}

static int64_t rss_kb(pid_t pid)
{
    char path[64];
    char line[256];
    int64_t found = -1;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return -1;
    while (found < 0 && fgets(line, sizeof(line), file)) {
        if (sscanf(line, "VmRSS: %" SCNd64, &found) != 1)
            found = -1;
    }
    fclose(file);
    return found;
}

static int64_t add_known(int64_t sum, int64_t more)
{
    return sum < 0 || more < 0 ? -1 : sum + more;
}

struct procstat_memory procstat_memory(const struct procstat_process *process)
{
    struct procstat_memory memory = {0, 0};

    for (unsigned i = 0; i < process->pid_count; i++) {
        memory.rss_kb = add_known(memory.rss_kb, rss_kb(process->pids[i]));
        memory.heap_kb = add_known(memory.heap_kb, heap_kb(process->pids[i]));
    }
    return memory;
}
