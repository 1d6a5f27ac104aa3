/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/address.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
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
    if (colon != NULL && colon > begin)
        address->user = decode(begin, colon);
    address->password = decode(colon != NULL ? colon + 1 : begin, end);
}

/* host, host:port, [v6] or [v6]:port */
static int parse_host(struct redis_address *address, const char *begin, const char *end, struct buffer *error)
{
    char *text = alloc_string_n(begin, (size_t)(end - begin));
    const char *host = text;
    char *host_end = text + strcspn(text, ":");

    if (text[0] == '[') {
        host = text + 1;
        host_end = strchr(text, ']');
    }
    const char *behind = host_end == NULL ? NULL : host_end + (*host_end == ']' ? 1 : 0);
    int port = REDIS_DEFAULT_PORT;
    bool is_valid = host_end != NULL && host_end > host &&
                    (*behind == '\0' || (*behind == ':' && read_number(behind + 1, 1, 65535, &port)));
    if (is_valid) {
        address->host = alloc_string_n(host, (size_t)(host_end - host));
        address->port = port;
    }
    free(text);
    return is_valid ? 0 : fail(error, "needs a host, then perhaps a port from 1 to 65535: redis://host:6379");
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
    if (query != NULL && !(starts_with(query, "?db=") && read_number(query + 4, 0, DB_LIMIT, &address->db)))
        return fail(error, "has something other than ?db=NUMBER behind the path");
    address->path = alloc_string_n(text, len);
    return 0;
}

int redis_address_parse(struct redis_address *address, const char *text, struct buffer *error)
{
    *address = (struct redis_address){0};
    if (starts_with(text, "rediss://"))
        return fail(error, "asks for TLS, which this build does not have; use redis:// or unix://, or a local TLS proxy");
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
    FILE *file = fopen(path, "re");

    if (file == NULL || getline(&line, &size, file) < 0) {
        buffer_printf(error, "%s: %s", path, file != NULL ? "has no first line" : strerror(errno));
        free(line);
        if (file != NULL)
            fclose(file);
        return -1;
    }
    fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
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
