/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/options.h"

/* Above all characters, so that no flag is taken for a short option. */
enum { GETOPT_BASE = 256 };

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

/* What getopt_long stumbled over: optopt then names a flag that was given a value which it does not take. */
static int refuse_flag(int found, const char *given, struct buffer *error)
{
    const char *problem = "there is no such option; --help lists them";
    if (found == ':')
        problem = "needs a value";
    else if (optopt >= GETOPT_BASE)
        problem = "takes no value";
    buffer_printf(error, "%s: %s", given, problem);
    return -1;
}

static int set_flag_found(struct options *options, const struct option_spec *spec, struct buffer *error)
{
    struct buffer where = {0};
    buffer_printf(&where, "--%s", spec->name);
    int result = options_set(options, spec->name, spec->type == OPTION_FLAG ? "yes" : optarg, OPTION_FROM_COMMAND_LINE,
                             where.data, error);
    buffer_fini(&where);
    return result;
}

static int read_flags(struct options *options, int argc, char **argv, const struct option *table, struct buffer *error)
{
    int found;
    int at = 1;

    optind = 0; /* glibc: start anew, also when getopt was used before */
    opterr = 0;
    /* The leading ':' tells a missing value from an unknown flag, '+' stops at the first operand. */
    while ((found = getopt_long(argc, argv, "+:", table, NULL)) != -1) {
        if (found == '?' || found == ':')
            return refuse_flag(found, argv[at], error);
        if (set_flag_found(options, &options->specs[found - GETOPT_BASE], error) < 0)
            return -1;
        at = optind;
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
        const struct option_spec *spec = options_find(options, name);
        /* The environment is shared with other programs: a foreign name that begins alike must not end the start. */
        if (spec == NULL || OPTION_FROM_ENVIRONMENT < spec->lowest)
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
