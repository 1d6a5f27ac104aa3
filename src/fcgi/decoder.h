/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding of a request's PARAMS by libfcgi. The library never sees a socket: what intake collected is framed anew, as
 * the records of one well-formed request, into a memory file that the library reads from its beginning. So it can
 * neither block, nor take bytes of the connection's next request, nor be reached by malformed records.
 *
 * This is the only room that knows fcgiapp.h.
 */
#ifndef FCGI_DECODER_H
#define FCGI_DECODER_H

#include <stdint.h>

#include "base/buffer.h"
#include "http/params.h"

/* One decoded request. Owned by whoever called decoder_decode. */
struct decoded;

/*
 * Prepares libfcgi. It takes over SIGPIPE, SIGUSR1 and SIGTERM, so call this before any signal handler is set. Returns
 * 0, or -1 when the library cannot be initialised.
 */
int decoder_init(void);
void decoder_fini(void);

/*
 * Decodes the raw name-value pairs of a request. Returns NULL when they are malformed, or when no memory file is to be
 * had. The result is freed by decoded_free.
 */
struct decoded *decoder_decode(uint16_t request_id, const struct buffer *params);

/* The request's variables, and FCGI_ROLE, which the library adds; valid until decoded_free. */
struct params decoded_params(const struct decoded *decoded);

/* NULL is allowed. */
void decoded_free(struct decoded *decoded);

#endif
