/* SPDX-License-Identifier: BSD-2-Clause */
/* A whole answer as the records that carry it, in one run of bytes, so that it leaves in one write. */
#ifndef FCGI_ANSWER_H
#define FCGI_ANSWER_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/span.h"

/*
 * STDOUT records for head and body, either of which may be empty, and what completes the answer: an empty STDOUT and
 * END_REQUEST (FastCGI 1.0 §5.5). The caller owns a reference.
 */
struct bytes *answer_frame(uint16_t request_id, struct span head, struct span body);

#endif
