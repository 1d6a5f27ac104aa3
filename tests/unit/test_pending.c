/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/pending.h"

#include "unit.h"

enum { MARKERS_KEPT = 256 };

static int make(void **state)
{
    struct pending *pending = malloc(sizeof(*pending));
    if (pending == NULL)
        return -1;
    pending_init(pending);
    *state = pending;
    return 0;
}

static int drop(void **state)
{
    pending_fini(*state);
    free(*state);
    return 0;
}

static struct marker *marker(struct pending *pending, const char *name)
{
    return pending_marker(pending, span_of(name), 0);
}

/* An event on channel "news" with the text as its payload. */
static void add(struct pending *pending, struct marker *after, uint64_t position, const char *text)
{
    pending_add(pending, after, position, PENDING_EVENT, span_of("news"), span_of(text), 0);
}

/* Compares what is pending, in order, with texts joined by blanks; and the count with the list. */
static void check(const struct pending *pending, const char *texts)
{
    struct buffer seen = {0};
    size_t count = 0;

    buffer_add_string(&seen, "");
    for (struct pending_item *item = pending_first(pending); item != NULL; item = pending_next(pending, item)) {
        struct span payload = pending_payload(item);
        if (count++ > 0)
            buffer_add_char(&seen, ' ');
        buffer_add(&seen, payload.data, payload.len);
    }
    assert_buffer_equal(&seen, texts);
    assert_int_equal(pending->count, count);
    buffer_fini(&seen);
}

/* --- the queue --------------------------------------------------------------------------------------------------- */

static void a_new_one_is_empty(void **state)
{
    struct pending *pending = *state;
    assert_null(pending_first(pending));
    assert_int_equal(pending->count, 0);
    assert_int_equal(pending->bytes, 0);
    assert_int_equal(pending->marker_count, 0);
    pending_clear(pending);
    check(pending, "");
}

static void messages_stand_in_the_order_of_their_arrival(void **state)
{
    struct pending *pending = *state;
    struct marker *m = marker(pending, "m");
    struct marker *n = marker(pending, "n");
    add(pending, m, 1, "a");
    add(pending, m, 2, "b");
    add(pending, n, 1, "c");
    add(pending, m, 7, "d");
    add(pending, n, 5, "e");
    check(pending, "a b c d e");
}

static void a_message_is_kept_with_all_that_names_it(void **state)
{
    struct pending *pending = *state;
    struct marker *m = marker(pending, "m");
    char channel[] = "news";
    char payload[] = "a\0b";

    pending_add(pending, m, 7, PENDING_GAP, span_of(channel), (struct span){payload, 3}, 1234);
    memset(channel, 'x', 4);
    memset(payload, 'x', 3);
    const struct pending_item *item = pending_first(pending);
    assert_ptr_equal(item->marker, m);
    assert_true(item->position == 7);
    assert_true(item->received_ms == 1234);
    assert_int_equal(item->kind, PENDING_GAP);
    assert_span_equal(pending_channel(item), span_of("news"));
    assert_span_equal(pending_payload(item), span_of_literal("a\0b"));
    assert_null(pending_next(pending, item));
}

static void channel_and_payload_may_be_empty(void **state)
{
    struct pending *pending = *state;
    struct marker *m = marker(pending, "m");
    pending_add(pending, m, 1, PENDING_GAP, span_of("news"), (struct span){0}, 0);
    pending_add(pending, m, 2, PENDING_EVENT, span_of(""), span_of("x"), 0);
    pending_add(pending, m, 3, PENDING_EVENT, span_of(""), span_of(""), 0);
    const struct pending_item *item = pending_first(pending);
    assert_int_equal(pending_payload(item).len, 0);
    assert_span_equal(pending_channel(item), span_of("news"));
    item = pending_next(pending, item);
    assert_int_equal(pending_channel(item).len, 0);
    assert_span_equal(pending_payload(item), span_of("x"));
    item = pending_next(pending, item);
    assert_int_equal(pending_channel(item).len + pending_payload(item).len, 0);
}

/* --- acknowledgements -------------------------------------------------------------------------------------------- */

static void an_acknowledgement_takes_what_is_at_or_below_it(void **state)
{
    struct pending *pending = *state;
    struct marker *m = marker(pending, "m");
    add(pending, m, 1, "a");
    add(pending, m, 2, "b");
    add(pending, m, 4, "d");
    add(pending, m, 5, "e");
    pending_acknowledge(pending, m, 0);
    check(pending, "a b d e");
    pending_acknowledge(pending, m, 1);
    check(pending, "b d e");
    pending_acknowledge(pending, m, 3);
    check(pending, "d e");
    pending_acknowledge(pending, m, 4);
    check(pending, "e");
    pending_acknowledge(pending, m, 100);
    check(pending, "");
}

static void an_acknowledgement_makes_the_marker_known_even_at_0(void **state)
{
    struct pending *pending = *state;
    struct marker *m = marker(pending, "m");
    struct marker *n = marker(pending, "n");
    assert_false(m->is_known);
    pending_acknowledge(pending, m, 0);
    assert_true(m->is_known);
    assert_false(n->is_known);
}

static void a_message_that_comes_after_its_acknowledgement_is_not_kept(void **state)
{
    struct pending *pending = *state;
    struct marker *m = marker(pending, "m");
    pending_acknowledge(pending, m, 3);
    add(pending, m, 1, "a");
    add(pending, m, 3, "c");
    check(pending, "");
    assert_int_equal(pending->bytes, 0);
    add(pending, m, 4, "d");
    check(pending, "d");
}

static void an_older_acknowledgement_changes_nothing(void **state)
{
    struct pending *pending = *state;
    struct marker *m = marker(pending, "m");
    pending_acknowledge(pending, m, 5);
    pending_acknowledge(pending, m, 2);
    assert_true(m->acknowledged == 5);
    add(pending, m, 4, "d");
    check(pending, "");
    add(pending, m, 6, "f");
    pending_acknowledge(pending, m, 5);
    check(pending, "f");
}

static void an_acknowledgement_is_of_one_marker_only(void **state)
{
    struct pending *pending = *state;
    struct marker *m = marker(pending, "m");
    struct marker *n = marker(pending, "n");
    add(pending, m, 1, "m1");
    add(pending, n, 1, "n1");
    pending_acknowledge(pending, m, 1);
    check(pending, "n1");
    add(pending, n, 2, "n2");
    pending_acknowledge(pending, m, 9);
    check(pending, "n1 n2");
    pending_acknowledge(pending, n, 1);
    check(pending, "n2");
}

/* A run begins at the front, so only from there anything may go. */
static void what_is_acknowledged_behind_something_else_leaves_with_it(void **state)
{
    struct pending *pending = *state;
    struct marker *m = marker(pending, "m");
    struct marker *n = marker(pending, "n");
    add(pending, m, 1, "m1");
    add(pending, n, 1, "n1");
    add(pending, n, 2, "n2");
    add(pending, m, 2, "m2");
    pending_acknowledge(pending, n, 1);
    check(pending, "m1 n1 n2 m2");
    pending_acknowledge(pending, m, 1);
    check(pending, "n2 m2");
    pending_acknowledge(pending, m, 2);
    check(pending, "n2 m2");
    pending_acknowledge(pending, n, 2);
    check(pending, "");
}

static void positions_need_64_bits(void **state)
{
    struct pending *pending = *state;
    struct marker *m = marker(pending, "m");
    add(pending, m, UINT32_MAX, "a");
    add(pending, m, (uint64_t)UINT32_MAX + 1, "b");
    add(pending, m, UINT64_MAX, "c");
    pending_acknowledge(pending, m, UINT32_MAX);
    check(pending, "b c");
    pending_acknowledge(pending, m, UINT64_MAX - 1);
    check(pending, "c");
    pending_acknowledge(pending, m, UINT64_MAX);
    check(pending, "");
}

/* --- bounds ------------------------------------------------------------------------------------------------------ */

static void count_and_bytes_say_what_is_held(void **state)
{
    struct pending *pending = *state;
    struct marker *m = marker(pending, "m");
    size_t empty;

    pending_add(pending, m, 1, PENDING_EVENT, span_of(""), span_of(""), 0);
    empty = pending->bytes;
    assert_true(empty >= sizeof(struct pending_item));
    pending_add(pending, m, 2, PENDING_EVENT, span_of("news"), span_of("0123456789"), 0);
    assert_int_equal(pending->bytes, 2 * empty + 14);
    assert_int_equal(pending->count, 2);
    pending_acknowledge(pending, m, 1);
    assert_int_equal(pending->bytes, empty + 14);
    assert_int_equal(pending->count, 1);
    pending_acknowledge(pending, m, 2);
    assert_int_equal(pending->bytes, 0);
    assert_int_equal(pending->count, 0);
}

static void a_cleared_one_holds_no_messages_and_still_knows_its_markers(void **state)
{
    struct pending *pending = *state;
    struct marker *m = marker(pending, "m");
    add(pending, m, 1, "a");
    add(pending, marker(pending, "n"), 1, "b");
    pending_acknowledge(pending, m, 0);
    pending_clear(pending);
    check(pending, "");
    assert_null(pending_first(pending));
    assert_int_equal(pending->bytes, 0);
    assert_int_equal(m->uses, 0);
    assert_int_equal(pending->marker_count, 2);
    assert_ptr_equal(marker(pending, "m"), m);
    assert_true(m->is_known);
    add(pending, m, 1, "again");
    check(pending, "again");
}

/* --- markers ----------------------------------------------------------------------------------------------------- */

static void names_of_markers_are_those_of_channels(void **state)
{
    (void)state;
    char name[MARKER_LIMIT + 2];
    static const struct span bad[] = {
        {NULL, 0},           SPAN_LITERAL(""),    SPAN_LITERAL(" "),        SPAN_LITERAL("a b"),   SPAN_LITERAL("a\n"),
        SPAN_LITERAL("a\0"), SPAN_LITERAL("\0a"), SPAN_LITERAL("\xc3\xa9"), SPAN_LITERAL("a*"),    SPAN_LITERAL("a/b"),
        SPAN_LITERAL("{a}"), SPAN_LITERAL("a~b"), SPAN_LITERAL("%s"),       SPAN_LITERAL("a\r\n"),
    };
    static const char *const good[] = {"a", "0", "-", ".", "_", ":", "0123abcdXYZ", "history:x", "log"};

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(marker_name_is_valid(bad[i]));
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(marker_name_is_valid(span_of(good[i])));
    memset(name, 'x', sizeof(name));
    assert_true(marker_name_is_valid((struct span){name, MARKER_LIMIT}));
    assert_false(marker_name_is_valid((struct span){name, MARKER_LIMIT + 1}));
}

static void a_name_is_the_same_marker_each_time(void **state)
{
    struct pending *pending = *state;
    static const char text[] = "marker1 marker2";
    struct marker *first = pending_marker(pending, (struct span){text, 7}, 5);
    struct marker *second = pending_marker(pending, (struct span){text + 8, 7}, 6);

    assert_string_equal(first->name, "marker1");
    assert_string_equal(second->name, "marker2");
    assert_ptr_not_equal(first, second);
    assert_ptr_equal(pending_marker(pending, span_of("marker1"), 9), first);
    assert_true(first->seen_ms == 5); /* heard of first */
    assert_int_equal(pending->marker_count, 2);
    /* The beginning of a name and more than a name are others. */
    assert_ptr_not_equal(marker(pending, "marker"), first);
    assert_ptr_not_equal(marker(pending, "marker11"), first);
    assert_int_equal(pending->marker_count, 4);
}

static void a_name_of_the_greatest_length_is_kept_whole(void **state)
{
    struct pending *pending = *state;
    char name[MARKER_LIMIT + 1];
    memset(name, 'x', MARKER_LIMIT);
    name[MARKER_LIMIT] = '\0';
    assert_string_equal(marker(pending, name)->name, name);
}

/* As many further ones as are asked for, each new. */
static void make_further(struct pending *pending, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof(name), "further%zu", i);
        marker(pending, name);
    }
}

static bool is_there(const struct pending *pending, const char *name)
{
    LIST_FOR_EACH(link, &pending->markers) {
        if (strcmp(LIST_ENTRY(link, struct marker, link)->name, name) == 0)
            return true;
    }
    return false;
}

static void at_most_256_unused_markers_are_remembered(void **state)
{
    struct pending *pending = *state;
    marker(pending, "first");
    make_further(pending, MARKERS_KEPT - 1);
    assert_true(is_there(pending, "first"));
    make_further(pending, 10 * MARKERS_KEPT);
    assert_int_equal(pending->marker_count, MARKERS_KEPT);
    assert_false(is_there(pending, "first"));
}

static void a_forgotten_marker_is_a_new_one(void **state)
{
    struct pending *pending = *state;
    pending_acknowledge(pending, marker(pending, "first"), 9);
    make_further(pending, 2 * MARKERS_KEPT);
    struct marker *again = marker(pending, "first");
    assert_false(again->is_known);
    assert_true(again->acknowledged == 0);
}

static void the_markers_used_last_are_remembered(void **state)
{
    struct pending *pending = *state;
    struct marker *used = marker(pending, "used");
    marker(pending, "old");
    make_further(pending, MARKERS_KEPT - 2);
    assert_ptr_equal(marker(pending, "used"), used);
    marker(pending, "one more");
    assert_false(is_there(pending, "old"));
    assert_true(is_there(pending, "used"));
}

static void a_marker_that_is_held_is_not_forgotten(void **state)
{
    struct pending *pending = *state;
    struct marker *held = marker_hold(marker(pending, "held"));
    struct marker *twice = marker_hold(marker_hold(marker(pending, "twice")));
    struct marker *named = marker(pending, "named");
    add(pending, named, 1, "a");

    marker_release(twice);
    make_further(pending, 2 * MARKERS_KEPT);
    assert_ptr_equal(marker(pending, "held"), held);
    assert_ptr_equal(marker(pending, "twice"), twice);
    assert_ptr_equal(pending_first(pending)->marker, named);
    assert_string_equal(named->name, "named");

    marker_release(held);
    marker_release(twice);
    pending_acknowledge(pending, named, 1);
    make_further(pending, 4 * MARKERS_KEPT);
    assert_false(is_there(pending, "held"));
    assert_false(is_there(pending, "twice"));
    assert_false(is_there(pending, "named"));
}

static void any_number_of_markers_can_be_held(void **state)
{
    struct pending *pending = *state;
    enum { COUNT = 2 * MARKERS_KEPT };
    struct marker *held[COUNT];
    char name[32];

    for (size_t i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "held%zu", i);
        held[i] = marker_hold(marker(pending, name));
    }
    assert_int_equal(pending->marker_count, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "held%zu", i);
        assert_string_equal(held[i]->name, name);
        marker_release(held[i]);
    }
    marker(pending, "one more");
    assert_int_equal(pending->marker_count, MARKERS_KEPT);
}

static void no_marker_can_be_held_and_let_go_of(void **state)
{
    (void)state;
    assert_null(marker_hold(NULL));
    marker_release(NULL);
}

/* The address sanitizer tells what is lost, and what is used after it was freed. */
static void the_end_frees_messages_and_markers_that_are_in_use(void **state)
{
    struct pending *pending = *state;
    struct marker *m = marker_hold(marker(pending, "m"));
    add(pending, m, 1, "a");
    add(pending, marker(pending, "n"), 1, "b");
    pending_fini(pending);
    pending_init(pending);
    check(pending, "");
}

/* --- the largest ------------------------------------------------------------------------------------------------- */

static void no_payload_is_larger_than_the_largest(void **state)
{
    struct pending *pending = *state;
    struct marker *m = marker(pending, "m");
    static const char *const texts[] = {"a", "bbbb", "cc", "ddddd", "e", "ff", "g", "hhh", "i", "j", "kk", "l"};

    assert_int_equal(pending_largest(pending), 0);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        add(pending, m, i + 1, texts[i]);
        if (i % 3 == 2)
            pending_acknowledge(pending, m, i / 2);
        for (struct pending_item *item = pending_first(pending); item != NULL; item = pending_next(pending, item))
            assert_true(item->payload_len <= pending_largest(pending));
    }
}

static void the_largest_is_forgotten_while_others_are_pending(void **state)
{
    struct pending *pending = *state;
    struct marker *m = marker(pending, "m");
    uint64_t position = 0;

    add(pending, m, ++position, "a very large one");
    assert_int_equal(pending_largest(pending), strlen("a very large one"));
    for (int n = 0; n < 3; n++)
        add(pending, m, ++position, "small");
    for (int n = 0; n < 4; n++) {
        assert_int_equal(pending_largest(pending), strlen("a very large one"));
        pending_acknowledge(pending, m, position - 3);
        add(pending, m, ++position, "small");
    }
    assert_int_equal(pending_largest(pending), strlen("small"));
    pending_acknowledge(pending, m, position);
    assert_int_equal(pending_largest(pending), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_one_is_empty, make, drop),
        cmocka_unit_test_setup_teardown(messages_stand_in_the_order_of_their_arrival, make, drop),
        cmocka_unit_test_setup_teardown(a_message_is_kept_with_all_that_names_it, make, drop),
        cmocka_unit_test_setup_teardown(channel_and_payload_may_be_empty, make, drop),
        cmocka_unit_test_setup_teardown(an_acknowledgement_takes_what_is_at_or_below_it, make, drop),
        cmocka_unit_test_setup_teardown(an_acknowledgement_makes_the_marker_known_even_at_0, make, drop),
        cmocka_unit_test_setup_teardown(a_message_that_comes_after_its_acknowledgement_is_not_kept, make, drop),
        cmocka_unit_test_setup_teardown(an_older_acknowledgement_changes_nothing, make, drop),
        cmocka_unit_test_setup_teardown(an_acknowledgement_is_of_one_marker_only, make, drop),
        cmocka_unit_test_setup_teardown(what_is_acknowledged_behind_something_else_leaves_with_it, make, drop),
        cmocka_unit_test_setup_teardown(positions_need_64_bits, make, drop),
        cmocka_unit_test_setup_teardown(count_and_bytes_say_what_is_held, make, drop),
        cmocka_unit_test_setup_teardown(a_cleared_one_holds_no_messages_and_still_knows_its_markers, make, drop),
        cmocka_unit_test(names_of_markers_are_those_of_channels),
        cmocka_unit_test_setup_teardown(a_name_is_the_same_marker_each_time, make, drop),
        cmocka_unit_test_setup_teardown(a_name_of_the_greatest_length_is_kept_whole, make, drop),
        cmocka_unit_test_setup_teardown(at_most_256_unused_markers_are_remembered, make, drop),
        cmocka_unit_test_setup_teardown(a_forgotten_marker_is_a_new_one, make, drop),
        cmocka_unit_test_setup_teardown(the_markers_used_last_are_remembered, make, drop),
        cmocka_unit_test_setup_teardown(a_marker_that_is_held_is_not_forgotten, make, drop),
        cmocka_unit_test_setup_teardown(any_number_of_markers_can_be_held, make, drop),
        cmocka_unit_test(no_marker_can_be_held_and_let_go_of),
        cmocka_unit_test_setup_teardown(the_end_frees_messages_and_markers_that_are_in_use, make, drop),
        cmocka_unit_test_setup_teardown(no_payload_is_larger_than_the_largest, make, drop),
        cmocka_unit_test_setup_teardown(the_largest_is_forgotten_while_others_are_pending, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
