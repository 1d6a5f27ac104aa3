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

static struct child *add_child(struct list *list, pid_t pid, unsigned index, int64_t patience_ms)
{
    struct child *child = alloc_zeroed(1, sizeof(*child));

    *child = (struct child){.pid = pid, .index = index, .patience_ms = patience_ms, .kill_at_ms = INT64_MAX};
    list_init(&child->link);
    list_append(list, &child->link);
    return child;
}

static void remove_child(struct child *child)
{
    list_remove(&child->link);
    free(child);
}

static struct child *find(struct list *list, pid_t pid)
{
    LIST_FOR_EACH(link, list)
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

/* --- all of them ---------------------------------------------------------------------------------------------- */

static void visit_list(const struct list *list, void (*visit)(void *context, const struct child *child), void *context)
{
    for (const struct list *link = list->next; link != list; link = link->next) {
        const struct child *child = LIST_ENTRY(link, const struct child, link);
        if (child->pid > 0)
            visit(context, child);
    }
}

void children_visit(const struct children *children, void (*visit)(void *context, const struct child *child),
                    void *context)
{
    visit_list(&children->current, visit, context);
    visit_list(&children->retired, visit, context);
}

static void note_one(void *context, const struct child *child)
{
    (void)child;
    *(bool *)context = true;
}

bool children_have_ended(const struct children *children)
{
    bool has_any = false;
    children_visit(children, note_one, &has_any);
    return !has_any;
}

static void note_one_that_serves(void *context, const struct child *child)
{
    *(bool *)context |= child->is_ready && !child->was_asked;
}

static bool has_one_that_serves(const struct children *children)
{
    bool has_any = false;
    children_visit(children, note_one_that_serves, &has_any);
    return has_any;
}

bool children_are_ready(const struct children *children)
{
    for (const struct list *link = children->current.next; link != &children->current; link = link->next)
        if (!LIST_ENTRY(link, const struct child, link)->is_ready)
            return false;
    return true;
}

/* --- generations ---------------------------------------------------------------------------------------------- */

void children_begin(struct children *children, unsigned count, int64_t patience_ms)
{
    LIST_FOR_EACH_SAFE(link, &children->current) {
        if (child_of(link)->pid > 0)
            list_move_to_end(&children->retired, link);
        else
            remove_child(child_of(link));
    }
    for (unsigned i = 0; i < count; i++)
        add_child(&children->current, 0, i, patience_ms);
}

void children_adopt(struct children *children, pid_t pid, int64_t patience_ms)
{
    add_child(&children->retired, pid, 0, patience_ms)->is_ready = true;
}

static void note_asked(struct child *child, int64_t now_ms)
{
    child->was_asked = true;
    child->kill_at_ms = now_ms + child->patience_ms;
}

void children_adopt_ending(struct children *children, pid_t pid, int64_t patience_ms, int64_t now_ms)
{
    note_asked(add_child(&children->retired, pid, 0, patience_ms), now_ms);
}

void children_on_ready(struct children *children, pid_t pid)
{
    struct child *child = find(&children->current, pid);
    if (child != NULL)
        child->is_ready = true;
}

/* --- starts and ends ------------------------------------------------------------------------------------------ */

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

/* One that could not be started has died at its birth. */
static void start(struct children *children, struct child *child, int64_t now_ms)
{
    const struct child_place place = {.index = child->index, .has_others = has_one_that_serves(children)};

    child->started_ms = now_ms;
    pid_t pid = children->ops.spawn(children->ops.context, &place);
    if (pid > 0)
        child->pid = pid;
    else
        child->not_before_ms = now_ms + pause_after(child, now_ms);
}

static void ask_to_end(struct children *children, struct child *child, int64_t now_ms)
{
    note_asked(child, now_ms);
    children->ops.end(children->ops.context, child->pid);
}

static void ask_all(struct children *children, struct list *list, int64_t now_ms)
{
    LIST_FOR_EACH(link, list)
        if (child_of(link)->pid > 0 && !child_of(link)->was_asked)
            ask_to_end(children, child_of(link), now_ms);
}

static void ask_again(void *context, const struct child *child)
{
    const struct children *children = context;
    children->ops.end(children->ops.context, child->pid);
}

void children_end(struct children *children, int64_t now_ms)
{
    if (children->is_ending) {
        children_visit(children, ask_again, children);
        return;
    }
    children->is_ending = true;
    ask_all(children, &children->current, now_ms);
    ask_all(children, &children->retired, now_ms);
}

static void kill_overdue(struct children *children, struct list *list, int64_t now_ms)
{
    LIST_FOR_EACH(link, list) {
        struct child *child = child_of(link);
        if (child->pid == 0 || child->kill_at_ms > now_ms)
            continue;
        child->kill_at_ms = INT64_MAX;
        children->ops.kill(children->ops.context, child->pid);
    }
}

void children_tend(struct children *children, int64_t now_ms)
{
    kill_overdue(children, &children->current, now_ms);
    kill_overdue(children, &children->retired, now_ms);
    if (children->is_ending)
        return;
    LIST_FOR_EACH(link, &children->current)
        if (child_of(link)->pid == 0 && child_of(link)->not_before_ms <= now_ms)
            start(children, child_of(link), now_ms);
    if (children_are_ready(children))
        ask_all(children, &children->retired, now_ms);
}

static int64_t due_of(const struct children *children, const struct child *child)
{
    if (child->pid > 0)
        return child->kill_at_ms;
    return children->is_ending ? INT64_MAX : child->not_before_ms;
}

static int64_t first_due(const struct children *children, const struct list *list)
{
    int64_t due_ms = INT64_MAX;
    for (const struct list *link = list->next; link != list; link = link->next) {
        int64_t one_ms = due_of(children, LIST_ENTRY(link, const struct child, link));
        if (one_ms < due_ms)
            due_ms = one_ms;
    }
    return due_ms;
}

int64_t children_due(const struct children *children)
{
    int64_t current_ms = first_due(children, &children->current);
    int64_t retired_ms = first_due(children, &children->retired);
    return current_ms < retired_ms ? current_ms : retired_ms;
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
