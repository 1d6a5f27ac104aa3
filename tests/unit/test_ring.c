/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/ring.h"

#include <stdio.h>

#include "unit.h"

static struct event_id id(uint64_t seq)
{
    return (struct event_id){.ms = 7, .seq = seq};
}

static void append(struct ring *ring, uint64_t seq, const char *text)
{
    ring_append(ring, id(seq), text != NULL ? bytes_new(text, strlen(text)) : NULL);
}

/* Takes, and compares the bytes and where the cursor then stands. */
static void check_take(const struct ring *ring, struct ring_cursor *cursor, uint64_t until, size_t limit,
                       const char *expected, uint64_t index, uint32_t offset)
{
    struct bytes *taken = ring_take(ring, cursor, until, limit);
    assert_span_equal(((struct span){taken->data, taken->len}), span_of(expected));
    assert_true(cursor->index == index);
    assert_int_equal(cursor->offset, offset);
    bytes_unref(taken);
}

static void an_empty_ring_lacks_nothing_after_its_base(void **state)
{
    (void)state;
    struct ring ring;
    ring_init(&ring, id(5));
    assert_true(ring.first == ring.end);
    assert_int_equal(ring.size_bytes, 0);
    assert_true(event_id_compare(ring.base, id(5)) == 0);
    assert_true(ring_find_after(&ring, id(0)) == ring.end);
    assert_true(ring_find_after(&ring, id(9)) == ring.end);
    ring_fini(&ring);
}

static void an_index_names_the_same_entry_for_ever(void **state)
{
    (void)state;
    struct ring ring;
    ring_init(&ring, id(0));
    for (uint64_t i = 0; i < 1000; i++) {
        char text[16];
        snprintf(text, sizeof(text), "%u", (unsigned)i);
        append(&ring, i * 2 + 1, text);
        assert_true(ring.end == i + 1);
        if (i % 3 == 2) {
            ring_evict(&ring);
            assert_true(event_id_compare(ring.base, id((ring.first - 1) * 2 + 1)) == 0);
        }
        for (uint64_t index = ring.first; index < ring.end; index += 1 + ring.end / 50) {
            const struct ring_entry *entry = ring_at(&ring, index);
            snprintf(text, sizeof(text), "%u", (unsigned)index);
            assert_true(event_id_compare(entry->id, id(index * 2 + 1)) == 0);
            assert_span_equal(((struct span){entry->frame->data, entry->frame->len}), span_of(text));
        }
    }
    assert_true(ring.first == 333);
    ring_fini(&ring);
}

static void find_after_gives_the_first_above(void **state)
{
    (void)state;
    struct ring ring;
    ring_init(&ring, id(0));
    for (uint64_t i = 0; i < 50; i++)
        append(&ring, 10 + i * 10, "x");
    for (int i = 0; i < 20; i++)
        ring_evict(&ring);
    for (uint64_t seq = 0; seq < 520; seq++) {
        uint64_t expected = ring.first;
        while (expected < ring.end && event_id_compare(ring_at(&ring, expected)->id, id(seq)) <= 0)
            expected++;
        assert_true(ring_find_after(&ring, id(seq)) == expected);
    }
    assert_true(ring_find_after(&ring, (struct event_id){.ms = 6, .seq = UINT64_MAX}) == ring.first);
    assert_true(ring_find_after(&ring, (struct event_id){.ms = 8}) == ring.end);
    ring_fini(&ring);
}

static void size_and_references_follow_the_entries(void **state)
{
    (void)state;
    struct ring ring;
    struct bytes *frame = bytes_new("frame", 5);
    ring_init(&ring, id(0));
    ring_append(&ring, id(1), bytes_ref(frame));
    size_t one = ring.size_bytes;
    assert_true(one >= 5 + sizeof(struct ring_entry));
    append(&ring, 2, NULL);
    size_t of_break = ring.size_bytes - one;
    assert_true(of_break >= sizeof(struct ring_entry) && of_break < one);
    append(&ring, 3, "frame");
    assert_int_equal(ring.size_bytes, 2 * one + of_break);
    assert_int_equal(frame->refs, 2);
    ring_evict(&ring);
    assert_int_equal(frame->refs, 1);
    assert_int_equal(ring.size_bytes, one + of_break);
    ring_evict(&ring);
    ring_evict(&ring);
    assert_int_equal(ring.size_bytes, 0);
    ring_append(&ring, id(4), bytes_ref(frame));
    ring_fini(&ring);
    assert_int_equal(frame->refs, 1);
    bytes_unref(frame);
}

static void take_keeps_whole_frames_together(void **state)
{
    (void)state;
    struct ring ring;
    struct ring_cursor cursor = {0};
    ring_init(&ring, id(0));
    append(&ring, 1, "aaa");
    append(&ring, 2, "bb");
    append(&ring, 3, "cccc");
    append(&ring, 4, "d");
    check_take(&ring, &cursor, ring.end, 3, "aaa", 1, 0);
    cursor = (struct ring_cursor){0};
    check_take(&ring, &cursor, ring.end, 4, "aaa", 1, 0);
    cursor = (struct ring_cursor){0};
    check_take(&ring, &cursor, ring.end, 5, "aaabb", 2, 0);
    check_take(&ring, &cursor, ring.end, 5, "ccccd", 4, 0);
    cursor = (struct ring_cursor){0};
    check_take(&ring, &cursor, ring.end, 100, "aaabbccccd", 4, 0);
    cursor = (struct ring_cursor){0};
    check_take(&ring, &cursor, 2, 100, "aaabb", 2, 0);
    cursor = (struct ring_cursor){.index = 1};
    check_take(&ring, &cursor, 2, 100, "bb", 2, 0);
    ring_fini(&ring);
}

static void a_frame_larger_than_the_limit_is_cut(void **state)
{
    (void)state;
    struct ring ring;
    struct ring_cursor cursor = {0};
    ring_init(&ring, id(0));
    append(&ring, 1, "0123456789");
    append(&ring, 2, "xy");
    append(&ring, 3, "z");
    check_take(&ring, &cursor, ring.end, 4, "0123", 0, 4);
    check_take(&ring, &cursor, ring.end, 4, "4567", 0, 8);
    check_take(&ring, &cursor, ring.end, 4, "89xy", 2, 0);
    cursor = (struct ring_cursor){.index = 0, .offset = 8};
    check_take(&ring, &cursor, ring.end, 3, "89", 1, 0);
    cursor = (struct ring_cursor){.index = 0, .offset = 9};
    check_take(&ring, &cursor, ring.end, 100, "9xyz", 3, 0);
    cursor = (struct ring_cursor){.index = 0, .offset = 6};
    check_take(&ring, &cursor, 1, 100, "6789", 1, 0);
    ring_fini(&ring);
}

static void take_stops_before_a_break(void **state)
{
    (void)state;
    struct ring ring;
    struct ring_cursor cursor = {0};
    ring_init(&ring, id(0));
    append(&ring, 1, "a");
    append(&ring, 2, "b");
    append(&ring, 3, NULL);
    append(&ring, 4, "c");
    check_take(&ring, &cursor, ring.end, 100, "ab", 2, 0);
    cursor.index++;
    check_take(&ring, &cursor, ring.end, 100, "c", 4, 0);
    ring_fini(&ring);
}

static void one_whole_frame_is_shared_and_not_copied(void **state)
{
    (void)state;
    struct ring ring;
    struct ring_cursor cursor = {0};
    ring_init(&ring, id(0));
    append(&ring, 1, "shared");
    append(&ring, 2, "x");
    struct bytes *taken = ring_take(&ring, &cursor, 1, 100);
    assert_ptr_equal(taken, ring_at(&ring, 0)->frame);
    ring_fini(&ring);
    assert_int_equal(taken->refs, 1);
    bytes_unref(taken);
}

/* All frames of the ring, one after the other, taken with the limit from the offset of the first. */
static void check_all_taken(const struct ring *ring, uint32_t offset, size_t limit, const struct buffer *all)
{
    struct ring_cursor cursor = {.index = ring->first, .offset = offset};
    struct buffer taken = {0};
    while (cursor.index < ring->end) {
        struct ring_cursor before = cursor;
        struct bytes *part = ring_take(ring, &cursor, ring->end, limit);
        size_t first_len = ring_at(ring, before.index)->frame->len - before.offset;
        assert_true(part->len > 0 && part->len <= limit);
        assert_true(first_len > limit ? cursor.index == before.index : cursor.offset == 0);
        if (first_len <= limit && cursor.index < ring->end)
            assert_true(part->len + ring_at(ring, cursor.index)->frame->len > limit);
        buffer_add(&taken, part->data, part->len);
        bytes_unref(part);
    }
    assert_span_equal(span_of_buffer(&taken), ((struct span){all->data + offset, all->len - offset}));
    buffer_fini(&taken);
}

static void every_limit_and_offset_gives_all_bytes_in_order(void **state)
{
    (void)state;
    static const size_t lengths[] = {7, 1, 12, 3, 3, 20, 1, 1};
    struct ring ring;
    struct buffer all = {0};
    char c = 'a';

    ring_init(&ring, id(0));
    append(&ring, 1, "gone");
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct bytes *frame = bytes_new_uninitialised(lengths[i]);
        for (size_t j = 0; j < lengths[i]; j++)
            frame->data[j] = c++;
        buffer_add(&all, frame->data, frame->len);
        ring_append(&ring, id(10 + i), frame);
    }
    ring_evict(&ring);
    for (size_t limit = 1; limit <= all.len + 1; limit++)
        for (uint32_t offset = 0; offset < lengths[0]; offset++)
            check_all_taken(&ring, offset, limit, &all);
    buffer_fini(&all);
    ring_fini(&ring);
}

static void joined_rings_share_their_frames_and_what_is_out_of_order_is_dropped(void **state)
{
    (void)state;
    struct ring ring, newer;
    ring_init(&ring, id(3));
    assert_true(event_id_compare(ring_newest(&ring), id(3)) == 0);
    append(&ring, 4, "four");
    append(&ring, 6, "six");
    assert_true(event_id_compare(ring_newest(&ring), id(6)) == 0);
    ring_init(&newer, id(5));
    append(&newer, 6, "other");
    append(&newer, 7, "seven");
    append(&newer, 8, NULL);
    const struct bytes *seven = ring_at(&newer, 1)->frame;
    size_t size = ring.size_bytes + newer.size_bytes - sizeof(struct ring_entry) - sizeof(*seven) - strlen("other");
    assert_int_equal(ring_join(&ring, &newer), 1);
    assert_int_equal(ring.end - ring.first, 4);
    assert_int_equal(ring.events, 3);
    assert_int_equal(ring.size_bytes, size);
    assert_int_equal(newer.size_bytes, 0);
    assert_true(event_id_compare(ring.base, id(3)) == 0);
    assert_ptr_equal(ring_at(&ring, 2)->frame, seven);
    assert_int_equal(seven->refs, 1);
    assert_null(ring_at(&ring, 3)->frame);
    ring_fini(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_ring_lacks_nothing_after_its_base),
        cmocka_unit_test(an_index_names_the_same_entry_for_ever),
        cmocka_unit_test(find_after_gives_the_first_above),
        cmocka_unit_test(size_and_references_follow_the_entries),
        cmocka_unit_test(take_keeps_whole_frames_together),
        cmocka_unit_test(a_frame_larger_than_the_limit_is_cut),
        cmocka_unit_test(take_stops_before_a_break),
        cmocka_unit_test(one_whole_frame_is_shared_and_not_copied),
        cmocka_unit_test(every_limit_and_offset_gives_all_bytes_in_order),
        cmocka_unit_test(joined_rings_share_their_frames_and_what_is_out_of_order_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
