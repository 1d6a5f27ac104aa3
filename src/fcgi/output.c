/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/output.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/alloc.h"

/* Bytes of which the first `sent` are gone. */
struct piece {
    struct piece *next;
    struct bytes *bytes; /* a reference */
    size_t sent;
};

void output_init(struct output *output, int fd, const struct output_owner *owner)
{
    *output = (struct output){.fd = fd, .owner = owner};
}

/* Drops the first piece that waits. */
static void drop_first(struct output *output)
{
    struct piece *first = output->last->next;

    if (first == output->last)
        output->last = NULL;
    else
        output->last->next = first->next;
    output->waiting_pieces--;
    bytes_unref(first->bytes);
    free(first);
}

void output_fini(struct output *output)
{
    while (output_is_waiting(output))
        drop_first(output);
}

/* Writes the bytes from *sent on, or what the descriptor takes of them: less than all means that it takes no more. */
static enum output_state write_from(const struct output *output, const struct bytes *bytes, size_t *sent)
{
    ssize_t written;

    do
        written = output->owner->write(output->fd, bytes->data + *sent, bytes->len - *sent);
    while (written < 0 && errno == EINTR);
    if (written < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? OUTPUT_WAITING : OUTPUT_FAILED;
    *sent += (size_t)written;
    *output->owner->sent_bytes += (uint64_t)written;
    return *sent == bytes->len ? OUTPUT_SENT : OUTPUT_WAITING;
}

static void keep(struct output *output, struct bytes *bytes, size_t sent)
{
    struct piece *kept = alloc_bytes(sizeof(*kept));
    *kept = (struct piece){.next = kept, .bytes = bytes_ref(bytes), .sent = sent};
    if (output->last != NULL) {
        kept->next = output->last->next;
        output->last->next = kept;
    }
    output->last = kept;
    output->waiting_pieces++;
}

enum output_state output_add(struct output *output, struct bytes *bytes)
{
    size_t sent = 0;
    enum output_state state = output_is_waiting(output) ? OUTPUT_WAITING : write_from(output, bytes, &sent);
    if (state == OUTPUT_WAITING)
        keep(output, bytes, sent);
    return state;
}

enum output_state output_flush(struct output *output)
{
    enum output_state state = OUTPUT_SENT;
    while (state == OUTPUT_SENT && output_is_waiting(output)) {
        struct piece *first = output->last->next;
        state = write_from(output, first->bytes, &first->sent);
        if (state == OUTPUT_SENT)
            drop_first(output);
    }
    return state;
}

ssize_t output_write_socket(int fd, const void *data, size_t len)
{
    return send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}
