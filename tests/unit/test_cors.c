/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "http/cors.h"

#define VARY "Vary: Origin\r\n"
#define ANY "Access-Control-Allow-Origin: *\r\n"
#define EXPOSE "Access-Control-Expose-Headers: Push-Position\r\n"
#define PREFLIGHT                                                                                                      \
    "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"                                                             \
    "Access-Control-Allow-Headers: last-event-id, authorization\r\n"                                                   \
    "Access-Control-Max-Age: 86400\r\n"

static const struct option_list none = {0};
static char *const any_items[] = {(char *)"*"};
static const struct option_list any = {.items = (char **)any_items, .count = 1};
static char *const listed_items[] = {(char *)"https://a.example", (char *)"http://b.example:8080"};
static const struct option_list listed = {.items = (char **)listed_items, .count = 2};
static char *const both_items[] = {(char *)"*", (char *)"https://a.example", (char *)"*"};
static const struct option_list both = {.items = (char **)both_items, .count = 3};

static void assert_headers(const struct option_list *allowed, const char *origin, const char *expected)
{
    struct buffer out = {0};
    cors_add_headers(allowed, origin, &out);
    assert_buffer_equal(&out, expected);
    buffer_fini(&out);
}

static void assert_preflight(const struct option_list *allowed, const char *origin, const char *expected)
{
    struct buffer out = {0};
    cors_add_preflight_headers(allowed, origin, &out);
    assert_buffer_equal(&out, expected);
    buffer_fini(&out);
}

static void a_listed_origin_is_echoed_with_credentials(void **state)
{
    (void)state;
    assert_headers(&listed, "https://a.example",
                   VARY "Access-Control-Allow-Origin: https://a.example\r\n"
                        "Access-Control-Allow-Credentials: true\r\n" EXPOSE);
    assert_headers(&listed, "http://b.example:8080",
                   VARY "Access-Control-Allow-Origin: http://b.example:8080\r\n"
                        "Access-Control-Allow-Credentials: true\r\n" EXPOSE);
}

static void an_unlisted_origin_gets_vary_alone(void **state)
{
    (void)state;
    static const char *const origins[] = {"https://evil.example",
                                          "http://a.example",
                                          "https://a.example:443",
                                          "https://a.example/",
                                          "https://a.example.evil",
                                          "https://a.exampl",
                                          "https://A.example",
                                          "a.example",
                                          "null",
                                          "*",
                                          "",
                                          NULL};
    for (size_t i = 0; i < COUNT_OF(origins); i++) {
        assert_headers(&listed, origins[i], VARY);
        assert_headers(&none, origins[i], VARY);
        assert_preflight(&listed, origins[i], "");
        assert_preflight(&none, origins[i], "");
    }
}

static void a_star_lets_any_origin_read_without_credentials(void **state)
{
    (void)state;
    assert_headers(&any, "https://evil.example", VARY ANY EXPOSE);
    assert_headers(&any, "null", VARY ANY EXPOSE);
    assert_headers(&any, "*", VARY ANY EXPOSE);
    assert_headers(&any, NULL, VARY ANY EXPOSE);
}

static void beside_a_star_a_listed_origin_still_has_credentials(void **state)
{
    (void)state;
    assert_headers(&both, "https://a.example",
                   VARY "Access-Control-Allow-Origin: https://a.example\r\n"
                        "Access-Control-Allow-Credentials: true\r\n" EXPOSE);
    assert_headers(&both, "https://c.example", VARY ANY EXPOSE);
}

static void a_preflight_names_methods_and_headers(void **state)
{
    (void)state;
    assert_preflight(&listed, "https://a.example", PREFLIGHT);
    assert_preflight(&any, "https://c.example", PREFLIGHT);
    assert_preflight(&both, "https://c.example", PREFLIGHT);
}

static void headers_are_appended(void **state)
{
    (void)state;
    struct buffer out = {0};
    buffer_add_string(&out, "Status: 200 OK\r\n");
    cors_add_headers(&any, NULL, &out);
    assert_buffer_equal(&out, "Status: 200 OK\r\n" VARY ANY EXPOSE);
    buffer_fini(&out);
}

static void origins_are_accepted_as_browsers_write_them(void **state)
{
    (void)state;
    static const char *const good[] = {"*",
                                       "https://example.org",
                                       "http://example.org",
                                       "http://localhost",
                                       "http://localhost:8080",
                                       "https://www.example.org:8443",
                                       "https://xn--bcher-kva.example",
                                       "http://127.0.0.1:3000",
                                       "http://[::1]",
                                       "http://[::1]:8080",
                                       "http://under_score.example",
                                       "https://example.org:65535",
                                       "moz-extension://4d2a1b3c-0000-4000-8000-000000000000",
                                       "app+custom.1://host"};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (cors_check_origin(good[i]) != NULL)
            fail_msg("refused: %s", good[i]);
}

static const char *const no_origins[] = {"",
                                         " ",
                                         "**",
                                         "example.org",
                                         "//example.org",
                                         "://example.org",
                                         "https:/example.org",
                                         "https:example.org",
                                         "https://",
                                         "https:///",
                                         "https://example.org/",
                                         "https://example.org/path",
                                         "https://example.org?",
                                         "https://example.org#x",
                                         "https://user@example.org",
                                         "https://*.example.org",
                                         "https://example.org\\",
                                         "https://Example.org",
                                         "HTTPS://example.org",
                                         "https://example.org https://b.example",
                                         " https://example.org",
                                         "https://example.org ",
                                         "https://example.org\r\nX: y",
                                         "https://example.org\t",
                                         "https://gr\xc3\xbcn.example",
                                         "https://a\x7f"};

static void what_no_browser_would_send_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(no_origins); i++) {
        const char *problem = cors_check_origin(no_origins[i]);
        if (problem == NULL)
            fail_msg("accepted: %s", no_origins[i]);
        assert_contains(problem, "https://www.example.org");
    }
}

static void what_stands_for_a_port_is_a_port(void **state)
{
    (void)state;
    static const char *const bad[] = {"https://example.org:", "https://example.org:http",  "https://example.org:99999",
                                      "https://:443",         "https://example.org:80:80", "https://example.org:-1"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (cors_check_origin(bad[i]) == NULL)
            fail_msg("accepted: %s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listed_origin_is_echoed_with_credentials),
        cmocka_unit_test(an_unlisted_origin_gets_vary_alone),
        cmocka_unit_test(a_star_lets_any_origin_read_without_credentials),
        cmocka_unit_test(beside_a_star_a_listed_origin_still_has_credentials),
        cmocka_unit_test(a_preflight_names_methods_and_headers),
        cmocka_unit_test(headers_are_appended),
        cmocka_unit_test(origins_are_accepted_as_browsers_write_them),
        cmocka_unit_test(what_no_browser_would_send_is_refused),
        cmocka_unit_test(what_stands_for_a_port_is_a_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
