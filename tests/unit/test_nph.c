/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/nph.h"

#include "http/response.h"
#include "unit.h"

static void the_name_of_the_file_decides(void **state)
{
    (void)state;
    static const struct {
        const char *filename, *script_name; /* "NAME=value"; NULL: not set */
        const char *program;
        bool is_nph;
    } rows[] = {
        {NULL, NULL, "nph-sse.fcgi", true},
        {NULL, NULL, "./nph-sse.fcgi", true},
        {NULL, NULL, "sse.fcgi", false},
        {NULL, NULL, "/nph-tools/sse.fcgi", false},
        {NULL, NULL, "", false},
        {NULL, "SCRIPT_NAME=/cgi-bin/nph-sse", "/usr/libexec/sse.fcgi", true},
        {NULL, "SCRIPT_NAME=/nph-bin/sse.fcgi", "nph-sse.fcgi", false},
        {NULL, "SCRIPT_NAME=/cgi-bin/sse-nph-", "nph-sse.fcgi", false},
        {NULL, "SCRIPT_NAME=/cgi-bin/NPH-sse", "sse.fcgi", false},
        {NULL, "SCRIPT_NAME=nph-", "sse.fcgi", true},
        {NULL, "SCRIPT_NAME=", "nph-sse.fcgi", true},
        {NULL, "SCRIPT_NAME=/events/", "nph-sse.fcgi", true},
        {"SCRIPT_FILENAME=/usr/lib/cgi-bin/nph-sse.fcgi", "SCRIPT_NAME=/events", "sse.fcgi", true},
        {"SCRIPT_FILENAME=/usr/lib/cgi-bin/sse.fcgi", "SCRIPT_NAME=/nph-events", "nph-sse.fcgi", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char filename[100] = "A=", script_name[100] = "B=";
        char *strings[] = {filename, script_name, NULL};
        if (rows[i].filename != NULL)
            snprintf(filename, sizeof(filename), "%s", rows[i].filename);
        if (rows[i].script_name != NULL)
            snprintf(script_name, sizeof(script_name), "%s", rows[i].script_name);
        print_message("%s %s %s\n", filename, script_name, rows[i].program);
        assert_int_equal(nph_is_wanted(&(struct params){strings}, rows[i].program), rows[i].is_nph);
    }
}

static void the_head_becomes_one_of_http(void **state)
{
    (void)state;
    struct buffer answer = {0}, out = {0};
    response_begin(&answer, 404, "no-store");
    buffer_add_string(&answer, "X: Status: 7\r\n");
    response_end_headers(&answer);
    buffer_add(&answer, "Status: \0\n", 10);
    nph_add(&out, span_of_buffer(&answer), INT64_C(784111777999));
    assert_span_equal(span_of_buffer(&out), span_of_literal("HTTP/1.1 404 Not Found\r\n"
                                                            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                                            "Connection: close\r\n"
                                                            "Cache-Control: no-store\r\n"
                                                            "X-Accel-Buffering: no\r\n"
                                                            "X: Status: 7\r\n"
                                                            "\r\n"
                                                            "Status: \0\n"));
    buffer_fini(&answer);
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_of_the_file_decides),
        cmocka_unit_test(the_head_becomes_one_of_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
