/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/option_value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

struct unit {
    const char *name;
    int64_t factor;
};

/* Largest first: option_value_print takes the first that divides. */
static const struct unit size_units[] = {{"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}, {"", 1}, {NULL, 0}};
static const struct unit duration_units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000},
                                             {"s", 1000},     {"ms", 1},      {NULL, 0}};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(enum option_type type)
{
    if (type == OPTION_SIZE)
        return size_units;
    return type == OPTION_DURATION ? duration_units : no_units;
}

int option_value_parse(enum option_type type, const char *text, int64_t *value)
{
    char *end;
    /* strtoll would skip white space and take a sign. */
    if (!isdigit((unsigned char)text[0]))
        return -1;
    errno = 0;
    long long number = strtoll(text, &end, type == OPTION_MODE ? 8 : 10);
    if (errno != 0)
        return -1;
    if (number == 0 && *end == '\0') {
        *value = 0;
        return 0;
    }
    for (const struct unit *unit = units_of(type); unit->name != NULL; unit++)
        if (strcasecmp(end, unit->name) == 0 && number <= INT64_MAX / unit->factor) {
            *value = number * unit->factor;
            return 0;
        }
    return -1;
}

void option_value_print(enum option_type type, int64_t value, struct buffer *out)
{
    if (type == OPTION_MODE) {
        buffer_printf(out, "%04" PRIo64, (uint64_t)value);
        return;
    }
    const struct unit *unit = units_of(type);
    while (unit->factor > 1 && (value == 0 || value % unit->factor != 0))
        unit++;
    buffer_printf(out, "%" PRId64 "%s", value / unit->factor, value == 0 ? "" : unit->name);
}

const char *option_value_form(enum option_type type)
{
    switch (type) {
    case OPTION_SIZE:
        return "a size in bytes or with k, m or g";
    case OPTION_DURATION:
        return "a duration with its unit: ms, s, m, h or d";
    case OPTION_MODE:
        return "a file mode in octal";
    default:
        return "a whole number";
    }
}
