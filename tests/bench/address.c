/* SPDX-License-Identifier: BSD-2-Clause */
#include "address.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static int parse_unix(struct address *address, const char *path, char *error, size_t error_size)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof(un.sun_path) || length >= sizeof(address->path)) {
        snprintf(error, error_size, "socket path is empty or longer than %zu bytes",
                 sizeof(un.sun_path) - 1);
        return -1;
    }
    memcpy(un.sun_path, path, length + 1);
    memcpy(address->path, path, length + 1);
    snprintf(address->text, sizeof(address->text), "localhost");
    memcpy(&address->socket, &un, sizeof(un));
    address->socket_length = sizeof(un);
    address->is_unix = true;
    return 0;
}

static int parse_inet(struct address *address, const char *text, char *error, size_t error_size)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    const char *colon = strrchr(text, ':');
    const char *host = text;
    size_t length;
    char *rest;
    long port;
    int failure;

    if (!colon) {
        snprintf(error, error_size, "'%s' is neither HOST:PORT nor a socket's path", text);
        return -1;
    }
    length = (size_t)(colon - text);
    if (length >= 2 && text[0] == '[' && colon[-1] == ']') {
        host++;
        length -= 2;
    }
    port = strtol(colon + 1, &rest, 10);
    if (rest == colon + 1 || *rest || port < 1 || port > 65535) {
        snprintf(error, error_size, "'%s': the port must be 1 to 65535", text);
        return -1;
    }
    if (length == 0 || length >= sizeof(address->host)) {
        snprintf(error, error_size, "'%s': the host is missing or too long", text);
        return -1;
    }
    memcpy(address->host, host, length);
    address->host[length] = '\0';
    address->port = (int)port;
    snprintf(address->text, sizeof(address->text), strchr(address->host, ':') ? "[%s]:%d" : "%s:%d",
             address->host, address->port);

    failure = getaddrinfo(address->host, colon + 1, &hints, &found);
    if (failure) {
        snprintf(error, error_size, "'%s': %s", text, gai_strerror(failure));
        return -1;
    }
    memcpy(&address->socket, found->ai_addr, found->ai_addrlen);
    address->socket_length = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

int address_parse(struct address *address, const char *text, char *error, size_t error_size)
{
    memset(address, 0, sizeof(*address));
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(address, text + 5, error, error_size);
    if (text[0] == '/')
        return parse_unix(address, text, error, error_size);
    return parse_inet(address, text, error, error_size);
}
