/* SPDX-License-Identifier: BSD-2-Clause */
/* What answers a request, by whichever protocol the web server asks: FastCGI (fcgi/fastcgi.h) or CGI (fcgi/cgi.h). */
#ifndef FCGI_HANDLER_H
#define FCGI_HANDLER_H

#include "http/params.h"
#include "push/sink.h"

/*
 * Answers a request: writes to the sink and then either ends it or leaves a subscriber attached. The params are valid
 * during the call only.
 */
struct request_handler {
    void (*handle)(void *context, const struct params *params, struct sink *sink);
    void *context;
};

#endif
