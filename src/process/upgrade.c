/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The variable: pid=123 fd=5 relay=6,7 children=12,13 ending=11 listen=unix:/run/push.sock, of which all but pid and
 * fd may be absent. listen is the last, because an address may contain spaces.
 */
#include "process/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/log.h"
#include "process/socket.h"

const char upgrade_variable[] = "FCGI_PUSH_UPGRADE";

/* --- handing over --------------------------------------------------------------------------------------------- */

void upgrade_add(struct upgrade_children *children, pid_t pid)
{
    children->pids = alloc_resize(children->pids, children->count + 1, sizeof(children->pids[0]));
    children->pids[children->count++] = pid;
}

static void print_children(const struct upgrade_children *children, const char *name, struct buffer *out)
{
    for (size_t i = 0; i < children->count; i++)
        buffer_printf(out, "%s%ld", i == 0 ? name : ",", (long)children->pids[i]);
}

static void print(const struct upgrade *upgrade, struct buffer *out)
{
    buffer_printf(out, "pid=%ld fd=%d", (long)getpid(), upgrade->fd);
    if (upgrade->relay.fds[RELAY_TAKE] >= 0)
        buffer_printf(out, " relay=%d,%d", upgrade->relay.fds[RELAY_TAKE], upgrade->relay.fds[RELAY_GIVE]);
    print_children(&upgrade->serve, " children=", out);
    print_children(&upgrade->ending, " ending=", out);
    if (upgrade->listen != NULL)
        buffer_printf(out, " listen=%s", upgrade->listen);
}

int upgrade_export(const struct upgrade *upgrade)
{
    struct buffer value = {0};

    if (fcntl(upgrade->fd, F_SETFD, 0) < 0)
        return -1;
    relay_keep(&upgrade->relay);
    print(upgrade, &value);
    int result = setenv(upgrade_variable, value.data, 1);
    buffer_fini(&value);
    if (result < 0)
        upgrade_withdraw(upgrade);
    return result;
}

void upgrade_withdraw(const struct upgrade *upgrade)
{
    int error = errno;
    unsetenv(upgrade_variable);
    fcntl(upgrade->fd, F_SETFD, FD_CLOEXEC);
    relay_keep_not(&upgrade->relay);
    errno = error;
}

/* --- taking over ---------------------------------------------------------------------------------------------- */

/* A decimal number of at least `min` in front of `*text`, which then is behind it; -1 when there is none. */
static int read_number(const char **text, int min)
{
    char *end;

    if (**text < '0' || **text > '9')
        return -1;
    errno = 0;
    long value = strtol(*text, &end, 10);
    if (errno != 0 || value < min || value > INT_MAX)
        return -1;
    *text = end;
    return (int)value;
}

/* The value behind the name and '=', where `text` begins with them; else NULL. */
static const char *value_of(const char *text, const char *name)
{
    size_t len = strlen(name);
    return strncmp(text, name, len) == 0 && text[len] == '=' ? text + len + 1 : NULL;
}

static bool is_at_word_end(const char *text)
{
    return *text == ' ' || *text == '\0';
}

static bool read_one(const char *text, int min, int *out)
{
    *out = read_number(&text, min);
    return *out >= 0 && is_at_word_end(text);
}

static bool read_children(const char *text, struct upgrade_children *children)
{
    children->count = 0;
    for (;; text++) {
        int pid = read_number(&text, 2);
        if (pid < 0)
            return false;
        upgrade_add(children, pid);
        if (*text != ',')
            return is_at_word_end(text);
    }
}

static bool read_relay(const char *text, struct relay *relay)
{
    relay->fds[RELAY_TAKE] = read_number(&text, 0);
    if (relay->fds[RELAY_TAKE] < 0 || *text != ',')
        return false;
    text++;
    return read_one(text, 0, &relay->fds[RELAY_GIVE]);
}

static bool read_word(const char *word, int *pid, struct upgrade *upgrade)
{
    const char *value;

    if ((value = value_of(word, "pid")) != NULL)
        return read_one(value, 1, pid);
    if ((value = value_of(word, "fd")) != NULL)
        return read_one(value, 0, &upgrade->fd);
    if ((value = value_of(word, "relay")) != NULL)
        return read_relay(value, &upgrade->relay);
    if ((value = value_of(word, "children")) != NULL)
        return read_children(value, &upgrade->serve);
    if ((value = value_of(word, "ending")) != NULL)
        return read_children(value, &upgrade->ending);
    return true;
}

/* Reads all but the pid into `upgrade`. False when the text is not of the form above. */
static bool parse(const char *text, int *pid, struct upgrade *upgrade)
{
    while (*text != '\0') {
        const char *address = value_of(text, "listen");
        if (address != NULL) {
            upgrade->listen = alloc_string(address);
            break;
        }
        if (!read_word(text, pid, upgrade))
            return false;
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
    return *pid > 0 && upgrade->fd >= 0;
}

/* NULL when it can be taken over, else why not; "" when it is for another process. */
static const char *problem_of(const char *text, struct upgrade *upgrade)
{
    int pid = -1;

    if (!parse(text, &pid, upgrade))
        return "it is malformed";
    if (pid != (int)getpid())
        return "";
    if (upgrade->listen != NULL && socket_check_address(upgrade->listen) != NULL)
        return "its address is none to listen on";
    if (!socket_is_listening(upgrade->fd))
        return "its descriptor is no listening socket";
    if (upgrade->relay.fds[RELAY_TAKE] >= 0 && relay_keep_not(&upgrade->relay) < 0)
        return "its relay is none";
    return fcntl(upgrade->fd, F_SETFD, FD_CLOEXEC) < 0 ? strerror(errno) : NULL;
}

bool upgrade_take(struct upgrade *upgrade)
{
    const char *text = getenv(upgrade_variable);

    *upgrade = (struct upgrade){.fd = -1, .relay = RELAY_NONE};
    if (text == NULL)
        return false;
    const char *problem = problem_of(text, upgrade);
    if (problem != NULL && problem[0] != '\0')
        log_warning("%s='%s' is ignored: %s", upgrade_variable, text, problem);
    unsetenv(upgrade_variable);
    if (problem != NULL)
        upgrade_fini(upgrade);
    return problem == NULL;
}

void upgrade_fini(struct upgrade *upgrade)
{
    free(upgrade->listen);
    free(upgrade->serve.pids);
    free(upgrade->ending.pids);
    *upgrade = (struct upgrade){.fd = -1, .relay = RELAY_NONE};
}
