/* SPDX-License-Identifier: BSD-2-Clause */
#include "../bench/readable.h"

#include "../bench/clock.h"
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIRS 64

struct pairs {
    int waiting[PAIRS];
    int other[PAIRS];
    unsigned order[PAIRS]; /* in which a thread writes to the others */
};

static int open_pairs(void **state)
{
    struct pairs *pairs = calloc(1, sizeof(*pairs));
    for (unsigned i = 0; i < PAIRS; i++) {
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        pairs->waiting[i] = ends[0];
        pairs->other[i] = ends[1];
    }
    *state = pairs;
    return 0;
}

static int close_pairs(void **state)
{
    struct pairs *pairs = *state;
    for (unsigned i = 0; i < PAIRS; i++) {
        close(pairs->waiting[i]);
        close(pairs->other[i]);
    }
    free(pairs);
    return 0;
}

static bool await_all(const struct pairs *pairs, unsigned limit_ms)
{
    struct pollfd sockets[PAIRS];
    for (unsigned i = 0; i < PAIRS; i++)
        sockets[i].fd = pairs->waiting[i];
    return readable_await_all(sockets, PAIRS, clock_now_ns() + (uint64_t)limit_ms * CLOCK_NS_PER_MS);
}

static void write_to(const struct pairs *pairs, unsigned i)
{
    if (write(pairs->other[i], "x", 1) != 1)
        abort(); /* also called by a thread, in which cmocka cannot fail */
}

static unsigned take(const struct pairs *pairs)
{
    unsigned taken = 0;
    char byte;
    for (unsigned i = 0; i < PAIRS; i++)
        taken += recv(pairs->waiting[i], &byte, 1, MSG_DONTWAIT) == 1;
    return taken;
}

static void while_one_has_nothing_it_waits_until_the_end(void **state)
{
    const struct pairs *pairs = *state;
    for (unsigned left_out = 0; left_out < PAIRS; left_out += PAIRS / 4 - 1) { /* first, some between, last */
        for (unsigned i = 0; i < PAIRS; i++) {
            if (i != left_out)
                write_to(pairs, i);
        }
        uint64_t began_ns = clock_now_ns();
        assert_false(await_all(pairs, 20));
        assert_true(clock_now_ns() - began_ns >= 20 * CLOCK_NS_PER_MS);
        write_to(pairs, left_out);
        assert_true(await_all(pairs, 5000));
        assert_int_equal(take(pairs), PAIRS); /* nothing was received by the waiting */
    }
}

static void *write_in_order(void *argument)
{
    const struct pairs *pairs = argument;
    for (unsigned i = 0; i < PAIRS; i++) {
        write_to(pairs, pairs->order[i]);
        sched_yield();
    }
    return NULL;
}

static void the_order_of_writing_does_not_matter(void **state)
{
    struct pairs *pairs = *state;
    static const unsigned steps[] = {1, PAIRS - 1, 37}; /* ascending, descending, all over */
    for (size_t s = 0; s < COUNT_OF(steps); s++) {
        pthread_t thread;
        for (unsigned i = 0; i < PAIRS; i++)
            pairs->order[i] = (i * steps[s] + steps[s] - 1) % PAIRS;
        assert_int_equal(pthread_create(&thread, NULL, write_in_order, pairs), 0);
        assert_true(await_all(pairs, 5000));
        assert_int_equal(take(pairs), PAIRS);
        pthread_join(thread, NULL);
    }
}

static void a_socket_that_is_closed_is_not_waited_for(void **state)
{
    struct pairs *pairs = *state;
    for (unsigned i = 1; i < PAIRS; i++)
        write_to(pairs, i);
    shutdown(pairs->other[0], SHUT_RDWR);
    assert_true(await_all(pairs, 5000));
}

static void none_are_readable_at_once(void **state)
{
    (void)state;
    assert_true(readable_await_all(NULL, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(while_one_has_nothing_it_waits_until_the_end, open_pairs, close_pairs),
        cmocka_unit_test_setup_teardown(the_order_of_writing_does_not_matter, open_pairs, close_pairs),
        cmocka_unit_test_setup_teardown(a_socket_that_is_closed_is_not_waited_for, open_pairs, close_pairs),
        cmocka_unit_test(none_are_readable_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
