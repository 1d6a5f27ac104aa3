/* SPDX-License-Identifier: BSD-2-Clause */
/* "host", "host:port", "[v6]" and "[v6]:port", as URLs write them (RFC 3986 §3.2). */
#ifndef BASE_HOST_PORT_H
#define BASE_HOST_PORT_H

#include <stdbool.h>

#include "base/span.h"

struct host_port {
    struct span host; /* without brackets */
    struct span port; /* its digits; empty: none given */
    int number;       /* of the port, 1 to 65535; 0: none given */
};

/*
 * Takes the text apart; the spans point into it. False when the host is empty or has characters that no name or address
 * has, or when what stands for a port is none.
 */
bool host_port_parse(struct span text, struct host_port *parsed);

#endif
