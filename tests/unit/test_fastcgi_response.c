/* SPDX-License-Identifier: BSD-2-Clause */
#include "../bench/fastcgi_response.h"

#include "unit.h"

/* What came of an answer. */
struct read_answer {
    enum answer_part last; /* MORE, END or BROKEN */
    int heads;
    struct answer_head head;
    struct buffer body;
};

static void take_all(struct fastcgi_response *response, const char *bytes, size_t len, struct read_answer *answer)
{
    const char *cursor = bytes;
    struct answer_slice slice;
    do {
        answer->last = fastcgi_response_next(response, &cursor, bytes + len, &slice);
        if (answer->last == ANSWER_HEAD) {
            answer->heads++;
            answer->head = response->cgi.head;
        } else if (answer->last == ANSWER_BODY) {
            buffer_add(&answer->body, slice.start, slice.length);
        }
    } while (answer->last == ANSWER_HEAD || answer->last == ANSWER_BODY);
    if (answer->last == ANSWER_MORE)
        assert_ptr_equal(cursor, bytes + len);
}

/* Reads the bytes in two parts, each in memory of its own, so that a byte read too far is noticed. */
static struct read_answer read_cut(const struct buffer *bytes, size_t cut)
{
    struct fastcgi_response response;
    struct read_answer answer = {0};
    const size_t starts[] = {0, cut};
    const size_t lengths[] = {cut, bytes->len - cut};
    fastcgi_response_start(&response);
    for (size_t i = 0; i < COUNT_OF(starts) && (i == 0 || answer.last == ANSWER_MORE); i++) {
        char *copy = malloc(lengths[i] + 1);
        memcpy(copy, bytes->data + starts[i], lengths[i]);
        take_all(&response, copy, lengths[i], &answer);
        free(copy);
    }
    return answer;
}

static void add_stdout(struct buffer *out, const char *text)
{
    record_add(out, RECORD_STDOUT, 1, text, strlen(text));
}

static void an_answer_is_the_same_wherever_it_is_cut(void **state)
{
    (void)state;
    struct buffer out = {0};
    add_stdout(&out, "Content-Type: text/event-stream\r\nStat");
    record_add(&out, RECORD_STDERR, 1, "a complaint", 11);
    add_stdout(&out, "us: 206 Some\r\n\r\n:\n");
    add_stdout(&out, "data: one\n\n");
    record_add(&out, RECORD_STDOUT, 1, NULL, 0);
    record_add_end(&out, 1, RECORD_REQUEST_COMPLETE);
    for (size_t cut = 0; cut <= out.len; cut++) {
        struct read_answer answer = read_cut(&out, cut);
        assert_int_equal(answer.last, ANSWER_END);
        assert_int_equal(answer.heads, 1);
        assert_int_equal(answer.head.status, 206);
        assert_string_equal(answer.head.content_type, "text/event-stream");
        assert_buffer_equal(&answer.body, ":\ndata: one\n\n");
        buffer_fini(&answer.body);
    }
    buffer_fini(&out);
}

static void an_answer_without_a_status_has_200(void **state)
{
    (void)state;
    struct buffer out = {0};
    add_stdout(&out, "Content-Type: text/plain\n\nhello");
    struct read_answer answer = read_cut(&out, out.len);
    assert_int_equal(answer.last, ANSWER_MORE);
    assert_int_equal(answer.head.status, 200);
    assert_buffer_equal(&answer.body, "hello");
    buffer_fini(&answer.body);
    buffer_fini(&out);
}

static void the_end_is_END_REQUEST_and_not_the_announced_length(void **state)
{
    (void)state;
    struct buffer out = {0};
    add_stdout(&out, "Content-Length: 2\r\n\r\nhi, and a surplus");
    struct read_answer answer = read_cut(&out, out.len);
    assert_int_equal(answer.last, ANSWER_MORE);
    assert_buffer_equal(&answer.body, "hi");
    buffer_fini(&answer.body);
    record_add_end(&out, 1, RECORD_REQUEST_COMPLETE);
    for (size_t cut = 0; cut <= out.len; cut++) {
        answer = read_cut(&out, cut);
        assert_int_equal(answer.last, ANSWER_END);
        assert_buffer_equal(&answer.body, "hi");
        buffer_fini(&answer.body);
    }
    buffer_fini(&out);
}

static void what_is_no_answer_to_the_request_is_broken(void **state)
{
    (void)state;
    static const struct span table[] = {
        SPAN_LITERAL("HTTP/1.1 200 OK\r\n\r\n"),
        SPAN_LITERAL("\x02\x06\0\x01\0\0\0\0"),
        SPAN_LITERAL("\x01\x06\0\x02\0\0\0\0"),
        SPAN_LITERAL("\x01\x06\x01\x01\0\0\0\0"),
        SPAN_LITERAL("\x01\x06\0\x01\0\x0c\0\0Status: 20\n\n"),
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer out = {0};
        buffer_add(&out, table[i].data, table[i].len);
        for (size_t cut = 0; cut <= out.len; cut++)
            assert_int_equal(read_cut(&out, cut).last, ANSWER_BROKEN);
        buffer_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_the_same_wherever_it_is_cut),
        cmocka_unit_test(an_answer_without_a_status_has_200),
        cmocka_unit_test(the_end_is_END_REQUEST_and_not_the_announced_length),
        cmocka_unit_test(what_is_no_answer_to_the_request_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
