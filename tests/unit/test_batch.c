/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/batch.h"
#include "unit.h"

struct fixture {
    struct ring ring;
    struct batch batch;
};

static void append(struct ring *ring, uint64_t seq, const char *text)
{
    ring_append(ring, (struct event_id){.ms = 7, .seq = seq}, bytes_new(text, strlen(text)));
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    ring_init(&fixture.ring, EVENT_ID_NONE);
    append(&fixture.ring, 1, "aa");
    append(&fixture.ring, 2, "bbbb");
    append(&fixture.ring, 3, "c");
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    batch_clear(&fixture->batch);
    ring_fini(&fixture->ring);
    return 0;
}

static void who_stands_at_the_same_place_gets_the_same_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct ring_cursor first = {0};
    struct ring_cursor second = {0};
    struct bytes *of_first = batch_take(&fixture->batch, &fixture->ring, &first, 3, 100);
    struct bytes *of_second = batch_take(&fixture->batch, &fixture->ring, &second, 3, 100);

    assert_ptr_equal(of_first, of_second);
    assert_span_equal(((struct span){of_first->data, of_first->len}), span_of("aabbbbc"));
    assert_true(first.index == 3 && second.index == 3);
    batch_clear(&fixture->batch);
    assert_int_equal(of_first->refs, 2);
    bytes_unref(of_first);
    bytes_unref(of_second);
}

/* Takes with the slot filled by somebody else, and compares with what the ring itself gives. */
static void check_as_ring_take(struct fixture *fixture, struct ring_cursor from, uint64_t until, size_t limit)
{
    struct ring_cursor by_batch = from;
    struct ring_cursor by_ring = from;
    struct bytes *taken = batch_take(&fixture->batch, &fixture->ring, &by_batch, until, limit);
    struct bytes *expected = ring_take(&fixture->ring, &by_ring, until, limit);

    assert_span_equal(((struct span){taken->data, taken->len}), ((struct span){expected->data, expected->len}));
    assert_true(by_batch.index == by_ring.index && by_batch.offset == by_ring.offset);
    bytes_unref(taken);
    bytes_unref(expected);
}

static void any_other_place_limit_or_end_gets_its_own_bytes(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t index = 0; index < 3; index++)
        for (uint32_t offset = 0; offset < ring_at(&fixture->ring, index)->frame->len; offset++)
            for (uint64_t until = index + 1; until <= 3; until++)
                for (size_t limit = 1; limit < 9; limit++) {
                    check_as_ring_take(fixture, (struct ring_cursor){0}, 3, 100);
                    check_as_ring_take(fixture, (struct ring_cursor){index, offset}, until, limit);
                    check_as_ring_take(fixture, (struct ring_cursor){index, offset}, until, limit);
                }
}

static void another_ring_at_the_same_place_gets_its_own_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct ring other;
    struct ring_cursor cursor = {0};

    ring_init(&other, EVENT_ID_NONE);
    append(&other, 1, "other");
    check_as_ring_take(fixture, (struct ring_cursor){0}, 1, 100);
    struct bytes *taken = batch_take(&fixture->batch, &other, &cursor, 1, 100);
    assert_span_equal(((struct span){taken->data, taken->len}), span_of("other"));
    bytes_unref(taken);
    batch_clear(&fixture->batch);
    ring_fini(&other);
}

static void a_cleared_slot_holds_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct ring_cursor cursor = {0};
    struct bytes *frame = ring_at(&fixture->ring, 0)->frame;

    bytes_unref(batch_take(&fixture->batch, &fixture->ring, &cursor, 1, 100));
    assert_int_equal(frame->refs, 2);
    batch_clear(&fixture->batch);
    assert_int_equal(frame->refs, 1);
    batch_clear(&fixture->batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_stands_at_the_same_place_gets_the_same_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_other_place_limit_or_end_gets_its_own_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_ring_at_the_same_place_gets_its_own_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cleared_slot_holds_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
