/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/envelope.h"

#include <stdbool.h>
#include <string.h>

#include "base/json.h"

/* Each of the four once, and some repeated: of equal names the last counts, as in every common JSON parser. */
enum { MEMBER_LIMIT = 8 };

enum member { MEMBER_DATA, MEMBER_EVENT, MEMBER_ID, MEMBER_RETRY, MEMBER_COUNT };

static const char *const member_names[MEMBER_COUNT] = {"data", "event", "id", "retry"};

static struct span content(const struct buffer *buffer)
{
    return (struct span){.data = buffer->data, .len = buffer->len};
}

static bool is_string(struct span value)
{
    return value.data[0] == '"';
}

static struct span decode(struct buffer *buffer, struct span source)
{
    buffer_clear(buffer);
    json_add_decoded(buffer, source);
    return content(buffer);
}

static int member_by_name(struct span name_source)
{
    struct buffer name = {0};
    struct span text = decode(&name, name_source);
    int found = MEMBER_COUNT;
    for (int i = 0; i < MEMBER_COUNT; i++)
        if (span_equals(text, member_names[i]))
            found = i;
    buffer_fini(&name);
    return found;
}

/* Sorts the payload's members into `values`; false when it is not an envelope. */
static bool find_values(struct span payload, struct span values[MEMBER_COUNT])
{
    struct json_member members[MEMBER_LIMIT];
    int count = json_object_members(payload, members, MEMBER_LIMIT);

    for (int i = 0; i < count; i++) {
        int member = member_by_name(members[i].name);
        if (member == MEMBER_COUNT)
            return false;
        values[member] = members[i].value;
    }
    return count > 0 && values[MEMBER_DATA].len > 0;
}

static struct span read_data(struct envelope *envelope, struct span source)
{
    if (is_string(source))
        return decode(&envelope->decoded_data, source);
    buffer_clear(&envelope->decoded_data);
    json_add_compact(&envelope->decoded_data, source);
    return content(&envelope->decoded_data);
}

static bool event_is_valid(struct span event)
{
    return event.len >= 1 && event.len <= ENVELOPE_EVENT_LIMIT && !span_has(event, '\r') && !span_has(event, '\n') &&
           !span_has(event, '\0') && !span_equals(event, "gap") && !span_equals(event, "heartbeat");
}

static bool id_is_valid(struct span id)
{
    /* The bytes that make Last-Event-ID unsafe, and so cause a preflight (Fetch §2.2.2), and our own separator. */
    static const char unsafe[] = "\"():<>?@[\\]{}~";
    if (id.len < 1 || id.len > ENVELOPE_ID_LIMIT)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (id.data[i] <= ' ' || id.data[i] > '~' || strchr(unsafe, id.data[i]) != NULL)
            return false;
    return true;
}

static bool is_integer(struct span source)
{
    size_t sign = source.data[0] == '-' ? 1 : 0;
    for (size_t i = sign; i < source.len; i++)
        if (source.data[i] < '0' || source.data[i] > '9')
            return false;
    return source.len > sign;
}

static struct span read_event(struct envelope *envelope, struct span source)
{
    return is_string(source) ? decode(&envelope->decoded_event, source) : (struct span){0};
}

static struct span read_id(struct envelope *envelope, struct span source)
{
    if (is_integer(source))
        return source;
    return is_string(source) ? decode(&envelope->decoded_id, source) : (struct span){0};
}

/* Milliseconds, or 0 when the source is no integer in range. */
static int64_t read_retry(struct span source)
{
    int64_t retry_ms = 0;
    if (!is_integer(source) || source.data[0] == '-')
        return 0;
    for (size_t i = 0; i < source.len && retry_ms <= ENVELOPE_RETRY_LIMIT_MS; i++)
        retry_ms = retry_ms * 10 + (source.data[i] - '0');
    return retry_ms <= ENVELOPE_RETRY_LIMIT_MS ? retry_ms : 0;
}

static void set_event(struct envelope *envelope, struct span event)
{
    if (event_is_valid(event))
        envelope->event = event;
    else
        envelope->dropped++;
}

static void set_id(struct envelope *envelope, struct span id)
{
    if (id_is_valid(id))
        envelope->id = id;
    else
        envelope->dropped++;
}

static void set_retry(struct envelope *envelope, struct span source)
{
    envelope->retry_ms = read_retry(source);
    if (envelope->retry_ms == 0)
        envelope->dropped++;
}

static void read_members(struct envelope *envelope, const struct span values[MEMBER_COUNT])
{
    envelope->data = read_data(envelope, values[MEMBER_DATA]);
    if (values[MEMBER_EVENT].len > 0)
        set_event(envelope, read_event(envelope, values[MEMBER_EVENT]));
    if (values[MEMBER_ID].len > 0)
        set_id(envelope, read_id(envelope, values[MEMBER_ID]));
    if (values[MEMBER_RETRY].len > 0)
        set_retry(envelope, values[MEMBER_RETRY]);
}

static void forget(struct envelope *envelope)
{
    envelope->event = (struct span){0};
    envelope->id = (struct span){0};
    envelope->retry_ms = 0;
    envelope->dropped = 0;
}

void envelope_parse(struct envelope *envelope, struct span payload)
{
    struct span values[MEMBER_COUNT] = {{0}};

    forget(envelope);
    if (find_values(payload, values))
        read_members(envelope, values);
    else
        envelope->data = payload;
}

void envelope_set(struct envelope *envelope, const struct envelope_fields *fields)
{
    forget(envelope);
    envelope->data = fields->data;
    if (fields->event.len > 0)
        set_event(envelope, fields->event);
    if (fields->id.len > 0)
        set_id(envelope, fields->id);
    if (fields->retry.len > 0)
        set_retry(envelope, fields->retry);
}

void envelope_fini(struct envelope *envelope)
{
    buffer_fini(&envelope->decoded_data);
    buffer_fini(&envelope->decoded_event);
    buffer_fini(&envelope->decoded_id);
}
