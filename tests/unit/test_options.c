/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <stdbool.h>
#include <unistd.h>

#include "base/log.h"
#include "base/options.h"

struct target {
    char *name;
    char *path;
    bool is_loud, is_help;
    int64_t count;
    int64_t mode;
    int64_t size;
    int64_t wait_ms;
    int64_t colour;
    struct option_list hosts;
    struct option_list tags;
};

enum colour { RED, GREEN, BLUE };

static const char *const colours[] = {"red", "green", "blue", NULL};

static const char *check_name(const char *name)
{
    return strcmp(name, "wrong") == 0 ? "is no name: use another" : NULL;
}

#define AT(member) .offset = offsetof(struct target, member)

static const struct option_spec specs[] = {
    {"name", OPTION_STRING, AT(name), .fallback = "nobody", .value_name = "TEXT", .check = check_name,
     .help = "a name"},
    {"path", OPTION_STRING, AT(path), .value_name = "FILE", .help = "a path"},
    {"loud", OPTION_FLAG, AT(is_loud), .help = "speak up"},
    {"help", OPTION_FLAG, OPTION_FROM_COMMAND_LINE, AT(is_help), .help = "print this"},
    {"max-count", OPTION_NUMBER, AT(count), .min = 1, .max = 255, .fallback = "64", .value_name = "COUNT",
     .help = "how many"},
    {"mode", OPTION_MODE, AT(mode), .min = 0400, .max = 0777, .fallback = "0660", .value_name = "MODE",
     .help = "access mode"},
    {"size", OPTION_SIZE, AT(size), .min = 1024, .max = 64 << 20, .fallback = "1m", .value_name = "SIZE",
     .help = "how large"},
    {"wait-time", OPTION_DURATION, AT(wait_ms), .min = 1000, .max = 3600000, .fallback = "15s", .value_name = "TIME",
     .help = "how long"},
    {"colour", OPTION_CHOICE, AT(colour), .choices = colours, .fallback = "green", .value_name = "NAME",
     .help = "which colour"},
    {"hosts", OPTION_LIST, AT(hosts), .fallback = "one,two", .value_name = "LIST", .check = check_name,
     .help = "which hosts"},
    {"a-list-with-a-long-name", OPTION_LIST, AT(tags), .value_name = "LIST", .help = "which tags"},
    {0},
};

struct fixture {
    struct target target;
    struct options options;
    struct buffer error;
    char directory[UNIT_DIRECTORY_SIZE];
    char file[UNIT_FILE_SIZE];
};

static int make(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    options_init(&f->options, specs, &f->target, "UNIT_");
    if (unit_make_directory(f->directory) < 0)
        return -1;
    snprintf(f->file, sizeof(f->file), "%s/options.conf", f->directory);
    *state = f;
    return 0;
}

static int drop(void **state)
{
    struct fixture *f = *state;
    options_fini(&f->options);
    buffer_fini(&f->error);
    unlink(f->file);
    rmdir(f->directory);
    test_free(f);
    return 0;
}

static int read_flags(struct fixture *f, const char *one, const char *two)
{
    char *argv[] = {(char *)"unit", (char *)one, (char *)two, NULL};
    buffer_clear(&f->error);
    return options_read_command_line(&f->options, one == NULL ? 1 : two == NULL ? 2 : 3, argv, &f->error);
}

static int read_environment(struct fixture *f, const char *entry)
{
    char *environment[] = {(char *)"HOME=/", (char *)entry, (char *)"PATH=/bin", NULL};
    buffer_clear(&f->error);
    return options_read_environment(&f->options, environment, &f->error);
}

static int read_text(struct fixture *f, struct span text)
{
    FILE *file = fopen(f->file, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
    fclose(file);
    buffer_clear(&f->error);
    return options_read_file(&f->options, f->file, &f->error);
}

static int read_lines(struct fixture *f, const char *text)
{
    return read_text(f, span_of(text));
}

static void assert_list(const struct option_list *list, const char *joined)
{
    struct buffer out = {0};
    for (size_t i = 0; i < list->count; i++)
        buffer_printf(&out, "%s|", list->items[i]);
    assert_buffer_equal(&out, joined);
    buffer_fini(&out);
}

/* Where the line begins with the path of the file, what follows it. */
static const char *behind_path(const struct fixture *f)
{
    assert_non_null(f->error.data);
    size_t len = strlen(f->file);
    assert_true(f->error.len > len && memcmp(f->error.data, f->file, len) == 0);
    return f->error.data + len;
}

/* --- defaults ----------------------------------------------------------------------------------------------------- */

static void without_any_source_the_defaults_count(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(f->target.name, "nobody");
    assert_null(f->target.path);
    assert_false(f->target.is_loud);
    assert_int_equal(f->target.count, 64);
    assert_int_equal(f->target.mode, 0660);
    assert_int_equal(f->target.size, 1 << 20);
    assert_int_equal(f->target.wait_ms, 15000);
    assert_int_equal(f->target.colour, GREEN);
    assert_list(&f->target.hosts, "one|two|");
    assert_int_equal(f->target.tags.count, 0);
}

static void finishing_frees_all_strings_and_lists(void **state)
{
    (void)state;
    struct target target = {0};
    struct options options;
    struct buffer error = {0};
    options_init(&options, specs, &target, "UNIT_");
    assert_int_equal(options_set(&options, "path", "a", OPTION_FROM_FILE, "path", &error), 0);
    assert_int_equal(options_set(&options, "path", "b", OPTION_FROM_FILE, "path", &error), 0);
    assert_int_equal(options_set(&options, "a-list-with-a-long-name", "a,b", OPTION_FROM_FILE, "tags", &error), 0);
    options_fini(&options); /* the leak sanitizer watches */
    buffer_fini(&error);
}

/* --- every type from every source --------------------------------------------------------------------------------- */

static void every_type_is_read_from_the_command_line(void **state)
{
    struct fixture *f = *state;
    char *argv[] = {(char *)"unit",
                    (char *)"--name",
                    (char *)"me",
                    (char *)"--path=/a=b",
                    (char *)"--loud",
                    (char *)"--max-count",
                    (char *)"255",
                    (char *)"--mode=0600",
                    (char *)"--size",
                    (char *)"64k",
                    (char *)"--wait-time=1h",
                    (char *)"--colour",
                    (char *)"blue",
                    (char *)"--hosts",
                    (char *)"x, y",
                    (char *)"--a-list-with-a-long-name=t",
                    NULL};
    assert_int_equal(options_read_command_line(&f->options, (int)COUNT_OF(argv) - 1, argv, &f->error), 0);
    assert_int_equal(f->error.len, 0);
    assert_string_equal(f->target.name, "me");
    assert_string_equal(f->target.path, "/a=b");
    assert_true(f->target.is_loud);
    assert_int_equal(f->target.count, 255);
    assert_int_equal(f->target.mode, 0600);
    assert_int_equal(f->target.size, 65536);
    assert_int_equal(f->target.wait_ms, 3600000);
    assert_int_equal(f->target.colour, BLUE);
    assert_list(&f->target.hosts, "x|y|");
    assert_list(&f->target.tags, "t|");
}

static void every_type_is_read_from_the_environment(void **state)
{
    struct fixture *f = *state;
    char *environment[] = {(char *)"UNIT_NAME=me",
                           (char *)"UNIT_PATH=/a=b",
                           (char *)"UNIT_LOUD=yes",
                           (char *)"UNIT_MAX_COUNT=1",
                           (char *)"UNIT_MODE=0400",
                           (char *)"UNIT_SIZE=1k",
                           (char *)"UNIT_WAIT_TIME=1000ms",
                           (char *)"UNIT_COLOUR=red",
                           (char *)"UNIT_HOSTS=x y",
                           (char *)"UNIT_A_LIST_WITH_A_LONG_NAME=t",
                           (char *)"OTHER_NAME=x",
                           (char *)"NAME=x",
                           NULL};
    assert_int_equal(options_read_environment(&f->options, environment, &f->error), 0);
    assert_int_equal(f->error.len, 0);
    assert_string_equal(f->target.name, "me");
    assert_string_equal(f->target.path, "/a=b");
    assert_true(f->target.is_loud);
    assert_int_equal(f->target.count, 1);
    assert_int_equal(f->target.mode, 0400);
    assert_int_equal(f->target.size, 1024);
    assert_int_equal(f->target.wait_ms, 1000);
    assert_int_equal(f->target.colour, RED);
    assert_list(&f->target.hosts, "x|y|");
    assert_list(&f->target.tags, "t|");
}

static void every_type_is_read_from_a_file(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_lines(f, "name = me\n"
                                   "path = /a=b\n"
                                   "loud = yes\n"
                                   "max-count = 2\n"
                                   "mode = 0777\n"
                                   "size = 64m\n"
                                   "wait-time = 2m\n"
                                   "colour = blue\n"
                                   "hosts = x,y z\n"
                                   "a-list-with-a-long-name = t\n"),
                     0);
    assert_int_equal(f->error.len, 0);
    assert_string_equal(f->target.name, "me");
    assert_string_equal(f->target.path, "/a=b");
    assert_true(f->target.is_loud);
    assert_int_equal(f->target.count, 2);
    assert_int_equal(f->target.mode, 0777);
    assert_int_equal(f->target.size, 64 << 20);
    assert_int_equal(f->target.wait_ms, 120000);
    assert_int_equal(f->target.colour, BLUE);
    assert_list(&f->target.hosts, "x|y|z|");
    assert_list(&f->target.tags, "t|");
}

static void a_flag_says_yes_or_no_outside_the_command_line(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_lines(f, "loud = YES\n"), 0);
    assert_true(f->target.is_loud);
    assert_int_equal(read_environment(f, "UNIT_LOUD=no"), 0);
    assert_false(f->target.is_loud);
    assert_int_equal(read_flags(f, "--loud", NULL), 0);
    assert_true(f->target.is_loud);
}

/* --- precedence --------------------------------------------------------------------------------------------------- */

static void later_sources_overrule_earlier_ones_in_whatever_order_they_are_read(void **state)
{
    static const enum option_source orders[][3] = {
        {OPTION_FROM_FILE, OPTION_FROM_ENVIRONMENT, OPTION_FROM_COMMAND_LINE},
        {OPTION_FROM_FILE, OPTION_FROM_COMMAND_LINE, OPTION_FROM_ENVIRONMENT},
        {OPTION_FROM_ENVIRONMENT, OPTION_FROM_FILE, OPTION_FROM_COMMAND_LINE},
        {OPTION_FROM_ENVIRONMENT, OPTION_FROM_COMMAND_LINE, OPTION_FROM_FILE},
        {OPTION_FROM_COMMAND_LINE, OPTION_FROM_FILE, OPTION_FROM_ENVIRONMENT},
        {OPTION_FROM_COMMAND_LINE, OPTION_FROM_ENVIRONMENT, OPTION_FROM_FILE},
    };
    static const char *const names[] = {"default", "file", "environment", "flag"};
    static const char *const counts[] = {"1", "2", "3", "4"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        struct target target = {0};
        struct options options;
        struct buffer error = {0};
        enum option_source highest = OPTION_FROM_DEFAULT;
        options_init(&options, specs, &target, "UNIT_");
        for (size_t j = 0; j < 3; j++) {
            enum option_source source = orders[i][j];
            highest = source > highest ? source : highest;
            assert_int_equal(options_set(&options, "name", names[source], source, "name", &error), 0);
            assert_int_equal(options_set(&options, "max-count", counts[source], source, "max-count", &error), 0);
            assert_int_equal(options_set(&options, "hosts", names[source], source, "hosts", &error), 0);
            assert_string_equal(target.name, names[highest]);
            assert_int_equal(target.count, highest + 1);
            assert_int_equal(target.hosts.count, 1);
            assert_string_equal(target.hosts.items[0], names[highest]);
        }
        options_fini(&options);
        buffer_fini(&error);
    }
}

static void the_last_of_one_source_counts(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_flags(f, "--max-count=5", "--max-count=6"), 0);
    assert_int_equal(f->target.count, 6);
    assert_int_equal(read_flags(f, "--name=a", "--name=b"), 0);
    assert_string_equal(f->target.name, "b");
}

static void a_list_adds_up_within_a_source_and_replaces_the_one_before(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_lines(f, "hosts = a\nhosts = b, c\n"), 0);
    assert_list(&f->target.hosts, "a|b|c|");
    assert_int_equal(read_environment(f, "UNIT_HOSTS=d,e"), 0);
    assert_list(&f->target.hosts, "d|e|");
    assert_int_equal(read_flags(f, "--hosts=f,g", "--hosts=h"), 0);
    assert_list(&f->target.hosts, "f|g|h|");
    assert_int_equal(read_environment(f, "UNIT_HOSTS=i"), 0);
    assert_list(&f->target.hosts, "f|g|h|");
}

static void a_list_is_split_at_commas_and_blanks_and_has_no_empty_items(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_environment(f, "UNIT_HOSTS= ,a,,b ,\tc  d,"), 0);
    assert_list(&f->target.hosts, "a|b|c|d|");
}

static void an_empty_list_replaces_the_default(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_environment(f, "UNIT_HOSTS="), 0);
    assert_int_equal(f->target.hosts.count, 0);
}

/* --- what is wrong ------------------------------------------------------------------------------------------------ */

/* Each error names the value and what is allowed; the setting's name stands in front of it. */
static const struct {
    const char *name, *value, *problem;
} bad_values[] = {
    {"name", "wrong", "'wrong' is no name: use another"},
    {"max-count", "0", "'0' is out of range; allowed: 1 to 255"},
    {"max-count", "256", "'256' is out of range; allowed: 1 to 255"},
    {"max-count", "-1", "'-1' is not a whole number; allowed: 1 to 255"},
    {"max-count", "many", "'many' is not a whole number; allowed: 1 to 255"},
    {"max-count", "", "'' is not a whole number; allowed: 1 to 255"},
    {"mode", "01000", "'01000' is out of range; allowed: 0400 to 0777"},
    {"mode", "0377", "'0377' is out of range; allowed: 0400 to 0777"},
    {"mode", "rw", "'rw' is not a file mode in octal; allowed: 0400 to 0777"},
    {"size", "1023", "'1023' is out of range; allowed: 1k to 64m"},
    {"size", "67108865", "'67108865' is out of range; allowed: 1k to 64m"},
    {"size", "64q", "'64q' is not a size in bytes or with k, m or g; allowed: 1k to 64m"},
    {"wait-time", "999ms", "'999ms' is out of range; allowed: 1s to 1h"},
    {"wait-time", "3600001ms", "'3600001ms' is out of range; allowed: 1s to 1h"},
    {"wait-time", "15", "'15' is not a duration with its unit: ms, s, m, h or d; allowed: 1s to 1h"},
    {"wait-time", "0", "'0' is out of range; allowed: 1s to 1h"},
    {"colour", "pink", "'pink' is not known; allowed: red, green, blue"},
    {"colour", "Red", "'Red' is not known; allowed: red, green, blue"},
    {"colour", "", "'' is not known; allowed: red, green, blue"},
    {"hosts", "a,wrong,b", "'wrong' is no name: use another"},
};

static void a_wrong_value_is_refused_with_its_name_itself_and_what_is_allowed(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(bad_values); i++) {
        struct buffer given = {0}, expected = {0};
        buffer_printf(&given, "--%s=%s", bad_values[i].name, bad_values[i].value);
        buffer_printf(&expected, "--%s: %s", bad_values[i].name, bad_values[i].problem);
        assert_int_equal(read_flags(f, given.data, NULL), -1);
        assert_string_equal(f->error.data, expected.data);
        buffer_fini(&given);
        buffer_fini(&expected);
    }
}

static void a_wrong_value_in_the_environment_is_named_by_its_variable(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_environment(f, "UNIT_WAIT_TIME=soon"), -1);
    assert_string_equal(f->error.data, "UNIT_WAIT_TIME: 'soon' is not a duration with its unit: ms, s, m, h or d; "
                                       "allowed: 1s to 1h");
    assert_int_equal(read_environment(f, "UNIT_LOUD=1"), -1);
    assert_string_equal(f->error.data, "UNIT_LOUD: '1' must be yes or no");
}

static void a_wrong_value_in_a_file_is_named_by_file_line_and_name(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_lines(f, "# first\n\nname = me\nmax-count = 256\nmode = rw\n"), -1);
    assert_string_equal(behind_path(f), ":4: max-count: '256' is out of range; allowed: 1 to 255");
    assert_int_equal(read_lines(f, "loud = maybe"), -1);
    assert_string_equal(behind_path(f), ":1: loud: 'maybe' must be yes or no");
}

static void limits_are_inclusive(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_flags(f, "--max-count=1", "--size=1024"), 0);
    assert_int_equal(read_flags(f, "--max-count=255", "--size=67108864"), 0);
    assert_int_equal(read_flags(f, "--wait-time=1000ms", "--mode=777"), 0);
    assert_int_equal(read_flags(f, "--wait-time=3600000ms", "--mode=0400"), 0);
}

static void a_wrong_value_is_refused_even_where_a_stronger_source_overrules_it(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_flags(f, "--max-count=7", NULL), 0);
    assert_int_equal(read_lines(f, "max-count = 256\n"), -1);
    assert_string_equal(behind_path(f), ":1: max-count: '256' is out of range; allowed: 1 to 255");
    assert_int_equal(f->target.count, 7);
}

static void unknown_flags_are_refused_by_their_name(void **state)
{
    static const char *const unknown[] = {"--colours", "--colours=red", "--no-such=1", "-x", "-", "-xyz", "-colour"};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        assert_int_equal(read_flags(f, unknown[i], NULL), -1);
        assert_contains(f->error.data, unknown[i]);
        assert_contains(f->error.data, "--help lists them");
    }
}

static void a_flag_without_its_value_is_refused_by_its_name(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_flags(f, "--colour", NULL), -1);
    assert_string_equal(f->error.data, "--colour: needs a value");
    assert_int_equal(read_flags(f, "--loud", "--max-count"), -1);
    assert_string_equal(f->error.data, "--max-count: needs a value");
}

static void a_flag_that_takes_no_value_is_refused_with_one(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_flags(f, "--loud=no", NULL), -1);
    assert_contains(f->error.data, "--loud");
    assert_false(f->target.is_loud);
    /* It is not that there were no such option. */
    assert_null(strstr(f->error.data, "there is no such option"));
}

static void operands_are_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_flags(f, "operand", NULL), -1);
    assert_string_equal(f->error.data, "operand: only options are expected; --help lists them");
    assert_int_equal(read_flags(f, "--loud", "yes"), -1);
    assert_string_equal(f->error.data, "yes: only options are expected; --help lists them");
    assert_int_equal(read_flags(f, "--", "--loud"), -1);
    assert_contains(f->error.data, "only options are expected");
}

static void the_command_line_can_be_read_again_and_may_be_empty(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_flags(f, NULL, NULL), 0);
    assert_int_equal(read_flags(f, "--max-count=9", "operand"), -1);
    assert_int_equal(read_flags(f, "--max-count=10", NULL), 0);
    assert_int_equal(f->target.count, 10);
    assert_int_equal(f->error.len, 0);
}

/* The environment is shared with other programs. */
static void unknown_variables_do_not_end_the_start(void **state)
{
    struct fixture *f = *state;
    log_open("unit", LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
    assert_int_equal(read_environment(f, "UNIT_NO_SUCH=1"), 0);
    assert_int_equal(read_environment(f, "UNIT_HELP=yes"), 0);
    assert_int_equal(read_environment(f, "UNIT_="), 0);
    assert_int_equal(read_environment(f, "UNIT_NAME"), 0);
    assert_int_equal(f->error.len, 0);
    assert_false(f->target.is_help);
    assert_string_equal(f->target.name, "nobody");
}

static void settings_of_the_command_line_only_are_unknown_elsewhere(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_lines(f, "help = yes\n"), -1);
    assert_string_equal(behind_path(f), ":1: help: there is no such setting; --help lists them");
    assert_int_equal(read_flags(f, "--help", NULL), 0);
    assert_true(f->target.is_help);
}

static void setting_an_unknown_name_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(options_set(&f->options, "shape", "round", OPTION_FROM_FILE, "shape", &f->error), -1);
    assert_string_equal(f->error.data, "shape: there is no such setting; --help lists them");
}

static void an_entry_is_found_by_its_whole_name(void **state)
{
    struct fixture *f = *state;
    assert_ptr_equal(options_find(&f->options, "name"), &specs[0]);
    assert_string_equal(options_find(&f->options, "colour")->value_name, "NAME");
    assert_null(options_find(&f->options, "colou"));
    assert_null(options_find(&f->options, "colours"));
    assert_null(options_find(&f->options, ""));
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static void comments_empty_lines_and_blanks_are_skipped(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_lines(f, "\n"
                                   "# name = comment\n"
                                   "   # another = one\n"
                                   " \t \r\n"
                                   "  max-count\t=  5  \r\n"
                                   "name=me # no comment here\n"
                                   "#\n"
                                   "size=2k"),
                     0);
    assert_int_equal(f->target.count, 5);
    assert_string_equal(f->target.name, "me # no comment here");
    assert_int_equal(f->target.size, 2048);
}

static void an_empty_file_sets_nothing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_lines(f, ""), 0);
    assert_int_equal(f->target.count, 64);
}

static void an_empty_value_is_a_value(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_lines(f, "name =\n"), 0);
    assert_string_equal(f->target.name, "");
    assert_int_equal(read_lines(f, "max-count =\n"), -1);
    assert_string_equal(behind_path(f), ":1: max-count: '' is not a whole number; allowed: 1 to 255");
}

static void unknown_names_in_a_file_are_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_lines(f, "max-count = 5\n\nshape = round\n"), -1);
    assert_string_equal(behind_path(f), ":3: shape: there is no such setting; --help lists them");
    assert_int_equal(read_lines(f, "Max-Count = 5\n"), -1);
    assert_int_equal(read_lines(f, "max_count = 5\n"), -1);
    assert_int_equal(read_lines(f, "--max-count = 5\n"), -1);
    assert_int_equal(read_lines(f, "= 5\n"), -1);
}

static void a_line_without_an_equals_sign_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_lines(f, "loud = yes\nmax-count 5\n"), -1);
    assert_string_equal(behind_path(f), ":2: 'max-count 5' is not of the form 'name = value'");
    assert_int_equal(read_lines(f, "loud"), -1);
    assert_string_equal(behind_path(f), ":1: 'loud' is not of the form 'name = value'");
    assert_int_equal(read_lines(f, "[section]\nloud = yes\n"), -1);
    assert_string_equal(behind_path(f), ":1: '[section]' is not of the form 'name = value'");
}

static void a_very_long_line_is_read_whole(void **state)
{
    struct fixture *f = *state;
    struct buffer text = {0};
    buffer_add_string(&text, "path = ");
    for (int i = 0; i < 100000; i++)
        buffer_add_char(&text, 'x');
    buffer_add_char(&text, '\n');
    assert_int_equal(read_text(f, span_of_buffer(&text)), 0);
    assert_int_equal(strlen(f->target.path), 100000);
    buffer_fini(&text);
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(options_read_file(&f->options, f->file, &f->error), -1);
    assert_contains(f->error.data, f->file);
    assert_contains(f->error.data, "No such file or directory");
    buffer_clear(&f->error);
    assert_int_equal(options_read_file(&f->options, f->directory, &f->error), -1);
    assert_contains(f->error.data, f->directory);
    assert_contains(f->error.data, "Is a directory");
}

/* --- help --------------------------------------------------------------------------------------------------------- */

static void the_help_text_lists_every_option_with_range_and_default(void **state)
{
    struct fixture *f = *state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    options_print_help(&f->options, out);
    fclose(out);
    assert_string_equal(text, "  --name TEXT                 a name (default nobody)\n"
                              "  --path FILE                 a path\n"
                              "  --loud                      speak up\n"
                              "  --help                      print this\n"
                              "  --max-count COUNT           how many; 1 to 255 (default 64)\n"
                              "  --mode MODE                 access mode (default 0660)\n"
                              "  --size SIZE                 how large; 1k to 64m (default 1m)\n"
                              "  --wait-time TIME            how long; 1s to 1h (default 15s)\n"
                              "  --colour NAME               which colour (default green)\n"
                              "  --hosts LIST                which hosts; repeatable (default one,two)\n"
                              "  --a-list-with-a-long-name LIST\n"
                              "                              which tags; repeatable\n");
    free(text);
}

static void the_help_text_shows_defaults_whatever_was_set(void **state)
{
    struct fixture *f = *state;
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(read_flags(f, "--max-count=5", NULL), 0);
    FILE *out = open_memstream(&text, &len);
    options_print_help(&f->options, out);
    fclose(out);
    assert_contains(text, "(default 64)");
    free(text);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, drop)

static void strings_that_are_not_set_equal_only_each_other(void **state)
{
    (void)state;
    assert_true(option_strings_equal(NULL, NULL));
    assert_true(option_strings_equal("a", (char[]){"a"}));
    assert_false(option_strings_equal("a", "b"));
    assert_false(option_strings_equal(NULL, ""));
    assert_false(option_strings_equal("", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_that_are_not_set_equal_only_each_other),
        TEST(without_any_source_the_defaults_count),
        TEST(finishing_frees_all_strings_and_lists),
        TEST(every_type_is_read_from_the_command_line),
        TEST(every_type_is_read_from_the_environment),
        TEST(every_type_is_read_from_a_file),
        TEST(a_flag_says_yes_or_no_outside_the_command_line),
        TEST(later_sources_overrule_earlier_ones_in_whatever_order_they_are_read),
        TEST(the_last_of_one_source_counts),
        TEST(a_list_adds_up_within_a_source_and_replaces_the_one_before),
        TEST(a_list_is_split_at_commas_and_blanks_and_has_no_empty_items),
        TEST(an_empty_list_replaces_the_default),
        TEST(a_wrong_value_is_refused_with_its_name_itself_and_what_is_allowed),
        TEST(a_wrong_value_in_the_environment_is_named_by_its_variable),
        TEST(a_wrong_value_in_a_file_is_named_by_file_line_and_name),
        TEST(limits_are_inclusive),
        TEST(a_wrong_value_is_refused_even_where_a_stronger_source_overrules_it),
        TEST(unknown_flags_are_refused_by_their_name),
        TEST(a_flag_without_its_value_is_refused_by_its_name),
        TEST(a_flag_that_takes_no_value_is_refused_with_one),
        TEST(operands_are_refused),
        TEST(the_command_line_can_be_read_again_and_may_be_empty),
        TEST(unknown_variables_do_not_end_the_start),
        TEST(settings_of_the_command_line_only_are_unknown_elsewhere),
        TEST(setting_an_unknown_name_is_refused),
        TEST(an_entry_is_found_by_its_whole_name),
        TEST(comments_empty_lines_and_blanks_are_skipped),
        TEST(an_empty_file_sets_nothing),
        TEST(an_empty_value_is_a_value),
        TEST(unknown_names_in_a_file_are_refused),
        TEST(a_line_without_an_equals_sign_is_refused),
        TEST(a_very_long_line_is_read_whole),
        TEST(a_file_that_cannot_be_read_is_an_error),
        TEST(the_help_text_lists_every_option_with_range_and_default),
        TEST(the_help_text_shows_defaults_whatever_was_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
