/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "base/list.h"

struct item {
    int number;
    struct list link;
};

enum { ITEMS = 4 };

static void fill(struct list *head, struct item items[ITEMS])
{
    list_init(head);
    for (int i = 0; i < ITEMS; i++) {
        items[i].number = i;
        list_init(&items[i].link);
        list_append(head, &items[i].link);
    }
}

/* The numbers in the list, read forwards; the links back are checked on the way. */
static void assert_numbers(struct list *head, const int *numbers, size_t count)
{
    size_t seen = 0;
    LIST_FOR_EACH (link, head) {
        assert_true(seen < count);
        assert_int_equal(LIST_ENTRY(link, struct item, link)->number, numbers[seen]);
        assert_ptr_equal(link->prev->next, link);
        assert_ptr_equal(link->next->prev, link);
        seen++;
    }
    assert_int_equal(seen, count);
}

static void a_new_list_is_empty(void **state)
{
    (void)state;
    struct list head;
    list_init(&head);
    assert_true(list_is_empty(&head));
    assert_numbers(&head, NULL, 0);
}

static void elements_stand_in_the_order_in_which_they_were_appended(void **state)
{
    (void)state;
    struct list head;
    struct item items[ITEMS];
    fill(&head, items);
    assert_false(list_is_empty(&head));
    assert_numbers(&head, (int[]){0, 1, 2, 3}, 4);
}

static void any_element_can_be_removed(void **state)
{
    (void)state;
    struct list head;
    struct item items[ITEMS];
    fill(&head, items);
    list_remove(&items[1].link);
    assert_numbers(&head, (int[]){0, 2, 3}, 3);
    list_remove(&items[0].link);
    assert_numbers(&head, (int[]){2, 3}, 2);
    list_remove(&items[3].link);
    assert_numbers(&head, (int[]){2}, 1);
    list_remove(&items[2].link);
    assert_true(list_is_empty(&head));
}

static void removing_an_element_that_is_in_no_list_does_nothing(void **state)
{
    (void)state;
    struct list head;
    struct item items[ITEMS];
    fill(&head, items);
    list_remove(&items[2].link);
    assert_true(list_is_empty(&items[2].link));
    list_remove(&items[2].link);
    assert_true(list_is_empty(&items[2].link));
    assert_numbers(&head, (int[]){0, 1, 3}, 3);
}

static void a_removed_element_can_be_appended_again(void **state)
{
    (void)state;
    struct list head;
    struct item items[ITEMS];
    fill(&head, items);
    list_remove(&items[0].link);
    list_append(&head, &items[0].link);
    assert_numbers(&head, (int[]){1, 2, 3, 0}, 4);
}

static void moving_to_the_end_works_within_a_list_between_lists_and_from_none(void **state)
{
    (void)state;
    struct list head, other;
    struct item items[ITEMS];
    struct item loose = {.number = 9};
    fill(&head, items);
    list_init(&other);
    list_init(&loose.link);
    list_move_to_end(&head, &items[1].link);
    assert_numbers(&head, (int[]){0, 2, 3, 1}, 4);
    list_move_to_end(&head, &items[1].link);
    assert_numbers(&head, (int[]){0, 2, 3, 1}, 4);
    list_move_to_end(&other, &items[2].link);
    list_move_to_end(&other, &loose.link);
    assert_numbers(&head, (int[]){0, 3, 1}, 3);
    assert_numbers(&other, (int[]){2, 9}, 2);
}

static void the_safe_walk_allows_removing_the_current_element(void **state)
{
    (void)state;
    struct list head;
    struct item items[ITEMS];
    int sum = 0;
    fill(&head, items);
    LIST_FOR_EACH_SAFE (link, &head) {
        struct item *item = LIST_ENTRY(link, struct item, link);
        sum += item->number;
        if (item->number % 2 == 0)
            list_remove(link);
    }
    assert_int_equal(sum, 6);
    assert_numbers(&head, (int[]){1, 3}, 2);
    LIST_FOR_EACH_SAFE (link, &head)
        list_remove(link);
    assert_true(list_is_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_list_is_empty),
        cmocka_unit_test(elements_stand_in_the_order_in_which_they_were_appended),
        cmocka_unit_test(any_element_can_be_removed),
        cmocka_unit_test(removing_an_element_that_is_in_no_list_does_nothing),
        cmocka_unit_test(a_removed_element_can_be_appended_again),
        cmocka_unit_test(moving_to_the_end_works_within_a_list_between_lists_and_from_none),
        cmocka_unit_test(the_safe_walk_allows_removing_the_current_element),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
