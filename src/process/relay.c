/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for one descriptor, aligned as cmsg(3) wants it. */
union control {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

int relay_open(struct relay *relay)
{
    *relay = RELAY_NONE;
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, relay->fds);
}

void relay_close(struct relay *relay)
{
    for (int end = RELAY_TAKE; end <= RELAY_GIVE; end++)
        if (relay->fds[end] >= 0)
            close(relay->fds[end]);
    *relay = RELAY_NONE;
}

static int set_flags(const struct relay *relay, int flags)
{
    for (int end = RELAY_TAKE; end <= RELAY_GIVE; end++) {
        int type = 0;
        socklen_t len = sizeof(type);
        if (getsockopt(relay->fds[end], SOL_SOCKET, SO_TYPE, &type, &len) < 0)
            return -1;
        if (type != SOCK_SEQPACKET) {
            errno = EPROTOTYPE;
            return -1;
        }
        if (fcntl(relay->fds[end], F_SETFD, flags) < 0)
            return -1;
    }
    return 0;
}

int relay_keep(const struct relay *relay)
{
    return set_flags(relay, 0);
}

int relay_keep_not(const struct relay *relay)
{
    return set_flags(relay, FD_CLOEXEC);
}

void relay_end(const struct relay *relay)
{
    if (relay->fds[RELAY_GIVE] >= 0)
        shutdown(relay->fds[RELAY_GIVE], SHUT_RDWR);
}

bool relay_give(const struct relay *relay, int fd)
{
    union control control = {{0}};
    char word = 0;
    struct iovec content = {.iov_base = &word, .iov_len = sizeof(word)};
    struct msghdr message = {
        .msg_iov = &content, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(fd));
    memcpy(CMSG_DATA(header), &fd, sizeof(fd));
    return relay->fds[RELAY_GIVE] >= 0 &&
           sendmsg(relay->fds[RELAY_GIVE], &message, MSG_NOSIGNAL) == (ssize_t)sizeof(word);
}

int relay_take(const struct relay *relay)
{
    union control control;
    char word;
    struct iovec content = {.iov_base = &word, .iov_len = sizeof(word)};
    struct msghdr message = {
        .msg_iov = &content, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
    int fd = -1;

    if (relay->fds[RELAY_TAKE] < 0 || recvmsg(relay->fds[RELAY_TAKE], &message, MSG_CMSG_CLOEXEC) <= 0)
        return -1;
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(fd)))
        memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    return fd;
}
