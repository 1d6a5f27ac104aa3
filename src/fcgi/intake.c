/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/intake.h"

#include <stdio.h>
#include <string.h>

void intake_init(struct intake *intake, const struct intake_limits *limits)
{
    *intake = (struct intake){.limits = limits, .state = INTAKE_IDLE};
}

void intake_fini(struct intake *intake)
{
    buffer_fini(&intake->params);
    buffer_fini(&intake->reply);
    buffer_fini(&intake->content);
}

static bool has_too_long_body(const struct intake *intake)
{
    return intake->stdin_bytes > intake->limits->params_bytes;
}

bool intake_has_unread_body(const struct intake *intake)
{
    return intake->state != INTAKE_ACTIVE || has_too_long_body(intake);
}

void intake_finish(struct intake *intake)
{
    intake->state = INTAKE_IDLE;
    intake->stdin_bytes = 0;
    buffer_fini(&intake->params);
}

static enum intake_event broken(struct intake *intake, const char *problem)
{
    intake->problem = problem;
    return INTAKE_BROKEN;
}

/* --- management records (§4) ---------------------------------------------------------------------------------- */

struct value {
    const char *name;
    unsigned number;
};

static void add_value(struct buffer *out, const struct value *value)
{
    char text[16];
    snprintf(text, sizeof(text), "%u", value->number);
    record_add_pair(out, span_of(value->name), span_of(text));
}

/* Each name that we know is answered once, however often it was asked for (§4.1). */
static enum intake_event answer_values(struct intake *intake)
{
    const struct value values[] = {{"FCGI_MAX_CONNS", intake->limits->connections},
                                   {"FCGI_MAX_REQS", intake->limits->connections},
                                   {"FCGI_MPXS_CONNS", 0}};
    enum { COUNT = sizeof(values) / sizeof(values[0]) };
    bool is_answered[COUNT] = {false};
    struct span content = {intake->content.data, intake->content.len};
    struct buffer answers = {0};
    struct span name;
    struct span ignored;

    while (record_take_pair(&content, &name, &ignored))
        for (size_t i = 0; i < COUNT; i++)
            if (!is_answered[i] && span_equals(name, values[i].name)) {
                is_answered[i] = true;
                add_value(&answers, &values[i]);
            }
    record_add(&intake->reply, RECORD_GET_VALUES_RESULT, 0, answers.data, answers.len);
    buffer_fini(&answers);
    return INTAKE_REPLY;
}

static enum intake_event end_management_record(struct intake *intake)
{
    if (intake->header.type == RECORD_GET_VALUES)
        return answer_values(intake);
    record_add_unknown_type(&intake->reply, intake->header.type);
    return INTAKE_REPLY;
}

/* --- application records (§5) --------------------------------------------------------------------------------- */

static enum intake_event begin_request(struct intake *intake)
{
    const uint8_t *body = (const uint8_t *)intake->content.data;
    uint16_t id = intake->header.request_id;

    if (intake->content.len < RECORD_BEGIN_LEN)
        return broken(intake, "a BEGIN_REQUEST record that is too short");
    if (intake->state != INTAKE_IDLE) {
        if (id == intake->request_id)
            return broken(intake, "a second BEGIN_REQUEST for a request that is active");
        record_add_end(&intake->reply, id, RECORD_CANT_MPX_CONN);
        return INTAKE_REPLY;
    }
    bool keeps_connection = (body[2] & RECORD_FLAG_KEEP_CONN) != 0;
    if (body[0] != 0 || body[1] != RECORD_ROLE_RESPONDER) {
        record_add_end(&intake->reply, id, RECORD_UNKNOWN_ROLE);
        return keeps_connection ? INTAKE_REPLY : INTAKE_REFUSED;
    }
    intake->state = INTAKE_IN_PARAMS;
    intake->request_id = id;
    intake->keeps_connection = keeps_connection;
    return INTAKE_BEGIN;
}

/* The end of a record of the request at hand. Records of other ids belong to requests that are over (§3.3). */
static enum intake_event end_request_record(struct intake *intake)
{
    bool is_empty = intake->header.content_len == 0;

    switch (intake->header.type) {
    case RECORD_ABORT_REQUEST:
        return INTAKE_ABORT;
    case RECORD_PARAMS:
        if (intake->state != INTAKE_IN_PARAMS)
            return broken(intake, "PARAMS after their end");
        if (!is_empty)
            return INTAKE_MORE;
        intake->state = INTAKE_IN_STDIN;
        return INTAKE_PARAMS;
    case RECORD_STDIN:
        if (intake->state == INTAKE_IN_PARAMS)
            return broken(intake, "STDIN before the end of PARAMS");
        if (intake->state == INTAKE_ACTIVE || (!is_empty && !has_too_long_body(intake)))
            return INTAKE_MORE;
        intake->state = INTAKE_ACTIVE;
        return INTAKE_COMPLETE;
    default:
        return INTAKE_MORE;
    }
}

static bool is_of_request(const struct intake *intake)
{
    return intake->state != INTAKE_IDLE && intake->header.request_id == intake->request_id;
}

static enum intake_event end_record(struct intake *intake)
{
    enum intake_event event = INTAKE_MORE;

    intake->is_in_record = false;
    if (intake->header.request_id == 0)
        event = end_management_record(intake);
    else if (intake->header.type == RECORD_BEGIN_REQUEST)
        event = begin_request(intake);
    else if (is_of_request(intake))
        event = end_request_record(intake);
    buffer_fini(&intake->content);
    return event;
}

/* --- bytes ---------------------------------------------------------------------------------------------------- */

static struct span take(struct span *input, size_t len)
{
    struct span taken = {input->data, len < input->len ? len : input->len};
    *input = (struct span){input->data + taken.len, input->len - taken.len};
    return taken;
}

static enum intake_event read_header(struct intake *intake, struct span *input)
{
    struct span part = take(input, (size_t)RECORD_HEADER_LEN - intake->header_filled);
    memcpy(intake->header_bytes + intake->header_filled, part.data, part.len);
    intake->header_filled = (uint8_t)(intake->header_filled + part.len);
    if (intake->header_filled < RECORD_HEADER_LEN)
        return INTAKE_MORE;
    record_header_decode(intake->header_bytes, &intake->header);
    if (intake->header.version != RECORD_VERSION)
        return broken(intake, "a record of another version than 1");
    intake->header_filled = 0;
    intake->is_in_record = true;
    intake->content_left = intake->header.content_len;
    intake->padding_left = intake->header.padding_len;
    return INTAKE_MORE;
}

static enum intake_event read_content(struct intake *intake, struct span *input)
{
    struct span part = take(input, intake->content_left);
    uint8_t type = intake->header.type;

    intake->content_left = (uint16_t)(intake->content_left - part.len);
    if (type == RECORD_BEGIN_REQUEST || type == RECORD_GET_VALUES) {
        buffer_add(&intake->content, part.data, part.len);
    } else if (is_of_request(intake) && type == RECORD_PARAMS && intake->state == INTAKE_IN_PARAMS) {
        if (part.len > intake->limits->params_bytes - intake->params.len)
            return broken(intake, "PARAMS larger than --max-request");
        buffer_add(&intake->params, part.data, part.len);
    } else if (is_of_request(intake) && type == RECORD_STDIN) {
        intake->stdin_bytes += part.len;
    }
    return INTAKE_MORE;
}

static enum intake_event step(struct intake *intake, struct span *input)
{
    if (!intake->is_in_record) {
        enum intake_event event = read_header(intake, input);
        if (event != INTAKE_MORE || !intake->is_in_record)
            return event;
    }
    if (intake->content_left > 0) {
        enum intake_event event = read_content(intake, input);
        if (event != INTAKE_MORE || intake->content_left > 0)
            return event;
    }
    intake->padding_left = (uint8_t)(intake->padding_left - take(input, intake->padding_left).len);
    return intake->padding_left == 0 ? end_record(intake) : INTAKE_MORE;
}

enum intake_event intake_feed(struct intake *intake, struct span *input)
{
    enum intake_event event = INTAKE_MORE;
    while (event == INTAKE_MORE && input->len > 0)
        event = step(intake, input);
    return event;
}

bool intake_is_between_requests(const struct intake *intake)
{
    return intake->state == INTAKE_IDLE && !intake->is_in_record && intake->header_filled == 0;
}
