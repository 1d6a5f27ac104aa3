/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi/intake.h"

#include <stdio.h>
#include <stdlib.h>

#include "fcgi_peer.h"
#include "unit.h"

enum { PARAMS_LIMIT = 2000 };

static const struct intake_limits limits = {.params_bytes = PARAMS_LIMIT, .connections = 500};
static const char *const some_params[] = {"REQUEST_METHOD=GET", "QUERY_STRING=channel=a", NULL};

/* Feeds bytes as a connection does, in pieces of the given size, and writes down what happens. */
struct tape {
    struct intake intake;
    struct buffer events;  /* a letter each */
    struct buffer replies; /* all of them */
    struct buffer params;  /* of all requests */
    bool is_broken;
    bool keeps_unfinished; /* the answer is not complete when the request is */
};

static void note_event(struct tape *tape, enum intake_event event)
{
    static const char letters[] = {
        [INTAKE_BEGIN] = 'b', [INTAKE_PARAMS] = 'p',  [INTAKE_COMPLETE] = 'c', [INTAKE_ABORT] = 'a',
        [INTAKE_REPLY] = 'r', [INTAKE_REFUSED] = 'R', [INTAKE_BROKEN] = 'X'};
    struct intake *intake = &tape->intake;

    buffer_add_char(&tape->events, letters[event]);
    switch (event) {
    case INTAKE_PARAMS:
        buffer_add(&tape->params, intake->parts->params.data, intake->parts->params.len);
        break;
    case INTAKE_REPLY:
    case INTAKE_REFUSED:
        assert_true(intake->parts->reply.len > 0);
        buffer_add(&tape->replies, intake->parts->reply.data, intake->parts->reply.len);
        buffer_clear(&intake->parts->reply);
        break;
    case INTAKE_ABORT:
        intake_finish(intake);
        break;
    case INTAKE_COMPLETE:
        if (!tape->keeps_unfinished)
            intake_finish(intake);
        break;
    case INTAKE_BROKEN:
        assert_non_null(intake->parts->problem);
        tape->is_broken = true;
        break;
    default:
        break;
    }
}

static void feed_piece(struct tape *tape, struct span piece)
{
    /* A copy of its own, so that a byte read too far is noticed. */
    char *copy = malloc(piece.len > 0 ? piece.len : 1);
    struct span input = {copy, piece.len};
    enum intake_event event = INTAKE_REPLY;

    memcpy(copy, piece.data, piece.len);
    while (!tape->is_broken && event != INTAKE_MORE) {
        event = intake_feed(&tape->intake, &limits, &input);
        if (event != INTAKE_MORE)
            note_event(tape, event);
    }
    if (!tape->is_broken)
        assert_int_equal(input.len, 0);
    free(copy);
}

static void tape_init(struct tape *tape)
{
    *tape = (struct tape){0};
    intake_init(&tape->intake);
}

static void tape_fini(struct tape *tape)
{
    intake_fini(&tape->intake);
    buffer_fini(&tape->events);
    buffer_fini(&tape->replies);
    buffer_fini(&tape->params);
}

/* Feeds it whole, byte by byte, and cut in two at every position: it always comes to the same. */
static void check(const struct buffer *bytes, const char *events, const struct buffer *replies)
{
    for (size_t cut = 0; cut <= bytes->len + 1; cut++) {
        struct tape tape;
        tape_init(&tape);
        if (cut <= bytes->len) {
            feed_piece(&tape, (struct span){bytes->data, cut});
            feed_piece(&tape, (struct span){bytes->data + cut, bytes->len - cut});
        } else {
            for (size_t i = 0; i < bytes->len && !tape.is_broken; i++)
                feed_piece(&tape, (struct span){bytes->data + i, 1});
        }
        assert_buffer_equal(&tape.events, events);
        if (replies != NULL)
            assert_span_equal(span_of_buffer(&tape.replies), span_of_buffer(replies));
        tape_fini(&tape);
    }
}

static void check_and_free(struct buffer *bytes, const char *events, struct buffer *replies)
{
    check(bytes, events, replies);
    buffer_fini(bytes);
    if (replies != NULL)
        buffer_fini(replies);
}

static void a_request_may_be_split_anywhere(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    peer_add_request(&bytes, 1, RECORD_FLAG_KEEP_CONN, some_params);
    check_and_free(&bytes, "bpc", NULL);
}

static void while_a_request_is_answered_nothing_of_it_is_kept_but_its_id(void **state)
{
    (void)state;
    struct tape tape;
    struct buffer bytes = {0};

    tape_init(&tape);
    tape.keeps_unfinished = true;
    peer_add_request(&bytes, 7, RECORD_FLAG_KEEP_CONN, some_params);
    feed_piece(&tape, (struct span){bytes.data, bytes.len - 1});
    assert_non_null(tape.intake.parts);
    feed_piece(&tape, (struct span){bytes.data + bytes.len - 1, 1});
    assert_int_equal(tape.intake.state, INTAKE_ACTIVE);
    assert_int_equal(tape.intake.request_id, 7);
    assert_null(tape.intake.parts);
    tape_fini(&tape);
    buffer_fini(&bytes);
}

static void what_it_says_is_kept(void **state)
{
    (void)state;
    struct tape tape;
    struct buffer bytes = {0};
    struct span name, value;

    tape_init(&tape);
    tape.keeps_unfinished = true;
    record_add_begin(&bytes, 0x0102, RECORD_ROLE_RESPONDER, 0xff);
    peer_add_params(&bytes, 0x0102, (const char *const[]){"A=1", NULL});
    peer_add_params(&bytes, 0x0102, (const char *const[]){"B=2", NULL});
    record_add(&bytes, RECORD_PARAMS, 0x0102, NULL, 0);
    feed_piece(&tape, span_of_buffer(&bytes));
    assert_int_equal(tape.intake.request_id, 0x0102);
    assert_true(tape.intake.keeps_connection);
    assert_int_equal(tape.intake.state, INTAKE_IN_STDIN);
    struct span params = span_of_buffer(&tape.params);
    assert_true(record_take_pair(&params, &name, &value));
    assert_span_equal(name, span_of("A"));
    assert_true(record_take_pair(&params, &name, &value));
    assert_span_equal(value, span_of("2"));
    assert_int_equal(params.len, 0);
    tape_fini(&tape);
    buffer_fini(&bytes);
}

static void several_requests_may_come_in_one_piece(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    peer_add_request(&bytes, 1, RECORD_FLAG_KEEP_CONN, some_params);
    peer_add_request(&bytes, 1, RECORD_FLAG_KEEP_CONN, some_params);
    peer_add_request(&bytes, 2, 0, some_params);
    check_and_free(&bytes, "bpcbpcbpc", NULL);
}

static void values_are_answered_once_each_however_often_they_are_asked_for(void **state)
{
    (void)state;
    struct buffer bytes = {0}, asked = {0}, replies = {0}, answers = {0};
    static const char *const names[] = {"FCGI_MPXS_CONNS", "FCGI_MAX_CONNS", "OTHER", "", "FCGI_MAX_REQS"};
    for (int i = 0; i < 40; i++)
        for (size_t j = 0; j < COUNT_OF(names); j++)
            record_add_pair(&asked, span_of(names[j]), span_of(""));
    record_add(&bytes, RECORD_GET_VALUES, 0, asked.data, asked.len);
    record_add_pair(&answers, span_of("FCGI_MPXS_CONNS"), span_of("0"));
    record_add_pair(&answers, span_of("FCGI_MAX_CONNS"), span_of("500"));
    record_add_pair(&answers, span_of("FCGI_MAX_REQS"), span_of("500"));
    record_add(&replies, RECORD_GET_VALUES_RESULT, 0, answers.data, answers.len);
    buffer_fini(&asked);
    buffer_fini(&answers);
    check_and_free(&bytes, "r", &replies);
}

static void values_that_are_empty_or_cut_are_answered_too(void **state)
{
    (void)state;
    struct buffer bytes = {0}, replies = {0};
    record_add(&bytes, RECORD_GET_VALUES, 0, NULL, 0);
    record_add(&bytes, RECORD_GET_VALUES, 0, "\xff\xff\xff\xff", 4);
    record_add(&replies, RECORD_GET_VALUES_RESULT, 0, NULL, 0);
    record_add(&replies, RECORD_GET_VALUES_RESULT, 0, NULL, 0);
    check_and_free(&bytes, "rr", &replies);
}

static void unknown_management_types_are_named(void **state)
{
    (void)state;
    static const uint8_t types[] = {0, 12, 99, 255, RECORD_PARAMS, RECORD_GET_VALUES_RESULT};
    struct buffer bytes = {0}, replies = {0};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        record_add(&bytes, (enum record_type)types[i], 0, "content", 7);
        record_add_unknown_type(&replies, types[i]);
    }
    check_and_free(&bytes, "rrrrrr", &replies);
}

static void management_records_may_come_amid_a_request(void **state)
{
    (void)state;
    struct buffer bytes = {0}, replies = {0};
    record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, 0);
    record_add(&bytes, (enum record_type)99, 0, NULL, 0);
    peer_add_params(&bytes, 1, some_params);
    record_add(&bytes, RECORD_GET_VALUES, 0, NULL, 0);
    record_add(&bytes, RECORD_PARAMS, 1, NULL, 0);
    record_add(&bytes, RECORD_STDIN, 1, NULL, 0);
    record_add_unknown_type(&replies, 99);
    record_add(&replies, RECORD_GET_VALUES_RESULT, 0, NULL, 0);
    check_and_free(&bytes, "brrpc", &replies);
}

static void other_roles_are_refused(void **state)
{
    (void)state;
    static const int roles[] = {0, RECORD_ROLE_AUTHORIZER, RECORD_ROLE_FILTER, 4, 0x0101};
    for (size_t i = 0; i < COUNT_OF(roles); i++)
        for (uint8_t flags = 0; flags < 2; flags++) {
            struct buffer bytes = {0}, replies = {0};
            record_add_begin(&bytes, 7, (enum record_role)roles[i], flags);
            record_add(&bytes, RECORD_PARAMS, 7, "\1\1ab", 4);
            record_add(&bytes, RECORD_PARAMS, 7, NULL, 0);
            record_add_end(&replies, 7, RECORD_UNKNOWN_ROLE);
            check_and_free(&bytes, flags != 0 ? "r" : "R", &replies);
        }
}

static void a_second_request_meanwhile_cannot_be_multiplexed(void **state)
{
    (void)state;
    struct buffer bytes = {0}, replies = {0};
    record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, 1);
    peer_add_request(&bytes, 2, 1, some_params);
    peer_add_params(&bytes, 1, some_params);
    record_add(&bytes, RECORD_PARAMS, 1, NULL, 0);
    record_add_begin(&bytes, 3, RECORD_ROLE_RESPONDER, 0);
    record_add(&bytes, RECORD_STDIN, 1, NULL, 0);
    record_add_end(&replies, 2, RECORD_CANT_MPX_CONN);
    record_add_end(&replies, 3, RECORD_CANT_MPX_CONN);
    check_and_free(&bytes, "brprc", &replies);
}

static void what_is_no_fastcgi_is_broken(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, 1);
    record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, 1);
    check_and_free(&bytes, "bX", NULL);
    for (size_t len = 0; len < 8; len++) {
        record_add(&bytes, RECORD_BEGIN_REQUEST, 1, "\0\1\1\0\0\0\0", len);
        check_and_free(&bytes, "X", NULL);
    }
    buffer_add(&bytes, "\2\1\0\1\0\x08\0\0\0\1\0\0\0\0\0\0", 16);
    check_and_free(&bytes, "X", NULL);
    buffer_add_string(&bytes, "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
    check_and_free(&bytes, "X", NULL);
    record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, 1);
    record_add(&bytes, RECORD_STDIN, 1, NULL, 0);
    check_and_free(&bytes, "bX", NULL);
    record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, 1);
    record_add(&bytes, RECORD_PARAMS, 1, NULL, 0);
    record_add(&bytes, RECORD_PARAMS, 1, NULL, 0);
    check_and_free(&bytes, "bpX", NULL);
}

static void params_up_to_the_limit_are_taken_and_above_it_not(void **state)
{
    (void)state;
    char content[PARAMS_LIMIT + 1] = {0};
    for (size_t first = 0; first <= PARAMS_LIMIT; first += PARAMS_LIMIT / 2) {
        struct buffer bytes = {0};
        record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, 1);
        if (first > 0)
            record_add(&bytes, RECORD_PARAMS, 1, content, first);
        if (first < PARAMS_LIMIT)
            record_add(&bytes, RECORD_PARAMS, 1, content, PARAMS_LIMIT - first);
        record_add(&bytes, RECORD_PARAMS, 1, NULL, 0);
        check_and_free(&bytes, "bp", NULL);
        record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, 1);
        if (first > 0)
            record_add(&bytes, RECORD_PARAMS, 1, content, first);
        record_add(&bytes, RECORD_PARAMS, 1, content, PARAMS_LIMIT + 1 - first);
        check_and_free(&bytes, "bX", NULL);
    }
}

static void a_body_is_swallowed_up_to_the_limit_and_then_not_waited_for(void **state)
{
    (void)state;
    char content[PARAMS_LIMIT] = {0};
    struct buffer bytes = {0};
    record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, 1);
    record_add(&bytes, RECORD_PARAMS, 1, NULL, 0);
    record_add(&bytes, RECORD_STDIN, 1, content, PARAMS_LIMIT);
    check(&bytes, "bp", NULL);
    size_t len = bytes.len;
    record_add(&bytes, RECORD_STDIN, 1, NULL, 0);
    check(&bytes, "bpc", NULL);
    bytes.len = len;
    record_add(&bytes, RECORD_STDIN, 1, content, 1);
    record_add(&bytes, RECORD_STDIN, 1, content, 1);
    record_add(&bytes, RECORD_STDIN, 1, NULL, 0);
    check_and_free(&bytes, "bpc", NULL);
}

static void the_next_request_has_limits_of_its_own(void **state)
{
    (void)state;
    char content[PARAMS_LIMIT] = {0};
    struct buffer bytes = {0};
    for (uint16_t id = 1; id < 4; id++) {
        record_add_begin(&bytes, id, RECORD_ROLE_RESPONDER, 1);
        record_add(&bytes, RECORD_PARAMS, id, content, PARAMS_LIMIT);
        record_add(&bytes, RECORD_PARAMS, id, NULL, 0);
        record_add(&bytes, RECORD_STDIN, id, content, PARAMS_LIMIT);
        record_add(&bytes, RECORD_STDIN, id, NULL, 0);
    }
    check(&bytes, "bpcbpcbpc", NULL);
    bytes.len -= RECORD_HEADER_LEN; /* the body of the last one is not at its end */
    check_and_free(&bytes, "bpcbpcbp", NULL);
}

static void a_request_can_be_aborted_at_any_time(void **state)
{
    (void)state;
    static const char *const expected[] = {"babpc", "babpc", "bpabpc", "bpabpc"};
    for (size_t after = 0; after < COUNT_OF(expected); after++) {
        struct buffer bytes = {0};
        record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, 1);
        if (after >= 1)
            peer_add_params(&bytes, 1, some_params);
        if (after >= 2)
            record_add(&bytes, RECORD_PARAMS, 1, NULL, 0);
        if (after >= 3)
            record_add(&bytes, RECORD_STDIN, 1, "body", 4);
        record_add(&bytes, RECORD_ABORT_REQUEST, 1, NULL, 0);
        record_add(&bytes, RECORD_ABORT_REQUEST, 1, NULL, 0);
        record_add(&bytes, RECORD_STDIN, 1, NULL, 0);
        peer_add_request(&bytes, 1, 1, some_params);
        check_and_free(&bytes, expected[after], NULL);
    }
}

static void an_active_request_can_be_aborted(void **state)
{
    (void)state;
    struct tape tape;
    struct buffer bytes = {0};
    tape_init(&tape);
    tape.keeps_unfinished = true;
    peer_add_request(&bytes, 1, 1, some_params);
    record_add(&bytes, RECORD_STDIN, 1, "late", 4);
    record_add(&bytes, RECORD_ABORT_REQUEST, 2, NULL, 0);
    record_add(&bytes, RECORD_ABORT_REQUEST, 1, NULL, 0);
    feed_piece(&tape, span_of_buffer(&bytes));
    assert_buffer_equal(&tape.events, "bpca");
    assert_int_equal(tape.intake.state, INTAKE_IDLE);
    tape_fini(&tape);
    buffer_fini(&bytes);
}

static void records_of_inactive_ids_are_ignored(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    record_add(&bytes, RECORD_PARAMS, 1, "\xff\xff", 2);
    record_add(&bytes, RECORD_STDIN, 1, "x", 1);
    record_add(&bytes, RECORD_ABORT_REQUEST, 1, NULL, 0);
    record_add(&bytes, (enum record_type)77, 1, "x", 1);
    record_add_begin(&bytes, 1, RECORD_ROLE_RESPONDER, 1);
    record_add(&bytes, RECORD_PARAMS, 2, NULL, 0);
    record_add(&bytes, RECORD_STDIN, 2, "x", 1);
    record_add(&bytes, RECORD_DATA, 1, "x", 1);
    record_add(&bytes, (enum record_type)77, 1, "x", 1);
    record_add(&bytes, RECORD_PARAMS, 1, NULL, 0);
    record_add(&bytes, RECORD_STDIN, 1, NULL, 0);
    check_and_free(&bytes, "bpc", NULL);
}

static void padding_of_any_length_is_passed_over(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    static const uint8_t begin[] = {0, 1, 1, 0, 0, 0, 0, 0};
    for (unsigned padding = 0; padding < 256; padding += 51) {
        uint8_t header[RECORD_HEADER_LEN];
        char junk[255];
        memset(junk, 0xff, sizeof(junk));
        record_header_encode(&(struct record_header){1, RECORD_BEGIN_REQUEST, 1, 8, (uint8_t)padding}, header);
        buffer_add(&bytes, header, sizeof(header));
        buffer_add(&bytes, begin, sizeof(begin));
        buffer_add(&bytes, junk, padding);
        record_header_encode(&(struct record_header){1, RECORD_PARAMS, 1, 0, (uint8_t)padding}, header);
        buffer_add(&bytes, header, sizeof(header));
        buffer_add(&bytes, junk, padding);
        record_add(&bytes, RECORD_ABORT_REQUEST, 1, NULL, 0);
    }
    check_and_free(&bytes, "bpabpabpabpabpabpa", NULL);
}

static void random_bytes_and_flipped_bits_do_no_harm(void **state)
{
    (void)state;
    struct buffer good = {0};
    size_t survived = 0;
    peer_add_request(&good, 1, 1, some_params);
    record_add(&good, RECORD_GET_VALUES, 0, "\x0e\0FCGI_MAX_CONNS", 16);
    peer_add_request(&good, 2, 1, some_params);
    srandom(3);
    for (int round = 0; round < 20000; round++) {
        struct tape tape;
        struct buffer bytes = {0};
        tape_init(&tape);
        tape.keeps_unfinished = random() % 2;
        buffer_add(&bytes, good.data, good.len);
        for (long flips = random() % 6; flips > 0; flips--)
            bytes.data[(size_t)random() % bytes.len] ^= (char)(1 << random() % 8);
        if (round % 4 == 0)
            for (size_t i = 0; i < bytes.len; i++)
                bytes.data[i] = i % 64 == 0 ? 1 : (char)random();
        for (size_t done = 0, len; done < bytes.len && !tape.is_broken; done += len) {
            len = 1 + (size_t)random() % (bytes.len - done);
            feed_piece(&tape, (struct span){bytes.data + done, len});
        }
        survived += !tape.is_broken;
        assert_true(tape.intake.parts == NULL || tape.intake.parts->params.len <= PARAMS_LIMIT);
        tape_fini(&tape);
        buffer_fini(&bytes);
    }
    assert_true(survived > 1000 && survived < 19000);
    buffer_fini(&good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_may_be_split_anywhere),
        cmocka_unit_test(while_a_request_is_answered_nothing_of_it_is_kept_but_its_id),
        cmocka_unit_test(what_it_says_is_kept),
        cmocka_unit_test(several_requests_may_come_in_one_piece),
        cmocka_unit_test(values_are_answered_once_each_however_often_they_are_asked_for),
        cmocka_unit_test(values_that_are_empty_or_cut_are_answered_too),
        cmocka_unit_test(unknown_management_types_are_named),
        cmocka_unit_test(management_records_may_come_amid_a_request),
        cmocka_unit_test(other_roles_are_refused),
        cmocka_unit_test(a_second_request_meanwhile_cannot_be_multiplexed),
        cmocka_unit_test(what_is_no_fastcgi_is_broken),
        cmocka_unit_test(params_up_to_the_limit_are_taken_and_above_it_not),
        cmocka_unit_test(a_body_is_swallowed_up_to_the_limit_and_then_not_waited_for),
        cmocka_unit_test(the_next_request_has_limits_of_its_own),
        cmocka_unit_test(a_request_can_be_aborted_at_any_time),
        cmocka_unit_test(an_active_request_can_be_aborted),
        cmocka_unit_test(records_of_inactive_ids_are_ignored),
        cmocka_unit_test(padding_of_any_length_is_passed_over),
        cmocka_unit_test(random_bytes_and_flipped_bits_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
