/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/option_value.h"

enum { GETOPT_BASE = 256, HELP_COLUMN = 30 };

static void *value_of(const struct options *options, const struct option_spec *spec)
{
    return (char *)options->target + spec->offset;
}

static const struct option_spec *find(const struct options *options, const char *name)
{
    for (const struct option_spec *spec = options->specs; spec->name != NULL; spec++)
        if (strcmp(spec->name, name) == 0)
            return spec;
    return NULL;
}

static void list_clear(struct option_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct option_list){0};
}

/* --- one value ------------------------------------------------------------------------------------------------ */

static int set_string(char **target, const struct option_spec *spec, const char *value, struct buffer *error)
{
    const char *problem = spec->check != NULL ? spec->check(value) : NULL;
    if (problem != NULL) {
        buffer_printf(error, "'%s' %s", value, problem);
        return -1;
    }
    free(*target);
    *target = alloc_string(value);
    return 0;
}

static int add_to_list(struct option_list *list, const struct option_spec *spec, const char *value,
                       struct buffer *error)
{
    static const char separators[] = ", \t";
    for (const char *at = value + strspn(value, separators); *at != '\0'; at += strspn(at, separators)) {
        size_t len = strcspn(at, separators);
        list->items = alloc_resize(list->items, list->count + 1, sizeof(*list->items));
        list->items[list->count++] = alloc_string_n(at, len);
        const char *item = list->items[list->count - 1];
        const char *problem = spec->check != NULL ? spec->check(item) : NULL;
        if (problem != NULL) {
            buffer_printf(error, "'%s' %s", item, problem);
            return -1;
        }
        at += len;
    }
    return 0;
}

static int set_flag(bool *target, const char *value, struct buffer *error)
{
    if (strcasecmp(value, "yes") != 0 && strcasecmp(value, "no") != 0) {
        buffer_printf(error, "'%s' must be yes or no", value);
        return -1;
    }
    *target = strcasecmp(value, "yes") == 0;
    return 0;
}

static int set_choice(int64_t *target, const struct option_spec *spec, const char *value, struct buffer *error)
{
    for (size_t i = 0; spec->choices[i] != NULL; i++)
        if (strcmp(spec->choices[i], value) == 0) {
            *target = (int64_t)i;
            return 0;
        }
    buffer_printf(error, "'%s' is not known; allowed:", value);
    for (size_t i = 0; spec->choices[i] != NULL; i++)
        buffer_printf(error, "%s %s", i > 0 ? "," : "", spec->choices[i]);
    return -1;
}

static void print_range(const struct option_spec *spec, struct buffer *out)
{
    option_value_print(spec->type, spec->min, out);
    buffer_add_string(out, " to ");
    option_value_print(spec->type, spec->max, out);
}

static int set_number(int64_t *target, const struct option_spec *spec, const char *value, struct buffer *error)
{
    int64_t number;
    bool is_number = option_value_parse(spec->type, value, &number) == 0;
    if (is_number && number >= spec->min && number <= spec->max) {
        *target = number;
        return 0;
    }
    if (is_number)
        buffer_printf(error, "'%s' is out of range; allowed: ", value);
    else
        buffer_printf(error, "'%s' is not %s; allowed: ", value, option_value_form(spec->type));
    print_range(spec, error);
    return -1;
}

static int set_value(struct options *options, const struct option_spec *spec, const char *value,
                     enum option_source source, struct buffer *error)
{
    enum option_source *current = &options->source[spec - options->specs];
    void *target = value_of(options, spec);

    if (source < *current)
        return 0;
    bool is_replacing = source > *current;
    *current = source;
    switch (spec->type) {
    case OPTION_STRING:
        return set_string(target, spec, value, error);
    case OPTION_LIST:
        if (is_replacing)
            list_clear(target);
        return add_to_list(target, spec, value, error);
    case OPTION_FLAG:
        return set_flag(target, value, error);
    case OPTION_CHOICE:
        return set_choice(target, spec, value, error);
    default:
        return set_number(target, spec, value, error);
    }
}

int options_set(struct options *options, const char *name, const char *value, enum option_source source,
                const char *where, struct buffer *error)
{
    struct buffer problem = {0};
    const struct option_spec *spec = find(options, name);
    int result = 0;

    if (spec == NULL || (spec->is_command_line_only && source != OPTION_FROM_COMMAND_LINE)) {
        buffer_printf(error, "%s: there is no such setting; --help lists them", where);
        result = -1;
    } else if (set_value(options, spec, value, source, &problem) < 0) {
        buffer_printf(error, "%s: %s", where, problem.data);
        result = -1;
    }
    buffer_fini(&problem);
    return result;
}

/* --- the set -------------------------------------------------------------------------------------------------- */

void options_init(struct options *options, const struct option_spec *specs, void *target, const char *env_prefix)
{
    *options = (struct options){.specs = specs, .target = target, .env_prefix = env_prefix};
    while (specs[options->count].name != NULL)
        options->count++;
    options->source = alloc_zeroed(options->count, sizeof(*options->source));
    for (const struct option_spec *spec = specs; spec->name != NULL; spec++) {
        struct buffer error = {0};
        int result = 0;
        if (spec->fallback != NULL)
            result = set_value(options, spec, spec->fallback, OPTION_FROM_DEFAULT, &error);
        assert(result == 0);
        buffer_fini(&error);
    }
}

void options_fini(struct options *options)
{
    for (const struct option_spec *spec = options->specs; spec->name != NULL; spec++) {
        if (spec->type == OPTION_STRING)
            free(*(char **)value_of(options, spec));
        if (spec->type == OPTION_LIST)
            list_clear(value_of(options, spec));
    }
    free(options->source);
    options->source = NULL;
}

/* --- sources -------------------------------------------------------------------------------------------------- */

static struct option *make_getopt_table(const struct options *options)
{
    struct option *table = alloc_zeroed(options->count + 1, sizeof(*table));
    for (size_t i = 0; i < options->count; i++) {
        table[i].name = options->specs[i].name;
        table[i].has_arg = options->specs[i].type == OPTION_FLAG ? no_argument : required_argument;
        table[i].val = GETOPT_BASE + (int)i;
    }
    return table;
}

static int read_flags(struct options *options, int argc, char **argv, const struct option *table,
                      struct buffer *error)
{
    int found;
    optind = 0; /* glibc: start anew, also when getopt was used before */
    opterr = 0;
    /* The leading ':' tells a missing value from an unknown flag, '+' stops at the first operand. */
    while ((found = getopt_long(argc, argv, "+:", table, NULL)) != -1) {
        if (found == '?' || found == ':') {
            const char *given = argv[optind - 1];
            buffer_printf(error, found == ':' ? "%s: needs a value" : "%s: there is no such option; --help lists them",
                          given);
            return -1;
        }
        const struct option_spec *spec = &options->specs[found - GETOPT_BASE];
        struct buffer where = {0};
        buffer_printf(&where, "--%s", spec->name);
        int result = options_set(options, spec->name, spec->type == OPTION_FLAG ? "yes" : optarg,
                                 OPTION_FROM_COMMAND_LINE, where.data, error);
        buffer_fini(&where);
        if (result < 0)
            return -1;
    }
    if (optind < argc) {
        buffer_printf(error, "%s: only options are expected; --help lists them", argv[optind]);
        return -1;
    }
    return 0;
}

int options_read_command_line(struct options *options, int argc, char **argv, struct buffer *error)
{
    struct option *table = make_getopt_table(options);
    int result = read_flags(options, argc, argv, table, error);
    free(table);
    return result;
}

/* PUSH_HISTORY_LENGTH to history-length. */
static char *name_from_variable(const char *variable, size_t len)
{
    char *name = alloc_string_n(variable, len);
    for (char *c = name; *c != '\0'; c++)
        *c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
    return name;
}

int options_read_environment(struct options *options, char **environment, struct buffer *error)
{
    size_t prefix_len = strlen(options->env_prefix);
    int result = 0;

    for (char **entry = environment; *entry != NULL && result == 0; entry++) {
        const char *equals = strchr(*entry, '=');
        if (equals == NULL || strncmp(*entry, options->env_prefix, prefix_len) != 0)
            continue;
        char *where = alloc_string_n(*entry, (size_t)(equals - *entry));
        char *name = name_from_variable(*entry + prefix_len, strlen(where) - prefix_len);
        const struct option_spec *spec = find(options, name);
        /* The environment is shared with other programs: a foreign name that begins alike must not end the start. */
        if (spec == NULL || spec->is_command_line_only)
            log_warning("environment variable %s is not a setting of this program; --help lists them", where);
        else
            result = options_set(options, name, equals + 1, OPTION_FROM_ENVIRONMENT, where, error);
        free(name);
        free(where);
    }
    return result;
}

static char *trim(char *text)
{
    text += strspn(text, " \t\r\n");
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        text[--len] = '\0';
    return text;
}

static int read_line(struct options *options, char *line, const char *path, unsigned number, struct buffer *error)
{
    char *text = trim(line);
    if (*text == '\0' || *text == '#')
        return 0;
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        buffer_printf(error, "%s:%u: '%s' is not of the form 'name = value'", path, number, text);
        return -1;
    }
    *equals = '\0';
    char *name = trim(text);
    struct buffer where = {0};
    buffer_printf(&where, "%s:%u: %s", path, number, name);
    int result = options_set(options, name, trim(equals + 1), OPTION_FROM_FILE, where.data, error);
    buffer_fini(&where);
    return result;
}

int options_read_file(struct options *options, const char *path, struct buffer *error)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    unsigned number = 0;
    int result = 0;

    if (file == NULL) {
        buffer_printf(error, "configuration file %s: %s", path, strerror(errno));
        return -1;
    }
    errno = 0;
    while (result == 0 && getline(&line, &size, file) >= 0)
        result = read_line(options, line, path, ++number, error);
    if (result == 0 && ferror(file)) {
        buffer_printf(error, "configuration file %s: %s", path, strerror(errno));
        result = -1;
    }
    free(line);
    fclose(file);
    return result;
}

/* --- help ----------------------------------------------------------------------------------------------------- */

static void describe_limits(const struct option_spec *spec, struct buffer *out)
{
    switch (spec->type) {
    case OPTION_NUMBER:
    case OPTION_SIZE:
    case OPTION_DURATION:
        buffer_add_string(out, "; ");
        print_range(spec, out);
        break;
    case OPTION_LIST:
        buffer_add_string(out, "; repeatable");
        break;
    default:
        break;
    }
    if (spec->fallback != NULL)
        buffer_printf(out, " (default %s)", spec->fallback);
}

void options_print_help(const struct options *options, FILE *out)
{
    for (const struct option_spec *spec = options->specs; spec->name != NULL; spec++) {
        struct buffer text = {0};
        buffer_printf(&text, "  --%s", spec->name);
        if (spec->value_name != NULL)
            buffer_printf(&text, " %s", spec->value_name);
        if (text.len >= HELP_COLUMN)
            buffer_printf(&text, "\n%*s", HELP_COLUMN, "");
        else
            buffer_printf(&text, "%*s", (int)(HELP_COLUMN - text.len), "");
        buffer_add_string(&text, spec->help);
        describe_limits(spec, &text);
        fprintf(out, "%s\n", text.data);
        buffer_fini(&text);
    }
}
