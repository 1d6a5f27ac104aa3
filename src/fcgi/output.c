/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/output.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "base/alloc.h"
#include "push/sink.h"

/* Part of a payload on its way out: [header | payload + from, len bytes | padding], of which `sent` bytes are gone. */
struct piece {
    struct piece *next;
    struct bytes *payload; /* a reference */
    size_t from;
    size_t len;
    size_t sent;
    bool has_header; /* and padding */
    struct record_header header;
};

void output_init(struct output *output, int fd, uint64_t *sent_bytes)
{
    *output = (struct output){.fd = fd, .sent_bytes = sent_bytes};
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
    bytes_unref(first->payload);
    free(first);
}

void output_fini(struct output *output)
{
    while (output_is_waiting(output))
        drop_first(output);
}

static size_t piece_size(const struct piece *piece)
{
    return piece->len + (piece->has_header ? RECORD_HEADER_LEN + (size_t)piece->header.padding_len : 0);
}

/* Appends the part of `data` behind the first *skip bytes, and takes its length off *skip. */
static void add_part(struct iovec *parts, int *count, const void *data, size_t len, size_t *skip)
{
    if (*skip >= len) {
        *skip -= len;
        return;
    }
    parts[*count].iov_base = (char *)(uintptr_t)data + *skip;
    parts[*count].iov_len = len - *skip;
    *skip = 0;
    (*count)++;
}

/* Writes what is left of the piece once. Returns 0 or an errno. */
static int piece_write(struct piece *piece, struct output *output)
{
    static const char zeros[8];
    uint8_t header[RECORD_HEADER_LEN];
    struct iovec parts[3];
    size_t skip = piece->sent;
    int count = 0;

    if (piece->has_header) {
        record_header_encode(&piece->header, header);
        add_part(parts, &count, header, sizeof(header), &skip);
    }
    add_part(parts, &count, piece->payload->data + piece->from, piece->len, &skip);
    if (piece->has_header)
        add_part(parts, &count, zeros, piece->header.padding_len, &skip);
    ssize_t written = writev(output->fd, parts, count);
    if (written < 0)
        return errno;
    piece->sent += (size_t)written;
    *output->sent_bytes += (uint64_t)written;
    return 0;
}

static enum output_state write_piece(struct piece *piece, struct output *output)
{
    while (piece->sent < piece_size(piece)) {
        int error = piece_write(piece, output);
        if (error == EAGAIN || error == EWOULDBLOCK)
            return OUTPUT_WAITING;
        if (error != 0 && error != EINTR)
            return OUTPUT_FAILED;
    }
    return OUTPUT_SENT;
}

static void keep(struct output *output, const struct piece *piece)
{
    struct piece *kept = alloc_bytes(sizeof(*kept));
    *kept = *piece;
    kept->payload = bytes_ref(piece->payload);
    kept->next = kept;
    if (output->last != NULL) {
        kept->next = output->last->next;
        output->last->next = kept;
    }
    output->last = kept;
    output->waiting_pieces++;
}

/* Writes the piece, or what the descriptor takes of it, unless others wait before it. */
static enum output_state add_piece(struct output *output, struct piece *piece)
{
    enum output_state state = output_is_waiting(output) ? OUTPUT_WAITING : write_piece(piece, output);
    if (state == OUTPUT_WAITING)
        keep(output, piece);
    return state;
}

enum output_state output_add_records(struct output *output, enum record_type type, uint16_t request_id,
                                     struct bytes *payload)
{
    enum output_state state = OUTPUT_SENT;
    for (size_t from = 0; from < payload->len && state != OUTPUT_FAILED; from += SINK_WRITE_LIMIT) {
        size_t len = payload->len - from < SINK_WRITE_LIMIT ? payload->len - from : SINK_WRITE_LIMIT;
        struct piece piece = {.payload = payload,
                              .from = from,
                              .len = len,
                              .has_header = true,
                              .header = {.version = RECORD_VERSION,
                                         .type = (uint8_t)type,
                                         .request_id = request_id,
                                         .content_len = (uint16_t)len,
                                         .padding_len = record_padding(len)}};
        state = add_piece(output, &piece);
    }
    return state;
}

enum output_state output_add_raw(struct output *output, struct bytes *records)
{
    struct piece piece = {.payload = records, .len = records->len};
    return add_piece(output, &piece);
}

enum output_state output_flush(struct output *output)
{
    enum output_state state = OUTPUT_SENT;
    while (state == OUTPUT_SENT && output_is_waiting(output)) {
        state = write_piece(output->last->next, output);
        if (state == OUTPUT_SENT)
            drop_first(output);
    }
    return state;
}
