/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intrusive circular doubly linked list: the link is a member of the element, so adding and removing never
 * allocates. A head and an element that is in no list both point to themselves; list_remove may therefore be
 * called on an element that is in none. The list owns nothing.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *prev;
    struct list *next;
};

/* The structure of the given type whose member `member` is the link. */
#define LIST_ENTRY(link, type, member) ((type *)(void *)((char *)(link) - offsetof(type, member)))

/* Walks the links of a list from the front. The current element must stay in the list during its turn. */
#define LIST_FOR_EACH(link, head) for (struct list *link = (head)->next; link != (head); link = link->next)

/* As LIST_FOR_EACH, but the current element may be removed or freed during its turn (no other one). */
#define LIST_FOR_EACH_SAFE(link, head)                                                                                 \
    for (struct list *link = (head)->next, *link##_next = link->next; link != (head);                                  \
         link = link##_next, link##_next = link->next)

static inline void list_init(struct list *list)
{
    list->prev = list;
    list->next = list;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

static inline void list_insert_between(struct list *link, struct list *prev, struct list *next)
{
    link->prev = prev;
    link->next = next;
    prev->next = link;
    next->prev = link;
}

/* Appends an element that is in no list. */
static inline void list_append(struct list *head, struct list *link)
{
    list_insert_between(link, head->prev, head);
}

/* Takes the element out of its list, if it is in one. */
static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* Moves an element, from whatever list it is in, to the end of this one. */
static inline void list_move_to_end(struct list *head, struct list *link)
{
    list_remove(link);
    list_append(head, link);
}

#endif
