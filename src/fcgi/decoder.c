/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/decoder.h"

#include <fcgiapp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "fcgi/record.h"

struct decoded {
    FCGX_Request request;
};

/*
 * What the library reads: a file in memory, mapped, so that to write it is no system call. Behind the request in it may
 * stand what is left of longer ones, which the library may read ahead but not parse, since it stops at the end of
 * PARAMS.
 */
static struct {
    int fd; /* -1: none */
    char *data;
    size_t size;
} file = {.fd = -1};

enum { INITIAL_FILE_SIZE = 128 * 1024 }; /* takes a request of the usual --max-request; memory only where written */

int decoder_init(void)
{
    return FCGX_Init() == 0 ? 0 : -1;
}

static void unmap(void)
{
    if (file.data != NULL)
        munmap(file.data, file.size);
    file.data = NULL;
    file.size = 0;
}

void decoder_fini(void)
{
    unmap();
    if (file.fd >= 0)
        close(file.fd);
    file.fd = -1;
}

/* --- one whole request without a body, on a connection that the library is not to close ------------------------ */

static size_t framed_size(const struct buffer *params)
{
    return record_size(RECORD_BEGIN_LEN) + record_stream_size(params->len) + 2 * record_size(0);
}

static void frame_request(char *out, uint16_t request_id, const struct buffer *params)
{
    const uint8_t begin[RECORD_BEGIN_LEN] = {[1] = RECORD_ROLE_RESPONDER, [2] = RECORD_FLAG_KEEP_CONN};

    out = record_put(out, RECORD_BEGIN_REQUEST, request_id, begin, sizeof(begin));
    out = record_put_stream(out, RECORD_PARAMS, request_id, (struct span){params->data, params->len});
    out = record_put(out, RECORD_PARAMS, request_id, NULL, 0);
    record_put(out, RECORD_STDIN, request_id, NULL, 0);
}

/* Makes the file one of at least so many bytes. */
static bool reserve_file(size_t size)
{
    size_t wanted = INITIAL_FILE_SIZE;

    if (size <= file.size)
        return true;
    while (wanted < size)
        wanted *= 2;
    unmap();
    if (file.fd < 0)
        file.fd = memfd_create("fcgi-request", MFD_CLOEXEC);
    if (file.fd < 0 || ftruncate(file.fd, (off_t)wanted) != 0)
        return false;
    void *data = mmap(NULL, wanted, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd, 0);
    if (data == MAP_FAILED)
        return false;
    file.data = data;
    file.size = wanted;
    return true;
}

static bool write_file(uint16_t request_id, const struct buffer *params)
{
    if (!reserve_file(framed_size(params)))
        return false;
    frame_request(file.data, request_id, params);
    return lseek(file.fd, 0, SEEK_SET) == 0;
}

/* --- the library ---------------------------------------------------------------------------------------------- */

/* Lets the library read the file. On an error it closes it; the next request opens a new one. */
static bool accept_request(FCGX_Request *request)
{
    if (FCGX_InitRequest(request, -1, 0) != 0)
        return false;
    request->ipcFd = file.fd;
    request->keepConnection = 1; /* else FCGX_Accept_r begins by closing it */
    request->detached = 1;       /* else closing would wait for a peer */
    if (FCGX_Accept_r(request) == 0 && FCGX_GetError(request->in) == 0)
        return true;
    if (request->ipcFd < 0) {
        unmap();
        file.fd = -1;
    }
    FCGX_Free(request, 0);
    return false;
}

/* The library adds up lengths without a check and allocates what comes out. */
static bool is_well_formed(const struct buffer *params)
{
    struct span rest = {params->data, params->len};
    struct span name;
    struct span value;
    while (rest.len > 0)
        if (!record_take_pair(&rest, &name, &value))
            return false;
    return true;
}

struct decoded *decoder_decode(uint16_t request_id, const struct buffer *params)
{
    if (!is_well_formed(params))
        return NULL;
    struct decoded *decoded = alloc_zeroed(1, sizeof(*decoded));
    if (!write_file(request_id, params) || !accept_request(&decoded->request)) {
        free(decoded);
        return NULL;
    }
    return decoded;
}

struct params decoded_params(const struct decoded *decoded)
{
    return (struct params){.strings = decoded->request.envp};
}

void decoded_free(struct decoded *decoded)
{
    if (decoded == NULL)
        return;
    FCGX_Free(&decoded->request, 0);
    free(decoded);
}
