/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/host_port.h"

enum { PORT_LIMIT = 65535 };

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Of these characters, and not empty. */
static bool consists_of(struct span text, struct span others)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_letter_or_digit(text.data[i]) && !span_has(others, text.data[i]))
            return false;
    return text.len > 0;
}

static bool parse_port(struct span text, struct host_port *parsed)
{
    parsed->port = text;
    parsed->number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        parsed->number = parsed->number * 10 + (text.data[i] - '0');
        if (parsed->number > PORT_LIMIT)
            return false;
    }
    return parsed->number > 0;
}

/* The host ends at `end`; behind it comes nothing, or a colon and a port. */
static bool parse_rest(const char *end, struct span text, struct host_port *parsed)
{
    struct span rest = span_between(end, text.data + text.len);

    parsed->port = (struct span){end, 0};
    parsed->number = 0;
    if (rest.len == 0)
        return true;
    return rest.data[0] == ':' && parse_port((struct span){rest.data + 1, rest.len - 1}, parsed);
}

bool host_port_parse(struct span text, struct host_port *parsed)
{
    if (text.len == 0)
        return false;
    if (text.data[0] != '[') {
        const char *colon = memchr(text.data, ':', text.len);
        const char *end = colon != NULL ? colon : text.data + text.len;
        parsed->host = span_between(text.data, end);
        return consists_of(parsed->host, span_of(".-_")) && parse_rest(end, text, parsed);
    }
    const char *bracket = memchr(text.data, ']', text.len);
    if (bracket == NULL)
        return false;
    parsed->host = span_between(text.data + 1, bracket);
    return consists_of(parsed->host, span_of(":.%-_")) && parse_rest(bracket + 1, text, parsed);
}
