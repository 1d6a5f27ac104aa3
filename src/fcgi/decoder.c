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

static int memory_file = -1;

int decoder_init(void)
{
    return FCGX_Init() == 0 ? 0 : -1;
}

void decoder_fini(void)
{
    if (memory_file >= 0)
        close(memory_file);
    memory_file = -1;
}

/* One whole request without a body, on a connection that the library is not to close. */
static void frame_request(uint16_t request_id, const struct buffer *params, struct buffer *out)
{
    record_add_begin(out, request_id, RECORD_ROLE_RESPONDER, RECORD_FLAG_KEEP_CONN);
    for (size_t done = 0; done < params->len;) {
        size_t len = params->len - done < RECORD_CONTENT_LIMIT ? params->len - done : RECORD_CONTENT_LIMIT;
        record_add(out, RECORD_PARAMS, request_id, params->data + done, len);
        done += len;
    }
    record_add(out, RECORD_PARAMS, request_id, NULL, 0);
    record_add(out, RECORD_STDIN, request_id, NULL, 0);
}

/* Makes the memory file hold just these bytes, read from the start. */
static bool write_memory_file(const struct buffer *bytes)
{
    if (memory_file < 0)
        memory_file = memfd_create("fcgi-request", MFD_CLOEXEC);
    return memory_file >= 0 && ftruncate(memory_file, 0) == 0 &&
           pwrite(memory_file, bytes->data, bytes->len, 0) == (ssize_t)bytes->len &&
           lseek(memory_file, 0, SEEK_SET) == 0;
}

/* Lets the library read the memory file. On an error it closes the file; the next request opens a new one. */
static bool accept_request(FCGX_Request *request)
{
    if (FCGX_InitRequest(request, -1, 0) != 0)
        return false;
    request->ipcFd = memory_file;
    request->keepConnection = 1; /* else FCGX_Accept_r begins by closing it */
    request->detached = 1;       /* else closing would wait for a peer */
    if (FCGX_Accept_r(request) == 0 && FCGX_GetError(request->in) == 0)
        return true;
    if (request->ipcFd < 0)
        memory_file = -1;
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
    struct buffer framed = {0};
    frame_request(request_id, params, &framed);
    bool is_decoded = write_memory_file(&framed) && accept_request(&decoded->request);
    buffer_fini(&framed);
    if (!is_decoded) {
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
