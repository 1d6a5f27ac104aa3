/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/children.h"

#include <stdlib.h>

#include "base/alloc.h"

enum {
    YOUNG_MS = 1000, /* who ends before that age would do so again at once */
    FIRST_PAUSE_MS = 100,
    LONGEST_PAUSE_MS = 10000
};

static struct child *child_of(struct list *link)
{
    return LIST_ENTRY(link, struct child, link);
}

static void add_child(struct list *list, pid_t pid, unsigned index)
{
    struct child *child = alloc_zeroed(1, sizeof(*child));
    child->pid = pid;
    child->index = index;
    child->is_ready = pid > 0;
    list_init(&child->link);
    list_append(list, &child->link);
}

static void remove_child(struct child *child)
{
    list_remove(&child->link);
    free(child);
}

static struct child *find(struct list *list, pid_t pid)
{
    for (struct list *link = list->next; link != list; link = link->next)
        if (child_of(link)->pid == pid)
            return child_of(link);
    return NULL;
}

void children_init(struct children *children, const struct children_ops *ops)
{
    *children = (struct children){.ops = *ops};
    list_init(&children->current);
    list_init(&children->retired);
}

void children_fini(struct children *children)
{
    LIST_FOR_EACH_SAFE(link, &children->current)
        remove_child(child_of(link));
    LIST_FOR_EACH_SAFE(link, &children->retired)
        remove_child(child_of(link));
}

void children_begin(struct children *children, unsigned count)
{
    LIST_FOR_EACH_SAFE(link, &children->current) {
        if (child_of(link)->pid > 0)
            list_move_to_end(&children->retired, link);
        else
            remove_child(child_of(link));
    }
    for (unsigned i = 0; i < count; i++)
        add_child(&children->current, 0, i);
}

void children_adopt(struct children *children, pid_t pid)
{
    add_child(&children->retired, pid, 0);
}

static void start(struct children *children, struct child *child, int64_t now_ms)
{
    const struct child_place place = {.index = child->index, .has_predecessor = !list_is_empty(&children->retired)};

    child->is_ready = false;
    child->started_ms = now_ms;
    pid_t pid = children->ops.spawn(children->ops.context, &place);
    if (pid > 0)
        child->pid = pid;
    else
        child->not_before_ms = now_ms + FIRST_PAUSE_MS;
}

static void ask_to_end(struct children *children, struct child *child)
{
    child->was_asked = true;
    children->ops.end(children->ops.context, child->pid);
}

void children_tend(struct children *children, int64_t now_ms)
{
    if (children->is_ending)
        return;
    LIST_FOR_EACH_SAFE(link, &children->current)
        if (child_of(link)->pid == 0 && child_of(link)->not_before_ms <= now_ms)
            start(children, child_of(link), now_ms);
    if (!children_are_ready(children))
        return;
    LIST_FOR_EACH_SAFE(link, &children->retired)
        if (!child_of(link)->was_asked)
            ask_to_end(children, child_of(link));
}

int64_t children_due(const struct children *children)
{
    int64_t due_ms = INT64_MAX;

    if (children->is_ending)
        return due_ms;
    for (const struct list *link = children->current.next; link != &children->current; link = link->next) {
        const struct child *child = LIST_ENTRY(link, const struct child, link);
        if (child->pid == 0 && child->not_before_ms < due_ms)
            due_ms = child->not_before_ms;
    }
    return due_ms;
}

void children_on_ready(struct children *children, pid_t pid)
{
    struct child *child = find(&children->current, pid);
    if (child != NULL)
        child->is_ready = true;
}

/* Each further early death doubles the pause. */
static int64_t pause_after(struct child *child, int64_t now_ms)
{
    if (now_ms - child->started_ms >= YOUNG_MS)
        child->pause_ms = 0;
    else if (child->pause_ms == 0)
        child->pause_ms = FIRST_PAUSE_MS;
    else if (child->pause_ms * 2 <= LONGEST_PAUSE_MS)
        child->pause_ms *= 2;
    else
        child->pause_ms = LONGEST_PAUSE_MS;
    return child->pause_ms;
}

bool children_on_exit(struct children *children, pid_t pid, int64_t now_ms, int64_t *pause_ms)
{
    struct child *child = find(&children->retired, pid);

    if (child != NULL) {
        remove_child(child);
        return false;
    }
    child = find(&children->current, pid);
    if (child == NULL)
        return false;
    child->pid = 0;
    child->is_ready = false;
    if (children->is_ending)
        return false;
    *pause_ms = pause_after(child, now_ms);
    child->not_before_ms = now_ms + *pause_ms;
    return true;
}

bool children_are_ready(const struct children *children)
{
    for (const struct list *link = children->current.next; link != &children->current; link = link->next)
        if (!LIST_ENTRY(link, const struct child, link)->is_ready)
            return false;
    return true;
}

static void ask_again(void *context, pid_t pid)
{
    const struct children *children = context;
    children->ops.end(children->ops.context, pid);
}

void children_end(struct children *children)
{
    children->is_ending = true;
    children_visit(children, ask_again, children);
}

static void visit_list(const struct list *list, void (*visit)(void *context, pid_t pid), void *context)
{
    for (const struct list *link = list->next; link != list; link = link->next) {
        const struct child *child = LIST_ENTRY(link, const struct child, link);
        if (child->pid > 0)
            visit(context, child->pid);
    }
}

void children_visit(const struct children *children, void (*visit)(void *context, pid_t pid), void *context)
{
    visit_list(&children->current, visit, context);
    visit_list(&children->retired, visit, context);
}

static void count_one(void *context, pid_t pid)
{
    (void)pid;
    ++*(size_t *)context;
}

bool children_have_ended(const struct children *children)
{
    size_t count = 0;
    children_visit(children, count_one, &count);
    return count == 0;
}
