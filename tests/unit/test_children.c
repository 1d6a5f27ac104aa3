/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <stdbool.h>

#include "process/children.h"

enum { PATIENCE = 7000, FIRST_PID = 100 };

/*
 * Processes as the test plays them: numbered from FIRST_PID on, and what was done with them as words: "+100/0" started
 * at place 0, "+101/0!" likewise while others serve, "-100" asked to end, "x100" killed, "?/1" place 1 could not start.
 */
struct fixture {
    struct children children;
    struct buffer done;
    pid_t last;
    bool cannot_spawn;
};

static pid_t spawn(void *context, const struct child_place *place)
{
    struct fixture *f = context;
    if (f->cannot_spawn) {
        buffer_printf(&f->done, " ?/%u", place->index);
        return -1;
    }
    buffer_printf(&f->done, " +%d/%u%s", (int)++f->last, place->index, place->has_others ? "!" : "");
    return f->last;
}

static void end(void *context, pid_t pid)
{
    struct fixture *f = context;
    buffer_printf(&f->done, " -%d", (int)pid);
}

static void kill_one(void *context, pid_t pid)
{
    struct fixture *f = context;
    buffer_printf(&f->done, " x%d", (int)pid);
}

static int make(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    const struct children_ops ops = {.spawn = spawn, .end = end, .kill = kill_one, .context = f};
    f->last = FIRST_PID - 1;
    children_init(&f->children, &ops);
    *state = f;
    return 0;
}

static int drop(void **state)
{
    struct fixture *f = *state;
    children_fini(&f->children);
    buffer_fini(&f->done);
    test_free(f);
    return 0;
}

/* What was done since the last call. */
#define assert_done(f, expected) assert_done_at(f, expected, __FILE__, __LINE__)

static void assert_done_at(struct fixture *f, const char *expected, const char *file, int line)
{
    struct span done = f->done.len > 0 ? (struct span){f->done.data + 1, f->done.len - 1} : (struct span){"", 0};
    assert_span_equal_at(done, span_of(expected), file, line);
    buffer_clear(&f->done);
}

/* A generation of so many that serve. */
static void begin_served(struct fixture *f, unsigned count, int64_t now_ms)
{
    children_begin(&f->children, count, PATIENCE);
    children_tend(&f->children, now_ms);
    for (pid_t pid = f->last - (pid_t)count + 1; pid <= f->last; pid++)
        children_on_ready(&f->children, pid);
    children_tend(&f->children, now_ms);
    assert_true(children_are_ready(&f->children));
}

/* Ends a worker by itself; the pause, -1 when that was no surprise. */
static int64_t die(struct fixture *f, pid_t pid, int64_t now_ms)
{
    int64_t pause_ms = -1;
    bool is_surprise = children_on_exit(&f->children, pid, now_ms, &pause_ms);
    assert_int_equal(is_surprise, pause_ms >= 0);
    return pause_ms;
}

static void as_many_are_started_as_are_wanted(void **state)
{
    struct fixture *f = *state;
    children_begin(&f->children, 3, PATIENCE);
    assert_int_equal(children_due(&f->children), 0);
    children_tend(&f->children, 10);
    assert_done(f, "+100/0 +101/1 +102/2");
    assert_int_equal(children_due(&f->children), INT64_MAX);
    assert_false(children_are_ready(&f->children));
    children_on_ready(&f->children, 100);
    children_on_ready(&f->children, 102);
    assert_false(children_are_ready(&f->children));
    children_on_ready(&f->children, 101);
    assert_true(children_are_ready(&f->children));
    children_tend(&f->children, 20);
    assert_done(f, "");
}

static void one_that_dies_after_a_while_is_replaced_at_once_in_its_place(void **state)
{
    struct fixture *f = *state;
    begin_served(f, 2, 10);
    assert_done(f, "+100/0 +101/1");
    assert_int_equal(die(f, 101, 1010), 0);
    assert_false(children_are_ready(&f->children));
    assert_int_equal(children_due(&f->children), 1010);
    children_tend(&f->children, 1010);
    assert_done(f, "+102/1!");
}

static void one_that_dies_young_again_and_again_is_backed_off_up_to_ten_seconds(void **state)
{
    static const int64_t pauses[] = {100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000};
    struct fixture *f = *state;
    int64_t now_ms = 50;

    children_begin(&f->children, 1, PATIENCE);
    for (size_t i = 0; i < COUNT_OF(pauses); i++) {
        children_tend(&f->children, now_ms);
        now_ms += 999;
        assert_int_equal(die(f, f->last, now_ms), pauses[i]);
        assert_int_equal(children_due(&f->children), now_ms + pauses[i]);
        pid_t last = f->last;
        children_tend(&f->children, now_ms + pauses[i] - 1);
        assert_int_equal(f->last, last);
        now_ms += pauses[i];
    }
    children_tend(&f->children, now_ms);
    assert_int_equal(die(f, f->last, now_ms + 1000), 0);
    children_tend(&f->children, now_ms + 1000);
    assert_int_equal(die(f, f->last, now_ms + 1001), 100);
}

static void one_that_cannot_be_started_is_backed_off_likewise(void **state)
{
    struct fixture *f = *state;
    f->cannot_spawn = true;
    children_begin(&f->children, 1, PATIENCE);
    children_tend(&f->children, 0);
    assert_int_equal(children_due(&f->children), 100);
    children_tend(&f->children, 100);
    assert_int_equal(children_due(&f->children), 300);
    children_tend(&f->children, 200);
    assert_done(f, "?/0 ?/0");
    f->cannot_spawn = false;
    children_tend(&f->children, 300);
    assert_done(f, "+100/0");
}

static void the_others_go_on_while_one_is_backed_off(void **state)
{
    struct fixture *f = *state;
    begin_served(f, 2, 0);
    assert_done(f, "+100/0 +101/1");
    assert_int_equal(die(f, 100, 500), 100);
    children_tend(&f->children, 500);
    assert_done(f, "");
    children_tend(&f->children, 600);
    assert_done(f, "+102/0!");
}

static void a_generation_is_ended_when_all_of_the_next_serve_and_not_before(void **state)
{
    struct fixture *f = *state;
    begin_served(f, 2, 0);
    assert_done(f, "+100/0 +101/1");
    children_begin(&f->children, 3, PATIENCE);
    children_tend(&f->children, 5000);
    assert_done(f, "+102/0! +103/1! +104/2!");
    children_on_ready(&f->children, 102);
    children_on_ready(&f->children, 103);
    assert_int_equal(die(f, 104, 5100), 100);
    children_tend(&f->children, 5100);
    children_tend(&f->children, 5200);
    assert_done(f, "+105/2!");
    children_on_ready(&f->children, 104); /* its word was still in the pipe */
    children_tend(&f->children, 5201);
    assert_done(f, "");
    children_on_ready(&f->children, 105);
    children_tend(&f->children, 5300);
    assert_done(f, "-100 -101");
    children_tend(&f->children, 5400);
    assert_done(f, "");
    assert_int_equal(die(f, 100, 6000), -1);
    assert_int_equal(die(f, 101, 6000), -1);
    assert_int_equal(children_due(&f->children), INT64_MAX);
}

static void fewer_may_follow(void **state)
{
    struct fixture *f = *state;
    begin_served(f, 3, 0);
    children_begin(&f->children, 1, PATIENCE);
    children_tend(&f->children, 1);
    children_on_ready(&f->children, 103);
    children_tend(&f->children, 2);
    assert_done(f, "+100/0 +101/1 +102/2 +103/0! -100 -101 -102");
}

static void a_generation_that_never_served_is_replaced_with_the_one_before_it(void **state)
{
    struct fixture *f = *state;
    begin_served(f, 1, 0);
    children_begin(&f->children, 2, PATIENCE);
    children_tend(&f->children, 1);
    assert_int_equal(die(f, 102, 2), 100);
    children_begin(&f->children, 1, PATIENCE);
    children_tend(&f->children, 3);
    assert_done(f, "+100/0 +101/0! +102/1! +103/0!");
    assert_int_equal(die(f, 101, 4), -1);
    children_on_ready(&f->children, 103);
    children_tend(&f->children, 5);
    assert_done(f, "-100");
}

/* It accepts at once, because nobody else does. */
static void who_is_ending_does_not_serve(void **state)
{
    struct fixture *f = *state;
    begin_served(f, 1, 0);
    begin_served(f, 1, 10);
    assert_done(f, "+100/0 +101/0! -100");
    assert_int_equal(die(f, 101, 2000), 0);
    children_tend(&f->children, 2000);
    assert_done(f, "+102/0");
}

static void one_that_takes_too_long_to_end_is_killed_once(void **state)
{
    struct fixture *f = *state;
    begin_served(f, 1, 0);
    begin_served(f, 1, 100);
    assert_done(f, "+100/0 +101/0! -100");
    assert_int_equal(children_due(&f->children), 100 + PATIENCE);
    children_tend(&f->children, 99 + PATIENCE);
    assert_done(f, "");
    children_tend(&f->children, 100 + PATIENCE);
    assert_done(f, "x100");
    assert_int_equal(children_due(&f->children), INT64_MAX);
    children_tend(&f->children, 101 + PATIENCE);
    assert_done(f, "");
}

static void each_is_as_patient_as_its_own_generation(void **state)
{
    struct fixture *f = *state;
    begin_served(f, 1, 0);
    children_begin(&f->children, 1, 10);
    children_tend(&f->children, 0);
    children_on_ready(&f->children, 101);
    children_tend(&f->children, 0);
    assert_int_equal(children_due(&f->children), PATIENCE);
    children_end(&f->children, 50);
    assert_int_equal(children_due(&f->children), 60);
}

static void who_is_adopted_serves_until_the_first_generation_does(void **state)
{
    struct fixture *f = *state;
    children_adopt(&f->children, 7, PATIENCE);
    children_adopt_ending(&f->children, 8, PATIENCE, 1000);
    children_begin(&f->children, 1, PATIENCE);
    children_tend(&f->children, 1000);
    assert_done(f, "+100/0!");
    children_on_ready(&f->children, 100);
    children_tend(&f->children, 1001);
    assert_done(f, "-7"); /* 8 was asked before; asked again it would end at once */
    children_tend(&f->children, 1000 + PATIENCE);
    assert_done(f, "x8");
    assert_int_equal(die(f, 7, 9000), -1);
    assert_int_equal(die(f, 8, 9000), -1);
    assert_int_equal(die(f, 9, 9000), -1);
}

static void at_the_end_each_is_asked_once(void **state)
{
    struct fixture *f = *state;
    begin_served(f, 2, 0);
    begin_served(f, 1, 0);
    assert_done(f, "+100/0 +101/1 +102/0! -100 -101");
    children_end(&f->children, 10);
    assert_done(f, "-102");
    assert_false(children_have_ended(&f->children));
}

static void asked_again_at_the_end_means_all_and_at_once(void **state)
{
    struct fixture *f = *state;
    begin_served(f, 1, 0);
    begin_served(f, 1, 0);
    children_end(&f->children, 10);
    buffer_clear(&f->done);
    children_end(&f->children, 20);
    assert_done(f, "-101 -100");
}

static void at_the_end_nobody_is_started(void **state)
{
    struct fixture *f = *state;
    begin_served(f, 2, 0);
    assert_int_equal(die(f, 100, 5), 100);
    buffer_clear(&f->done);
    children_end(&f->children, 10);
    assert_done(f, "-101");
    children_tend(&f->children, 1000);
    assert_done(f, "");
    assert_int_equal(children_due(&f->children), 10 + PATIENCE);
    assert_int_equal(die(f, 101, 2000), -1);
    assert_true(children_have_ended(&f->children));
    assert_int_equal(children_due(&f->children), INT64_MAX);
}

static void who_does_not_end_at_the_end_is_killed(void **state)
{
    struct fixture *f = *state;
    begin_served(f, 2, 0);
    buffer_clear(&f->done);
    children_end(&f->children, 10);
    assert_int_equal(die(f, 100, 11), -1);
    children_tend(&f->children, 10 + PATIENCE);
    assert_done(f, "-100 -101 x101");
    assert_false(children_have_ended(&f->children));
    assert_int_equal(die(f, 101, 9000), -1);
    assert_true(children_have_ended(&f->children));
}

static void note(void *context, const struct child *child)
{
    buffer_printf(context, " %d%s", (int)child->pid, child->was_asked ? "-" : "");
}

static void all_that_live_are_visited(void **state)
{
    struct fixture *f = *state;
    struct buffer seen = {0};
    begin_served(f, 2, 0);
    begin_served(f, 2, 0);
    assert_int_equal(die(f, 102, 5), 100);
    children_visit(&f->children, note, &seen);
    assert_buffer_equal(&seen, " 103 100- 101-");
    buffer_fini(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(as_many_are_started_as_are_wanted, make, drop),
        cmocka_unit_test_setup_teardown(one_that_dies_after_a_while_is_replaced_at_once_in_its_place, make, drop),
        cmocka_unit_test_setup_teardown(one_that_dies_young_again_and_again_is_backed_off_up_to_ten_seconds, make,
                                        drop),
        cmocka_unit_test_setup_teardown(one_that_cannot_be_started_is_backed_off_likewise, make, drop),
        cmocka_unit_test_setup_teardown(the_others_go_on_while_one_is_backed_off, make, drop),
        cmocka_unit_test_setup_teardown(a_generation_is_ended_when_all_of_the_next_serve_and_not_before, make, drop),
        cmocka_unit_test_setup_teardown(fewer_may_follow, make, drop),
        cmocka_unit_test_setup_teardown(a_generation_that_never_served_is_replaced_with_the_one_before_it, make, drop),
        cmocka_unit_test_setup_teardown(who_is_ending_does_not_serve, make, drop),
        cmocka_unit_test_setup_teardown(one_that_takes_too_long_to_end_is_killed_once, make, drop),
        cmocka_unit_test_setup_teardown(each_is_as_patient_as_its_own_generation, make, drop),
        cmocka_unit_test_setup_teardown(who_is_adopted_serves_until_the_first_generation_does, make, drop),
        cmocka_unit_test_setup_teardown(at_the_end_each_is_asked_once, make, drop),
        cmocka_unit_test_setup_teardown(asked_again_at_the_end_means_all_and_at_once, make, drop),
        cmocka_unit_test_setup_teardown(at_the_end_nobody_is_started, make, drop),
        cmocka_unit_test_setup_teardown(who_does_not_end_at_the_end_is_killed, make, drop),
        cmocka_unit_test_setup_teardown(all_that_live_are_visited, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
