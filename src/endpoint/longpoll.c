/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint/longpoll.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "endpoint/exchange.h"
#include "push/poll.h"

/* What a client that is refused is told, and after how many seconds it may come back: not all at the same moment. */
static const struct {
    const char *code, *message;
    int64_t least_s, most_s;
} refusals[] = {
    [POLL_UNLOADED] = {"history-unavailable", "the retained events cannot be read now: ask again in a while", 1, 3},
    [POLL_OVERLOADED] = {"overloaded", "too many clients wait here now: ask again in a while", 5, 15},
};

/* What of a request is needed when its answer comes. */
struct question {
    const struct hub *hub;
    bool is_head;
    bool is_list;
    char *if_none_match;  /* NULL: not sent */
    struct buffer common; /* the header lines that the request decides */
};

static void question_free(void *context)
{
    struct question *question = context;
    free(question->if_none_match);
    buffer_fini(&question->common);
    free(question);
}

/* --- the answer ----------------------------------------------------------------------------------------------- */

/* A long answer is sent piece by piece; an array is never without one. */
static void send_answer(struct sink *sink, const struct buffer *head, const struct poll_body *body)
{
    if (body->count == 1) {
        sink->ops->finish(sink, head, body->pieces[0]);
        return;
    }
    sink_write_buffer(sink, head);
    for (size_t i = 0; i < body->count; i++)
        sink->ops->write(sink, body->pieces[i]);
    sink->ops->end(sink);
}

/* True when the client has this very answer already (RFC 9110 §13.1.2). */
static bool is_known(const struct question *question, const char *tag)
{
    return question->if_none_match != NULL &&
           (strstr(question->if_none_match, tag) != NULL || strcmp(question->if_none_match, "*") == 0);
}

static void answer(void *context, struct sink *sink, const struct poll_answer *answer)
{
    struct question *question = context;
    struct buffer head = {0};
    char tag[24];

    if (question->is_list)
        snprintf(tag, sizeof(tag), "\"%016" PRIx64 "\"", poll_body_hash(answer->body));
    bool is_unchanged = question->is_list && is_known(question, tag);
    response_begin(&head, is_unchanged ? 304 : 200, question->is_list ? "no-cache" : "no-store");
    buffer_add(&head, question->common.data, question->common.len);
    buffer_add_string(&head, "Push-Position: ");
    event_id_print(answer->position, question->hub->tag, &head);
    buffer_add_string(&head, "\r\n");
    if (question->is_list)
        buffer_printf(&head, "ETag: %s\r\n", tag);
    if (!is_unchanged)
        buffer_printf(&head, "Content-Type: %s\r\nContent-Length: %zu\r\n", question->hub->config.format->content_type,
                      answer->body->len);
    response_end_headers(&head);
    if (is_unchanged || question->is_head)
        sink->ops->finish(sink, &head, NULL);
    else
        send_answer(sink, &head, answer->body);
    buffer_fini(&head);
}

static void refuse(void *context, struct sink *sink, enum poll_refusal reason)
{
    const struct question *question = context;
    struct http_error error;
    struct buffer head = {0};

    http_error_set(&error, 503, refusals[reason].code, "%s", refusals[reason].message);
    response_begin(&head, error.status, "no-store");
    buffer_add(&head, question->common.data, question->common.len);
    buffer_printf(&head, "Retry-After: %" PRId64 "\r\n",
                  random_between(refusals[reason].least_s, refusals[reason].most_s));
    response_add_error(&head, &error, question->is_head);
    sink->ops->finish(sink, &head, NULL);
    buffer_fini(&head);
}

/* --- the request ---------------------------------------------------------------------------------------------- */

static int read_limit(struct exchange *exchange, size_t *limit)
{
    const struct span *text = query_get(&exchange->query, "limit");

    *limit = 0;
    if (text == NULL)
        return 0;
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] < '0' || text->data[i] > '9') {
            *limit = 0;
            break;
        }
        if (*limit <= SIZE_MAX / 100)
            *limit = *limit * 10 + (size_t)(text->data[i] - '0');
    }
    if (*limit > 0)
        return 0;
    return http_error_set(&exchange->error, 400, "invalid-limit", "limit must be a number of events, 1 or more");
}

static struct question *make_question(struct exchange *exchange, bool is_list)
{
    const char *if_none_match = params_get(exchange->params, "HTTP_IF_NONE_MATCH");
    struct question *question = alloc_zeroed(1, sizeof(*question));

    question->hub = exchange->endpoint->hub;
    question->is_head = exchange->is_head;
    question->is_list = is_list;
    question->if_none_match = if_none_match != NULL ? alloc_string(if_none_match) : NULL;
    exchange_add_cors(exchange, &question->common);
    return question;
}

static void ask(struct exchange *exchange, bool is_list)
{
    struct poll_request request = {0};

    if (exchange_read(exchange, (struct span){0}, &request.subscription) < 0 ||
        read_limit(exchange, &request.limit) < 0) {
        exchange_refuse(exchange);
        return;
    }
    bool has_position = request.subscription.resume.kind != RESUME_NOW;
    if (is_list && !has_position) {
        request.subscription.resume.kind = RESUME_ALL;
        request.wants_newest = true;
    }
    /* HEAD is answered and ended at once on every path. */
    request.is_patient = !is_list && !exchange->is_head;
    poll_open(
        exchange->endpoint->hub, exchange->sink, &request,
        &(struct poll_owner){
            .answer = answer, .refuse = refuse, .free = question_free, .context = make_question(exchange, is_list)});
}

/* The last segment of the path, of which the web server has resolved dots and double slashes. */
static struct span last_segment(struct span path)
{
    while (path.len > 0 && path.data[path.len - 1] == '/')
        path.len--;
    const char *slash = path.len > 0 ? memrchr(path.data, '/', path.len) : NULL;
    return slash != NULL ? span_between(slash + 1, path.data + path.len) : path;
}

/* What of the path says which endpoint is meant. */
static struct span endpoint_of(const struct params *params)
{
    struct span segment = last_segment(span_of(params_text(params, "PATH_INFO")));
    return segment.len > 0 ? segment : last_segment(span_of(params_text(params, "SCRIPT_NAME")));
}

bool longpoll_is_waiting(const struct params *params)
{
    return strcmp(params_text(params, "REQUEST_METHOD"), "GET") == 0 && span_equals(endpoint_of(params), "subscribe");
}

static void route(struct exchange *exchange)
{
    struct span segment = endpoint_of(exchange->params);

    if (span_equals(segment, "list")) {
        ask(exchange, true);
    } else if (span_equals(segment, "subscribe")) {
        ask(exchange, false);
    } else {
        http_error_set(&exchange->error, 404, "not-found", "nothing is here: the path must end in /list or /subscribe");
        exchange_refuse(exchange);
    }
}

void longpoll_handle(void *context, const struct params *params, struct sink *sink)
{
    struct exchange exchange;

    if (exchange_begin(&exchange, context, params, sink) == 0)
        route(&exchange);
    exchange_fini(&exchange);
}
