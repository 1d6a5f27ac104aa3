/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_SIZE = 32 };

static void print_line(char line[LINE_SIZE], pid_t pid)
{
    snprintf(line, LINE_SIZE, "%ld\n", (long)pid);
}

/* Fills and closes the file. Returns 0, or an errno. */
static int fill(int fd, pid_t pid)
{
    char line[LINE_SIZE];
    int error = 0;

    print_line(line, pid);
    errno = EIO; /* for a short write */
    if (write(fd, line, strlen(line)) != (ssize_t)strlen(line) || fchmod(fd, 0644) < 0)
        error = errno;
    if (close(fd) < 0 && error == 0)
        error = errno;
    return error;
}

/* Returns 0, or an errno. */
static int replace(const char *path, char *temporary, pid_t pid)
{
    int fd = mkostemp(temporary, O_CLOEXEC);

    if (fd < 0)
        return errno;
    int error = fill(fd, pid);
    if (error == 0 && rename(temporary, path) < 0)
        error = errno;
    if (error != 0)
        unlink(temporary);
    return error;
}

int pid_file_write(const char *path, pid_t pid, struct buffer *error)
{
    struct buffer temporary = {0};

    buffer_printf(&temporary, "%s.XXXXXX", path);
    int failure = replace(path, temporary.data, pid);
    buffer_fini(&temporary);
    if (failure == 0)
        return 0;
    buffer_printf(error,
                  "cannot write --pid-file %s: %s; choose a path in a directory that is there and may be written to",
                  path, strerror(failure));
    return -1;
}

static bool holds(const char *path, pid_t pid)
{
    char wanted[LINE_SIZE], line[LINE_SIZE] = "";
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return false;
    print_line(wanted, pid);
    bool is_ours = fgets(line, sizeof(line), file) != NULL && strcmp(line, wanted) == 0;
    fclose(file);
    return is_ours;
}

void pid_file_remove(const char *path, pid_t pid)
{
    if (holds(path, pid))
        unlink(path);
}
