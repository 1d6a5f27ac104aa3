/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/run.h"

#include "unit.h"

#define END ((struct event_id){5, 7})

struct fixture {
    struct keys keys;
    struct run run;
};

static int make(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    if (f == NULL)
        return -1;
    keys_init(&f->keys, "push:");
    *state = f;
    return 0;
}

static int drop(void **state)
{
    struct fixture *f = *state;
    run_fini(&f->run);
    keys_fini(&f->keys);
    free(f);
    return 0;
}

/* Compares the words with texts; the protocol's own form is test_request's affair. */
static void check_words(const struct request *request, const char *const *texts, size_t count)
{
    struct request expected = {0};
    for (size_t i = 0; i < count; i++)
        request_add_text(&expected, texts[i]);
    assert_int_equal(request->count, count);
    assert_span_equal(span_of_buffer(&request->words), span_of_buffer(&expected.words));
    request_fini(&expected);
}

#define check_keys(run, ...) check_all(&(run)->keys, (const char *const[]){__VA_ARGS__})
#define check_items(run, ...) check_all(&(run)->words, (const char *const[]){__VA_ARGS__})
#define check_all(request, ...) check_words(request, __VA_ARGS__, sizeof(__VA_ARGS__) / sizeof(char *))

static void an_event_is_its_history_and_its_words(void **state)
{
    struct fixture *f = *state;
    const struct envelope envelope = {
        .data = span_of("hello"), .event = span_of("greeting"), .id = span_of("i7"), .retry_ms = 3000};

    run_add_event(&f->run, &f->keys, span_of("12"), span_of("news"), END, &envelope);
    check_keys(&f->run, "push:history:news");
    check_items(&f->run, "12", "event", "news", "5-7", "hello", "greeting", "i7", "3000");
}

static void an_event_with_data_alone_has_no_words_for_more(void **state)
{
    struct fixture *f = *state;
    run_add_event(&f->run, &f->keys, span_of("1"), span_of("a"), END, &(struct envelope){0});
    check_items(&f->run, "1", "data", "a", "5-7", "");
}

static void what_another_event_lacks_is_an_empty_word(void **state)
{
    struct fixture *f = *state;
    static const struct {
        struct envelope envelope;
        const char *event, *id, *retry;
    } rows[] = {
        {{.retry_ms = 1}, "", "", "1"},
        {{.retry_ms = 86400000}, "", "", "86400000"},
        {{.event = SPAN_LITERAL("e")}, "e", "", ""},
        {{.id = SPAN_LITERAL("i")}, "", "i", ""},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        run_clear(&f->run);
        run_add_event(&f->run, &f->keys, span_of("1"), span_of("a"), END, &rows[i].envelope);
        check_items(&f->run, "1", "event", "a", "5-7", "", rows[i].event, rows[i].id, rows[i].retry);
    }
}

static void an_end_that_is_not_known_is_an_empty_word(void **state)
{
    struct fixture *f = *state;
    run_add_event(&f->run, &f->keys, span_of("1"), span_of("a"), EVENT_ID_NONE, &(struct envelope){0});
    run_add_gap(&f->run, &f->keys, span_of("2"), span_of("a"), EVENT_ID_NONE);
    check_items(&f->run, "1", "data", "a", "", "", "2", "gap", "a", "");
}

static void data_is_carried_byte_for_byte(void **state)
{
    struct fixture *f = *state;
    static const struct span all[] = {SPAN_LITERAL("a\0b"), SPAN_LITERAL("\r\n$1\r\n"), SPAN_LITERAL("\xff\xc0%s")};

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct request expected = {0};
        run_clear(&f->run);
        run_add_event(&f->run, &f->keys, span_of("1"), span_of("a"), END, &(struct envelope){.data = all[i]});
        for (const char *const *text = (const char *const[]){"1", "data", "a", "5-7", NULL}; *text != NULL; text++)
            request_add_text(&expected, *text);
        request_add(&expected, all[i]);
        assert_span_equal(span_of_buffer(&f->run.words.words), span_of_buffer(&expected.words));
        request_fini(&expected);
    }
}

static void a_gap_names_its_channel_and_has_no_content(void **state)
{
    struct fixture *f = *state;
    run_add_gap(&f->run, &f->keys, span_of("1700000000000-3"), span_of("news"), END);
    check_keys(&f->run, "push:history:news");
    check_items(&f->run, "1700000000000-3", "gap", "news", "5-7");
}

static void a_marker_names_its_counter(void **state)
{
    struct fixture *f = *state;
    run_add_marker(&f->run, &f->keys, span_of("9"), span_of("0123abcd"));
    check_keys(&f->run, "push:recorded:0123abcd");
    check_items(&f->run, "9", "marker", "0123abcd");
}

static void a_drop_names_nothing_but_the_inbox(void **state)
{
    struct fixture *f = *state;
    run_add_drop(&f->run, &f->keys, span_of("5-0"));
    check_keys(&f->run, "push:inbox");
    check_items(&f->run, "5-0", "drop");
}

static void keys_and_words_stay_in_step_and_in_order(void **state)
{
    struct fixture *f = *state;
    run_add_event(&f->run, &f->keys, span_of("1"), span_of("a-long-name"), END,
                  &(struct envelope){.data = span_of("x")});
    run_add_gap(&f->run, &f->keys, span_of("2"), span_of("b"), END);
    run_add_drop(&f->run, &f->keys, span_of("3"));
    run_add_marker(&f->run, &f->keys, span_of("4"), span_of("m"));
    run_add_event(&f->run, &f->keys, span_of("6"), span_of("b"), END, &(struct envelope){.data = span_of("y")});
    check_keys(&f->run, "push:history:a-long-name", "push:history:b", "push:inbox", "push:recorded:m",
               "push:history:b");
    check_items(&f->run, "1", "data", "a-long-name", "5-7", "x", /* */
                "2", "gap", "b", "5-7",                          /* */
                "3", "drop",                                     /* */
                "4", "marker", "m",                              /* */
                "6", "data", "b", "5-7", "y");
}

static void each_item_is_of_a_channel_or_of_none(void **state)
{
    struct fixture *f = *state;
    struct buffer seen = {0};

    RUN_FOR_EACH_CHANNEL(channel, &f->run)
    {
        fail_msg("a channel of an empty run: %s", channel);
    }
    run_add_gap(&f->run, &f->keys, span_of("1"), span_of("b"), END);
    run_add_marker(&f->run, &f->keys, span_of("2"), span_of("m"));
    run_add_drop(&f->run, &f->keys, span_of("3"));
    run_add_event(&f->run, &f->keys, span_of("4"), span_of("news"), END, &(struct envelope){0});
    RUN_FOR_EACH_CHANNEL(channel, &f->run)
    {
        buffer_printf(&seen, "<%s>", channel);
    }
    assert_buffer_equal(&seen, "<b><><><news>");
    buffer_fini(&seen);
}

static void a_cleared_run_is_empty_and_can_be_filled_again(void **state)
{
    struct fixture *f = *state;
    run_clear(&f->run);
    for (int round = 0; round < 3; round++) {
        run_add_gap(&f->run, &f->keys, span_of("2"), span_of("a-long-name"), END);
        run_add_marker(&f->run, &f->keys, span_of("3"), span_of("m"));
        run_clear(&f->run);
        assert_int_equal(f->run.keys.count, 0);
        assert_int_equal(f->run.words.count, 0);
        run_add_gap(&f->run, &f->keys, span_of("1"), span_of("b"), END);
        check_keys(&f->run, "push:history:b");
        check_items(&f->run, "1", "gap", "b", "5-7");
    }
}

static void add_one(struct fixture *f, size_t n)
{
    struct span position = span_of("1");
    switch (n % 4) {
    case 0:
        run_add_event(&f->run, &f->keys, position, span_of("a"), END, &(struct envelope){.data = span_of("x")});
        break;
    case 1:
        run_add_gap(&f->run, &f->keys, position, span_of("a"), END);
        break;
    case 2:
        run_add_marker(&f->run, &f->keys, position, span_of("m"));
        break;
    default:
        run_add_drop(&f->run, &f->keys, position);
    }
}

static void a_run_is_full_with_so_many_items_of_any_kind(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < RUN_ITEMS_LIMIT; i++) {
        assert_false(run_is_full(&f->run));
        add_one(f, i);
        assert_int_equal(f->run.keys.count, i + 1);
    }
    assert_true(run_is_full(&f->run));
    run_clear(&f->run);
    assert_false(run_is_full(&f->run));
}

static void a_run_is_full_with_a_megabyte(void **state)
{
    struct fixture *f = *state;
    enum { HALF = RUN_BYTES_LIMIT / 2 };
    char *data = calloc(1, RUN_BYTES_LIMIT);
    assert_non_null(data);

    run_add_event(&f->run, &f->keys, span_of("1"), span_of("a"), END, &(struct envelope){.data = {data, HALF}});
    assert_false(run_is_full(&f->run));
    run_add_event(&f->run, &f->keys, span_of("2"), span_of("a"), END, &(struct envelope){.data = {data, HALF}});
    assert_true(run_is_full(&f->run));
    run_clear(&f->run);
    assert_false(run_is_full(&f->run));
    run_add_event(&f->run, &f->keys, span_of("1"), span_of("a"), END,
                  &(struct envelope){.data = {data, RUN_BYTES_LIMIT}});
    assert_true(run_is_full(&f->run));
    assert_int_equal(f->run.keys.count, 1);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_is_its_history_and_its_words, make, drop),
        cmocka_unit_test_setup_teardown(an_event_with_data_alone_has_no_words_for_more, make, drop),
        cmocka_unit_test_setup_teardown(what_another_event_lacks_is_an_empty_word, make, drop),
        cmocka_unit_test_setup_teardown(an_end_that_is_not_known_is_an_empty_word, make, drop),
        cmocka_unit_test_setup_teardown(data_is_carried_byte_for_byte, make, drop),
        cmocka_unit_test_setup_teardown(a_gap_names_its_channel_and_has_no_content, make, drop),
        cmocka_unit_test_setup_teardown(a_marker_names_its_counter, make, drop),
        cmocka_unit_test_setup_teardown(a_drop_names_nothing_but_the_inbox, make, drop),
        cmocka_unit_test_setup_teardown(keys_and_words_stay_in_step_and_in_order, make, drop),
        cmocka_unit_test_setup_teardown(each_item_is_of_a_channel_or_of_none, make, drop),
        cmocka_unit_test_setup_teardown(a_cleared_run_is_empty_and_can_be_filled_again, make, drop),
        cmocka_unit_test_setup_teardown(a_run_is_full_with_so_many_items_of_any_kind, make, drop),
        cmocka_unit_test_setup_teardown(a_run_is_full_with_a_megabyte, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
