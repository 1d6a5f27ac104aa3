/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/nph.h"

#include <assert.h>
#include <string.h>
#include <time.h>

static const char prefix[] = "nph-";
static const char status_field[] = "Status: ";

/* The last segment of a path. */
static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

bool nph_is_wanted(const struct params *params, const char *program)
{
    const char *const paths[] = {params_text(params, "SCRIPT_FILENAME"), params_text(params, "SCRIPT_NAME"), program};
    const char *file = "";

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && *file == '\0'; i++)
        file = file_of(paths[i]);
    return strncmp(file, prefix, strlen(prefix)) == 0;
}

/* As RFC 9110 §5.6.7 writes a date. The program never sets a locale, so names are English. */
static void add_date(struct buffer *out, int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm time;
    char text[40];

    gmtime_r(&seconds, &time);
    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &time);
    buffer_printf(out, "Date: %s\r\n", text);
}

void nph_add(struct buffer *out, struct span answer, int64_t wall_ms)
{
    size_t status = strlen(status_field);

    assert(answer.len > status && memcmp(answer.data, status_field, status) == 0);
    const char *line_end = memchr(answer.data, '\n', answer.len);
    assert(line_end != NULL);
    const char *rest = line_end + 1;
    buffer_add_string(out, "HTTP/1.1 ");
    buffer_add(out, answer.data + status, (size_t)(rest - answer.data) - status);
    add_date(out, wall_ms);
    buffer_add_string(out, "Connection: close\r\n");
    buffer_add(out, rest, (size_t)(answer.data + answer.len - rest));
}
