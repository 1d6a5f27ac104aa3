/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/options.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/option_value.h"

enum { HELP_COLUMN = 30, HELP_WIDTH = 100 };

static void *value_of(const struct options *options, const struct option_spec *spec)
{
    return (char *)options->target + spec->offset;
}

const struct option_spec *options_find(const struct options *options, const char *name)
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

static int store_value(const struct option_spec *spec, void *target, const char *value, struct buffer *error)
{
    switch (spec->type) {
    case OPTION_STRING:
        return set_string(target, spec, value, error);
    case OPTION_LIST:
        return add_to_list(target, spec, value, error);
    case OPTION_FLAG:
        return set_flag(target, value, error);
    case OPTION_CHOICE:
        return set_choice(target, spec, value, error);
    default:
        return set_number(target, spec, value, error);
    }
}

static void free_value(const struct option_spec *spec, void *target)
{
    if (spec->type == OPTION_STRING)
        free(*(char **)target);
    if (spec->type == OPTION_LIST)
        list_clear(target);
}

/* For a value that a stronger source overrules: it must be right all the same. */
static int check_value(const struct option_spec *spec, const char *value, struct buffer *error)
{
    union {
        char *string;
        bool flag;
        int64_t number;
        struct option_list list;
    } unused = {.list = {0}};
    int result = store_value(spec, &unused, value, error);
    free_value(spec, &unused);
    return result;
}

static int set_value(struct options *options, const struct option_spec *spec, const char *value,
                     enum option_source source, struct buffer *error)
{
    enum option_source *current = &options->source[spec - options->specs];
    void *target = value_of(options, spec);

    if (source < *current)
        return check_value(spec, value, error);
    if (source > *current && spec->type == OPTION_LIST)
        list_clear(target);
    *current = source;
    return store_value(spec, target, value, error);
}

int options_set(struct options *options, const char *name, const char *value, enum option_source source,
                const char *where, struct buffer *error)
{
    struct buffer problem = {0};
    const struct option_spec *spec = options_find(options, name);
    int result = 0;

    if (spec == NULL || source < spec->lowest) {
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
    for (const struct option_spec *spec = options->specs; spec->name != NULL; spec++)
        free_value(spec, value_of(options, spec));
    free(options->source);
    options->source = NULL;
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

/* Prints words in the help column, from wherever the line stands, and breaks lines before HELP_WIDTH. */
static void print_wrapped(const char *text, size_t column, FILE *out)
{
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (column > HELP_COLUMN && column + 1 + len > HELP_WIDTH) {
            fprintf(out, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        } else if (column > HELP_COLUMN) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", (int)len, text);
        column += len;
        text += len;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void print_option(const struct option_spec *spec, FILE *out)
{
    struct buffer text = {0};
    int used = fprintf(out, "  --%s%s%s", spec->name, spec->value_name != NULL ? " " : "",
                       spec->value_name != NULL ? spec->value_name : "");

    if (used < HELP_COLUMN)
        fprintf(out, "%*s", HELP_COLUMN - used, "");
    else
        fprintf(out, "\n%*s", HELP_COLUMN, "");
    buffer_add_string(&text, spec->help);
    describe_limits(spec, &text);
    print_wrapped(text.data, HELP_COLUMN, out);
    buffer_fini(&text);
}

void options_print_help(const struct options *options, FILE *out)
{
    for (const struct option_spec *spec = options->specs; spec->name != NULL; spec++)
        print_option(spec, out);
}

bool option_strings_equal(const char *one, const char *other)
{
    return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}
