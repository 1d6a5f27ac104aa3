/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void intake_init(struct intake *intake)
{
    *intake = (struct intake){.state = INTAKE_IDLE};
}

void intake_fini(struct intake *intake)
{
    struct intake_parts *parts = intake->parts;

    if (parts == NULL)
        return;
    buffer_fini(&parts->params);
    buffer_fini(&parts->reply);
    buffer_fini(&parts->content);
    free(parts);
    intake->parts = NULL;
}

bool intake_has_unread_body(const struct intake *intake)
{
    return intake->state != INTAKE_ACTIVE || intake->has_too_long_body;
}

void intake_finish(struct intake *intake)
{
    intake->state = INTAKE_IDLE;
}

static enum intake_event broken(struct intake *intake, const char *problem)
{
    intake->parts->problem = problem;
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
    struct intake_parts *parts = intake->parts;
    const struct value values[] = {{"FCGI_MAX_CONNS", parts->limits->connections},
                                   {"FCGI_MAX_REQS", parts->limits->connections},
                                   {"FCGI_MPXS_CONNS", 0}};
    enum { COUNT = sizeof(values) / sizeof(values[0]) };
    bool is_answered[COUNT] = {false};
    struct span content = {parts->content.data, parts->content.len};
    struct buffer answers = {0};
    struct span name;
    struct span ignored;

    while (record_take_pair(&content, &name, &ignored))
        for (size_t i = 0; i < COUNT; i++)
            if (!is_answered[i] && span_equals(name, values[i].name)) {
                is_answered[i] = true;
                add_value(&answers, &values[i]);
            }
    record_add(&parts->reply, RECORD_GET_VALUES_RESULT, 0, answers.data, answers.len);
    buffer_fini(&answers);
    return INTAKE_REPLY;
}

static enum intake_event end_management_record(struct intake *intake)
{
    struct intake_parts *parts = intake->parts;
    if (parts->header.type == RECORD_GET_VALUES)
        return answer_values(intake);
    record_add_unknown_type(&parts->reply, parts->header.type);
    return INTAKE_REPLY;
}

/* --- application records (§5) --------------------------------------------------------------------------------- */

static enum intake_event begin_request(struct intake *intake)
{
    struct intake_parts *parts = intake->parts;
    const uint8_t *body = (const uint8_t *)parts->content.data;
    uint16_t id = parts->header.request_id;

    if (parts->content.len < RECORD_BEGIN_LEN)
        return broken(intake, "a BEGIN_REQUEST record that is too short");
    if (intake->state != INTAKE_IDLE) {
        if (id == intake->request_id)
            return broken(intake, "a second BEGIN_REQUEST for a request that is active");
        record_add_end(&parts->reply, id, RECORD_CANT_MPX_CONN);
        return INTAKE_REPLY;
    }
    bool keeps_connection = (body[2] & RECORD_FLAG_KEEP_CONN) != 0;
    if (body[0] != 0 || body[1] != RECORD_ROLE_RESPONDER) {
        record_add_end(&parts->reply, id, RECORD_UNKNOWN_ROLE);
        return keeps_connection ? INTAKE_REPLY : INTAKE_REFUSED;
    }
    *intake = (struct intake){
        .parts = parts, .state = INTAKE_IN_PARAMS, .request_id = id, .keeps_connection = keeps_connection};
    buffer_clear(&parts->params);
    parts->stdin_bytes = 0;
    return INTAKE_BEGIN;
}

/* The end of a record of the request at hand. Records of other ids belong to requests that are over (§3.3). */
static enum intake_event end_request_record(struct intake *intake)
{
    bool is_empty = intake->parts->header.content_len == 0;

    switch (intake->parts->header.type) {
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
        if (intake->state == INTAKE_ACTIVE || (!is_empty && !intake->has_too_long_body))
            return INTAKE_MORE;
        intake->state = INTAKE_ACTIVE;
        return INTAKE_COMPLETE;
    default:
        return INTAKE_MORE;
    }
}

static bool is_of_request(const struct intake *intake)
{
    return intake->state != INTAKE_IDLE && intake->parts->header.request_id == intake->request_id;
}

static enum intake_event end_record(struct intake *intake)
{
    struct intake_parts *parts = intake->parts;
    enum intake_event event = INTAKE_MORE;

    parts->is_in_record = false;
    if (parts->header.request_id == 0)
        event = end_management_record(intake);
    else if (parts->header.type == RECORD_BEGIN_REQUEST)
        event = begin_request(intake);
    else if (is_of_request(intake))
        event = end_request_record(intake);
    buffer_fini(&parts->content);
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
    struct intake_parts *parts = intake->parts;
    struct span part = take(input, (size_t)RECORD_HEADER_LEN - parts->header_filled);
    memcpy(parts->header_bytes + parts->header_filled, part.data, part.len);
    parts->header_filled = (uint8_t)(parts->header_filled + part.len);
    if (parts->header_filled < RECORD_HEADER_LEN)
        return INTAKE_MORE;
    record_header_decode(parts->header_bytes, &parts->header);
    if (parts->header.version != RECORD_VERSION)
        return broken(intake, "a record of another version than 1");
    parts->header_filled = 0;
    parts->is_in_record = true;
    parts->content_left = parts->header.content_len;
    parts->padding_left = parts->header.padding_len;
    return INTAKE_MORE;
}

static enum intake_event read_content(struct intake *intake, struct span *input)
{
    struct intake_parts *parts = intake->parts;
    struct span part = take(input, parts->content_left);
    uint8_t type = parts->header.type;

    parts->content_left = (uint16_t)(parts->content_left - part.len);
    if (type == RECORD_BEGIN_REQUEST || type == RECORD_GET_VALUES) {
        buffer_add(&parts->content, part.data, part.len);
    } else if (is_of_request(intake) && type == RECORD_PARAMS && intake->state == INTAKE_IN_PARAMS) {
        if (part.len > parts->limits->params_bytes - parts->params.len)
            return broken(intake, "PARAMS larger than --max-request");
        buffer_add(&parts->params, part.data, part.len);
    } else if (is_of_request(intake) && type == RECORD_STDIN && intake->state == INTAKE_IN_STDIN) {
        parts->stdin_bytes += part.len;
        intake->has_too_long_body = parts->stdin_bytes > parts->limits->params_bytes;
    }
    return INTAKE_MORE;
}

static enum intake_event step(struct intake *intake, struct span *input)
{
    struct intake_parts *parts = intake->parts;
    if (!parts->is_in_record) {
        enum intake_event event = read_header(intake, input);
        if (event != INTAKE_MORE || !parts->is_in_record)
            return event;
    }
    if (parts->content_left > 0) {
        enum intake_event event = read_content(intake, input);
        if (event != INTAKE_MORE || parts->content_left > 0)
            return event;
    }
    parts->padding_left = (uint8_t)(parts->padding_left - take(input, parts->padding_left).len);
    return parts->padding_left == 0 ? end_record(intake) : INTAKE_MORE;
}

static struct intake_parts *parts_new(const struct intake_limits *limits)
{
    struct intake_parts *parts = alloc_zeroed(1, sizeof(*parts));
    parts->limits = limits;
    return parts;
}

static bool is_between_records(const struct intake *intake)
{
    const struct intake_parts *parts = intake->parts;
    return parts == NULL || (!parts->is_in_record && parts->header_filled == 0);
}

static bool is_collecting(const struct intake *intake)
{
    return intake->state == INTAKE_IN_PARAMS || intake->state == INTAKE_IN_STDIN || !is_between_records(intake);
}

enum intake_event intake_feed(struct intake *intake, const struct intake_limits *limits, struct span *input)
{
    enum intake_event event = INTAKE_MORE;

    if (input->len > 0 && intake->parts == NULL)
        intake->parts = parts_new(limits);
    while (event == INTAKE_MORE && input->len > 0)
        event = step(intake, input);
    if (event == INTAKE_MORE && !is_collecting(intake))
        intake_fini(intake);
    return event;
}

bool intake_is_between_requests(const struct intake *intake)
{
    return intake->state == INTAKE_IDLE && is_between_records(intake);
}
