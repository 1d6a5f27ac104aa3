/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint/channels.h"

#include <stdio.h>

#include "unit.h"

enum { MAX_CHANNELS = 4 };

/* One request, and the names it gets or the error. A NULL field of the request is not set. */
struct row {
    const char *path_info, *script_name, *query;
    const char *push_mount, *push_channels;
    const char *allowed; /* as configured, comma-separated; NULL: "*" */
    const char *mount;   /* as configured */
    const char *names;   /* expected, comma-separated */
    int status;          /* expected, when it is refused */
    const char *code;
};

static void split(char *list, struct option_list *out, char **items)
{
    *out = (struct option_list){.items = items};
    for (char *item = strtok(list, ","); item != NULL; item = strtok(NULL, ","))
        items[out->count++] = item;
}

static void add_param(char **strings, size_t *count, char *text, size_t size, const char *name, const char *value)
{
    if (value == NULL)
        return;
    snprintf(text, size, "%s=%s", name, value);
    strings[(*count)++] = text;
}

static void check_result(const struct row *row, int result, const struct channels *channels,
                         const struct http_error *error)
{
    char names[1000] = "";
    for (size_t i = 0; result == 0 && i < channels->count; i++)
        snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%.*s", i > 0 ? "," : "",
                 (int)channels->names[i].len, channels->names[i].data);
    print_message("path %s, script %s, query %s: %d %s\n", row->path_info, row->script_name, row->query,
                  result < 0 ? error->status : 200, result < 0 ? error->message : names);
    if (row->names != NULL) {
        assert_int_equal(result, 0);
        assert_string_equal(names, row->names);
    } else {
        assert_int_equal(result, -1);
        assert_int_equal(error->status, row->status);
        assert_string_equal(error->code, row->code);
        assert_true(error->message[0] != '\0');
    }
}

static void check(const struct row *row)
{
    char *strings[8] = {0};
    char texts[6][600];
    char *items[16];
    char allowed_text[200];
    size_t count = 0;
    struct option_list allowed;
    struct query query = {0};
    struct channels channels = {0};
    struct http_error error = {0};

    add_param(strings, &count, texts[0], sizeof(texts[0]), "PATH_INFO", row->path_info);
    add_param(strings, &count, texts[1], sizeof(texts[1]), "SCRIPT_NAME", row->script_name);
    add_param(strings, &count, texts[2], sizeof(texts[2]), "PUSH_MOUNT", row->push_mount);
    add_param(strings, &count, texts[3], sizeof(texts[3]), "PUSH_CHANNELS", row->push_channels);
    snprintf(allowed_text, sizeof(allowed_text), "%s", row->allowed != NULL ? row->allowed : "*");
    split(allowed_text, &allowed, items);
    query_parse(&query, span_of(row->query != NULL ? row->query : ""));
    const struct channels_config config = {.allowed = &allowed, .mount = row->mount, .max_channels = MAX_CHANNELS};
    const struct params params = {strings};
    struct span path;
    int result = channels_find_path(&config, &params, &path, &error);
    if (result == 0)
        result = channels_read(&channels, &config, &params, path, &query, &error);
    check_result(row, result, &channels, &error);
    channels_fini(&channels);
    query_fini(&query);
}

#define CHECK(...)                                                                                                     \
    do {                                                                                                               \
        static const struct row rows[] = {__VA_ARGS__};                                                                \
        for (size_t i = 0; i < COUNT_OF(rows); i++)                                                                    \
            check(&rows[i]);                                                                                           \
    } while (0)

static void the_query_names_channels(void **state)
{
    (void)state;
    CHECK({.query = "channel=a", .names = "a"}, {.query = "channel=a&channel=b", .names = "a,b"},
          {.query = "channel=a,b", .names = "a,b"}, {.query = "channel=a%2Cb", .names = "a,b"},
          {.query = "channel=b,a&x=1&channel=c", .names = "b,a,c"}, {.query = "channel=,a,,b,", .names = "a,b"},
          {.query = "channel=user%3A7", .names = "user:7"}, {.query = "Channel=b&channel=a", .names = "a"});
}

static void the_path_names_channels(void **state)
{
    (void)state;
    CHECK({.path_info = "/a", .names = "a"}, {.path_info = "/a,b", .names = "a,b"},
          {.path_info = "/a,b", .query = "x=1&since=2", .names = "a,b"},
          {.path_info = "/", .query = "channel=c", .names = "c"},
          {.path_info = "", .query = "channel=c", .names = "c"});
}

static void the_path_is_not_decoded_again(void **state)
{
    (void)state;
    CHECK({.path_info = "/a%2Cb", .status = 400, .code = "invalid-channel"},
          {.query = "channel=a%252Cb", .status = 400, .code = "invalid-channel"});
}

static void path_and_query_both_are_refused(void **state)
{
    (void)state;
    CHECK({.path_info = "/a", .query = "channel=b", .status = 400, .code = "ambiguous-channels"},
          {.path_info = "/a", .query = "channel=a", .status = 400, .code = "ambiguous-channels"},
          {.script_name = "/e/a", .mount = "/e", .query = "channel=b", .status = 400, .code = "ambiguous-channels"});
}

static void where_all_stands_in_script_name_the_mount_is_taken_off(void **state)
{
    (void)state;
    CHECK({.script_name = "/events/a,b", .mount = "/events", .names = "a,b"},
          {.script_name = "/events/a", .mount = "/events/", .names = "a"},
          {.script_name = "/a", .mount = "/", .names = "a"},
          {.script_name = "/events", .mount = "/events", .query = "channel=c", .names = "c"},
          {.script_name = "/events/", .mount = "/events", .query = "channel=c", .names = "c"},
          {.script_name = "/x/y/a", .push_mount = "/x/y", .names = "a"},
          {.script_name = "/x/a", .push_mount = "/x", .mount = "/events", .names = "a"},
          {.script_name = "/events/a", .mount = "/events", .path_info = "/b", .names = "b"},
          {.script_name = "/events", .query = "channel=c", .names = "c"});
}

static void where_the_path_is_split_inside_the_mount_the_rest_of_it_is_taken_off(void **state)
{
    (void)state;
    CHECK({.script_name = "/private", .path_info = "/events/a,b", .push_mount = "/private/events", .names = "a,b"},
          {.script_name = "", .path_info = "/private/events/a", .mount = "/private/events/", .names = "a"},
          {.script_name = "/private",
           .path_info = "/events",
           .mount = "/private/events",
           .query = "channel=a",
           .names = "a"},
          {.script_name = "/private", .path_info = "/eventsa", .mount = "/private/events", .names = "eventsa"},
          {.script_name = "/public", .path_info = "/events", .mount = "/private/events", .names = "events"},
          {.script_name = "/private/events", .path_info = "/events", .mount = "/private/events", .names = "events"});
}

static void outside_the_mount_nothing_is_found(void **state)
{
    (void)state;
    CHECK({.script_name = "/other/a", .mount = "/events", .status = 404, .code = "not-found"},
          {.script_name = "/eventsa", .mount = "/events", .status = 404, .code = "not-found"},
          {.script_name = "/event", .mount = "/events", .status = 404, .code = "not-found"},
          {.script_name = "/events/a", .push_mount = "/x", .mount = "/events", .status = 404, .code = "not-found"},
          {.mount = "/events", .query = "channel=a", .status = 404, .code = "not-found"});
}

static void duplicates_count_once(void **state)
{
    (void)state;
    CHECK({.query = "channel=a,b,a&channel=b", .names = "a,b"}, {.path_info = "/a,a,a,a,a,a", .names = "a"},
          {.query = "channel=a,A", .names = "a,A"}, {.query = "channel=a,b,c,d,a,b,c,d", .names = "a,b,c,d"});
}

static void more_than_the_limit_are_refused(void **state)
{
    (void)state;
    CHECK({.query = "channel=a,b,c,d", .names = "a,b,c,d"},
          {.query = "channel=a,b,c,d,e", .status = 400, .code = "too-many-channels"},
          {.path_info = "/a,b,c,d,e", .status = 400, .code = "too-many-channels"});
}

static void invalid_and_reserved_names_are_refused(void **state)
{
    (void)state;
    CHECK({.query = "channel=a%20b", .status = 400, .code = "invalid-channel"},
          {.query = "channel=a+b", .status = 400, .code = "invalid-channel"},
          {.query = "channel=%C3%A9", .status = 400, .code = "invalid-channel"},
          {.query = "channel=a%00b", .status = 400, .code = "invalid-channel"},
          {.query = "channel=*", .status = 400, .code = "invalid-channel"},
          {.query = "channel=inbox", .status = 400, .code = "invalid-channel"},
          {.query = "channel=history%3Aa", .status = 400, .code = "invalid-channel"},
          {.path_info = "/a/b", .status = 400, .code = "invalid-channel"},
          {.path_info = "//a", .status = 400, .code = "invalid-channel"},
          {.path_info = "/log", .status = 400, .code = "invalid-channel"},
          {.query = "channel=good,lease", .status = 400, .code = "invalid-channel"});
}

static void names_that_are_not_allowed_are_forbidden(void **state)
{
    (void)state;
    CHECK({.query = "channel=a", .allowed = "a,b", .names = "a"},
          {.query = "channel=c", .allowed = "a,b", .status = 403, .code = "forbidden-channel"},
          {.query = "channel=a,c", .allowed = "a,b", .status = 403, .code = "forbidden-channel"},
          {.query = "channel=user:7", .allowed = "a,user:*", .names = "user:7"},
          {.query = "channel=users", .allowed = "a,user:*", .status = 403, .code = "forbidden-channel"},
          {.path_info = "/c", .allowed = "a,b", .status = 403, .code = "forbidden-channel"});
}

static void the_web_servers_list_overrules_the_configured_one(void **state)
{
    (void)state;
    CHECK({.query = "channel=a", .push_channels = "a", .allowed = "b", .names = "a"},
          {.query = "channel=b", .push_channels = "a", .allowed = "b", .status = 403, .code = "forbidden-channel"},
          {.query = "channel=x1", .push_channels = "a,x*", .allowed = "b", .names = "x1"},
          {.query = "channel=a", .push_channels = "", .status = 403, .code = "forbidden-channel"},
          {.query = "channel=a", .push_channels = "!!,a", .names = "a"},
          {.query = "channel=a", .push_channels = "**,log", .status = 403, .code = "forbidden-channel"});
}

static void who_names_none_gets_the_plain_names_of_the_list(void **state)
{
    (void)state;
    CHECK({.allowed = "a,x*,b", .names = "a,b"}, {.path_info = "/", .allowed = "a", .names = "a"},
          {.query = "channel=", .allowed = "a", .names = "a"}, {.push_channels = "c,c,*", .allowed = "a", .names = "c"},
          {.script_name = "/e", .mount = "/e", .allowed = "a", .names = "a"}, {.status = 400, .code = "no-channel"},
          {.allowed = "x*", .status = 400, .code = "no-channel"},
          {.push_channels = "", .allowed = "a", .status = 400, .code = "no-channel"});
}

/* Blanks after the commas are what people write. */
static void blanks_in_the_web_servers_list_do_not_matter(void **state)
{
    (void)state;
    CHECK({.query = "channel=b", .push_channels = "a, b", .names = "b"}, {.push_channels = "a, b", .names = "a,b"});
}

static void a_long_wrong_name_is_shown_in_part(void **state)
{
    (void)state;
    char query[400] = "channel=";
    memset(query + 8, 'x', 300);
    check(&(struct row){.query = query, .status = 400, .code = "invalid-channel"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_query_names_channels),
        cmocka_unit_test(the_path_names_channels),
        cmocka_unit_test(the_path_is_not_decoded_again),
        cmocka_unit_test(path_and_query_both_are_refused),
        cmocka_unit_test(where_all_stands_in_script_name_the_mount_is_taken_off),
        cmocka_unit_test(where_the_path_is_split_inside_the_mount_the_rest_of_it_is_taken_off),
        cmocka_unit_test(outside_the_mount_nothing_is_found),
        cmocka_unit_test(duplicates_count_once),
        cmocka_unit_test(more_than_the_limit_are_refused),
        cmocka_unit_test(invalid_and_reserved_names_are_refused),
        cmocka_unit_test(names_that_are_not_allowed_are_forbidden),
        cmocka_unit_test(the_web_servers_list_overrules_the_configured_one),
        cmocka_unit_test(who_names_none_gets_the_plain_names_of_the_list),
        cmocka_unit_test(blanks_in_the_web_servers_list_do_not_matter),
        cmocka_unit_test(a_long_wrong_name_is_shown_in_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
