/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/address.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "base/host_port.h"
#include "http/percent.h"

enum { DB_LIMIT = 1 << 20 };

static int fail(struct buffer *error, const char *problem)
{
    buffer_add_string(error, problem);
    return -1;
}

static bool starts_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static bool read_number(const char *text, int low, int high, int *number)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || *end != '\0' || value < low || value > high)
        return false;
    *number = (int)value;
    return true;
}

static char *decode(const char *begin, const char *end)
{
    struct buffer decoded = {0};
    percent_add_decoded(&decoded, span_between(begin, end));
    char *text = alloc_string_n(decoded.data != NULL ? decoded.data : "", decoded.len);
    buffer_fini(&decoded);
    return text;
}

/* user:password, :password or password */
static void parse_login(struct redis_address *address, const char *begin, const char *end)
{
    const char *colon = memchr(begin, ':', (size_t)(end - begin));
    const char *password = colon != NULL ? colon + 1 : begin;

    if (colon != NULL && colon > begin)
        address->user = decode(begin, colon);
    if (password < end)
        address->password = decode(password, end);
}

static int parse_host(struct redis_address *address, const char *begin, const char *end, struct buffer *error)
{
    struct host_port parsed;
    if (!host_port_parse(span_between(begin, end), &parsed))
        return fail(error, "needs a host, then perhaps a port from 1 to 65535: redis://host:6379");
    address->host = alloc_string_n(parsed.host.data, parsed.host.len);
    address->port = parsed.number > 0 ? parsed.number : REDIS_DEFAULT_PORT;
    return 0;
}

static int parse_url(struct redis_address *address, const char *text, struct buffer *error)
{
    const char *slash = strchr(text, '/');
    const char *end = slash != NULL ? slash : text + strlen(text);
    /* The last @: a password may contain one. */
    const char *at = memrchr(text, '@', (size_t)(end - text));

    if (at != NULL)
        parse_login(address, text, at);
    if (slash != NULL && slash[1] != '\0' && !read_number(slash + 1, 0, DB_LIMIT, &address->db))
        return fail(error, "ends with a database that is no number: redis://host:6379/0");
    return parse_host(address, at != NULL ? at + 1 : text, end, error);
}

static int parse_path(struct redis_address *address, const char *text, struct buffer *error)
{
    const char *query = strchr(text, '?');
    size_t len = query != NULL ? (size_t)(query - text) : strlen(text);

    if (text[0] != '/' || len < 2)
        return fail(error, "needs an absolute path: unix:///run/redis/redis.sock");
    if (len >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return fail(error, "is too long for a unix socket (107 bytes)");
    if (query != NULL && !(starts_with(query, "?db=") && read_number(query + 4, 0, DB_LIMIT, &address->db)))
        return fail(error, "has something other than ?db=NUMBER behind the path");
    address->path = alloc_string_n(text, len);
    return 0;
}

int redis_address_parse(struct redis_address *address, const char *text, struct buffer *error)
{
    *address = (struct redis_address){0};
    if (starts_with(text, "rediss://"))
        return fail(error,
                    "asks for TLS, which this build does not have; use redis:// or unix://, or a local TLS proxy");
    if (starts_with(text, "redis://"))
        return parse_url(address, text + strlen("redis://"), error);
    if (starts_with(text, "unix://"))
        return parse_path(address, text + strlen("unix://"), error);
    if (text[0] == '/')
        return parse_path(address, text, error);
    if (strstr(text, "://") != NULL)
        return fail(error, "has an unknown scheme; use redis://host:port or unix:///path");
    return parse_host(address, text, text + strlen(text), error);
}

void redis_address_fini(struct redis_address *address)
{
    free(address->path);
    free(address->host);
    free(address->user);
    free(address->password);
    *address = (struct redis_address){0};
}

int redis_address_read_password(struct redis_address *address, const char *path, struct buffer *error)
{
    char *line = NULL;
    size_t size = 0;

    errno = 0;
    FILE *file = fopen(path, "re");
    ssize_t len = file != NULL ? getline(&line, &size, file) : -1;
    int read_error = errno;
    if (file != NULL)
        fclose(file);
    if (len >= 0)
        line[strcspn(line, "\r\n")] = '\0';
    if (len < 0 || *line == '\0') {
        buffer_printf(error, "%s: %s", path,
                      read_error != 0 ? strerror(read_error)
                      : len < 0       ? "has no first line"
                                      : "has an empty first line");
        free(line);
        return -1;
    }
    free(address->password);
    address->password = line;
    return 0;
}

void redis_address_print(const struct redis_address *address, struct buffer *out)
{
    if (address->path != NULL)
        buffer_printf(out, "unix://%s", address->path);
    else
        buffer_printf(out, strchr(address->host, ':') != NULL ? "redis://[%s]:%d" : "redis://%s:%d", address->host,
                      address->port);
}
