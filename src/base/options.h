/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Option engine: one table of `struct option_spec` drives command-line flags (--heartbeat 15s), environment variables
 * (PUSH_HEARTBEAT), configuration files (heartbeat = 15s) and the help text. Each value is checked where it is read;
 * later sources overrule earlier ones: defaults, file, environment, flags.
 *
 * Values are stored in a struct of the caller's at spec->offset, as the C type that enum option_type names. The table
 * ends with an entry without a name. The set owns the strings and lists in the caller's struct: options_fini frees.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buffer.h"

enum option_type {
    OPTION_STRING,   /* char *; NULL when there is neither value nor default */
    OPTION_FLAG,     /* bool; takes no value on the command line, yes or no elsewhere */
    OPTION_NUMBER,   /* int64_t */
    OPTION_MODE,     /* int64_t, written in octal */
    OPTION_SIZE,     /* int64_t, bytes: 64k, 1m, 2g */
    OPTION_DURATION, /* int64_t, milliseconds: 500ms, 15s, 10m, 1h, 1d */
    OPTION_CHOICE,   /* int64_t, index into spec->choices */
    OPTION_LIST,     /* struct option_list; repeated flags and commas add up, a later source replaces */
};

/* Where a value came from, in rising order of precedence. */
enum option_source { OPTION_FROM_DEFAULT, OPTION_FROM_FILE, OPTION_FROM_ENVIRONMENT, OPTION_FROM_COMMAND_LINE };

struct option_list {
    char **items;
    size_t count;
};

struct option_spec {
    const char *name; /* as on the command line, without the dashes */
    enum option_type type;
    enum option_source lowest; /* sources below this do not know the option */
    size_t offset;
    int64_t min, max;                        /* range of numeric types, inclusive */
    const char *const *choices;              /* OPTION_CHOICE: NULL-terminated */
    const char *fallback;                    /* default, as a user would write it; NULL: none */
    const char *value_name;                  /* in the help text */
    const char *help;                        /* one line, no full stop */
    const char *(*check)(const char *value); /* NULL, or says what is wrong with a string or list item (NULL: fine) */
};

struct options {
    const struct option_spec *specs;
    void *target;               /* the struct that receives the values */
    const char *env_prefix;     /* "PUSH_" */
    size_t count;               /* private */
    enum option_source *source; /* private: of each value */
};

/* Fills the target with the defaults. `specs` and `target` must outlive the set. */
void options_init(struct options *options, const struct option_spec *specs, void *target, const char *env_prefix);

/* Frees the set and all strings and lists in the target. */
void options_fini(struct options *options);

/*
 * The readers return 0, or -1 with one line in `error` that names the setting, its value and what is allowed.
 * options_read_command_line takes main's arguments and refuses operands. options_read_environment only warns of a name
 * with the prefix that is no setting: the environment is shared with other programs.
 */
int options_read_command_line(struct options *options, int argc, char **argv, struct buffer *error);
int options_read_environment(struct options *options, char **environment, struct buffer *error);
int options_read_file(struct options *options, const char *path, struct buffer *error);

/* Sets one value from text, as the readers do; `where` names the setting in an error ("--heartbeat"). */
int options_set(struct options *options, const char *name, const char *value, enum option_source source,
                const char *where, struct buffer *error);

/* The entry of that name, or NULL. */
const struct option_spec *options_find(const struct options *options, const char *name);

/* Prints the table, one or two lines an option. */
void options_print_help(const struct options *options, FILE *out);

/* Whether two values of OPTION_STRING are the same; NULL is one that is not set. */
bool option_strings_equal(const char *one, const char *other);

#endif
