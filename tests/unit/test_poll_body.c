/* SPDX-License-Identifier: BSD-2-Clause */
#include "push/poll_body.h"

#include "fake_sink.h"
#include "push/format_json.h"
#include "push/poll.h"
#include "stage.h"
#include "unit.h"

struct fixture {
    struct stage stage;
    struct bytes *first; /* piece of the last answer: a reference */
    struct buffer text;  /* all its pieces */
    uint64_t hash;
    struct event_id position;
};

static void on_answer(void *context, struct sink *sink, const struct poll_answer *answer)
{
    struct fixture *fixture = context;
    const struct poll_body *body = answer->body;

    buffer_clear(&fixture->text);
    for (size_t i = 0; i < body->count; i++) {
        assert_in_range(body->pieces[i]->len, 1, SINK_WRITE_LIMIT);
        buffer_add(&fixture->text, body->pieces[i]->data, body->pieces[i]->len);
    }
    assert_int_equal(fixture->text.len, body->len);
    bytes_unref(fixture->first);
    fixture->first = bytes_ref(body->pieces[0]);
    fixture->hash = poll_body_hash(answer->body);
    fixture->position = answer->position;
    sink->ops->end(sink);
}

static void on_refuse(void *context, struct sink *sink, enum poll_refusal reason)
{
    (void)context;
    (void)sink;
    fail_msg("refused: %d", reason);
}

static void on_free(void *context)
{
    (void)context;
}

/* What a client is told that comes with the id, "0" for all, and asks for a channel, or for a and b. */
static void ask(struct fixture *fixture, const char *names, const char *id, size_t limit)
{
    const struct span channels[] = {{names, 1}, {names + 1, 1}};
    struct poll_request request = {.subscription = {.channels = channels, .count = strlen(names)}, .limit = limit};
    struct fake_sink sink;

    request.subscription.resume.kind = strcmp(id, "0") == 0 ? RESUME_ALL : RESUME_AFTER_ID;
    request.subscription.resume.id = span_of(id);
    fake_sink_init(&sink);
    poll_open(&fixture->stage.hub, &sink.sink, &request,
              &(struct poll_owner){.answer = on_answer, .refuse = on_refuse, .free = on_free, .context = fixture});
    assert_int_equal(sink.ends, 1);
    fake_sink_fini(&sink);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    struct hub_config config = stage_config;

    fixture = (struct fixture){0};
    config.format = &format_json;
    config.ring_memory_bytes = 8 << 20;
    stage_init(&fixture.stage, &config);
    *state = &fixture;
    ask(&fixture, "ab", "0", 0);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    bytes_unref(fixture->first);
    buffer_fini(&fixture->text);
    stage_fini(&fixture->stage);
    return 0;
}

static void publish(struct fixture *fixture, const char *channel, unsigned count)
{
    char text[16];
    for (unsigned i = 0; i < count; i++) {
        snprintf(text, sizeof(text), "%s%d", channel, (int)fixture->stage.hub.position.seq + 1);
        stage_publish(&fixture->stage, channel, text);
    }
    hub_flush(&fixture->stage.hub);
}

static void who_asks_the_same_is_given_the_same(void **state)
{
    struct fixture *fixture = *state;
    publish(fixture, "a", 3);
    ask(fixture, "a", "0", 0);
    struct bytes *first = bytes_ref(fixture->first);
    uint64_t hash = fixture->hash;
    hub_flush(&fixture->stage.hub);
    publish(fixture, "b", 1);
    ask(fixture, "a", "0", 0);
    assert_ptr_equal(fixture->first, first);
    assert_true(fixture->hash == hash);
    assert_int_equal(fixture->position.seq, 4);
    ask(fixture, "a", STAGE_ID("0"), 0);
    assert_ptr_equal(fixture->first, first);
    bytes_unref(first);
}

static void what_is_given_again_counts_as_delivered(void **state)
{
    struct fixture *fixture = *state;
    const struct counter *delivered = &fixture->stage.hub.stats.events_delivered;
    publish(fixture, "a", 3);
    for (unsigned i = 1; i <= 3; i++) {
        ask(fixture, "a", "0", 0);
        assert_int_equal(delivered->value, 3 * i);
    }
}

static void what_is_new_is_in_the_next_one(void **state)
{
    struct fixture *fixture = *state;
    publish(fixture, "a", 1);
    ask(fixture, "a", "0", 0);
    uint64_t hash = fixture->hash;
    assert_lacks(fixture->text.data, "a2");
    publish(fixture, "a", 1);
    ask(fixture, "a", "0", 0);
    assert_contains(fixture->text.data, "a1");
    assert_contains(fixture->text.data, "a2");
    assert_true(fixture->hash != hash);
}

/* Each question after each other one is answered as if it were the first. */
static void other_questions_get_other_answers(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *names, *id;
        size_t limit;
    } questions[] = {
        {"a", "0", 0}, {"b", "0", 0}, {"ab", "0", 0},          {"a", STAGE_ID("1"), 0}, {"a", "0", 2},
        {"a", "x", 0}, {"a", "y", 0}, {"a", STAGE_ID("9"), 1}, {"a", STAGE_ID("2"), 2}, {"b", STAGE_ID("8"), 0},
    };
    enum { COUNT = COUNT_OF(questions) };
    struct buffer alone[COUNT] = {0};

    for (unsigned i = 0; i < 4; i++) {
        publish(fixture, "a", 1);
        fixture->stage.hub.position.ms++; /* a limit does not cut a millisecond */
        publish(fixture, "b", 1);
    }
    for (size_t i = 0; i < COUNT; i++) {
        poll_body_slot_clear(&fixture->stage.hub.poll_body);
        ask(fixture, questions[i].names, questions[i].id, questions[i].limit);
        buffer_add(&alone[i], fixture->text.data, fixture->text.len);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < COUNT; k++) {
            ask(fixture, questions[i].names, questions[i].id, questions[i].limit);
            assert_span_equal(span_of_buffer(&fixture->text), span_of_buffer(&alone[i]));
            ask(fixture, questions[k].names, questions[k].id, questions[k].limit);
            assert_span_equal(span_of_buffer(&fixture->text), span_of_buffer(&alone[k]));
        }
    for (size_t i = 0; i < COUNT; i++)
        buffer_fini(&alone[i]);
}

static void a_gap_is_told_to_each_with_its_own_id(void **state)
{
    struct fixture *fixture = *state;
    publish(fixture, "a", 1);
    hub_break(&fixture->stage.hub);
    publish(fixture, "a", 1);
    ask(fixture, "a", STAGE_ID("0"), 0);
    assert_contains(fixture->text.data, "\"after\\\":\\\"" STAGE_ID("0"));
    ask(fixture, "a", STAGE_ID("0") "~mine", 0);
    assert_contains(fixture->text.data, "\"after\\\":\\\"" STAGE_ID("0") "~mine");
    ask(fixture, "a", "unknown", 0);
    assert_contains(fixture->text.data, "\"after\\\":\\\"unknown");
}

/* Who comes after a break, or asks for all with the break gone first, shares as before. */
static void a_break_that_is_passed_is_in_nobodys_way(void **state)
{
    struct fixture *fixture = *state;
    hub_break(&fixture->stage.hub);
    publish(fixture, "a", 2);
    ask(fixture, "a", "0", 0);
    assert_lacks(fixture->text.data, "gap");
    struct bytes *first = bytes_ref(fixture->first);
    ask(fixture, "a", "0", 0);
    assert_ptr_equal(fixture->first, first);
    bytes_unref(first);
}

static void nothing_large_is_kept(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < 5; i++)
        stage_publish_long(&fixture->stage, "a", 'x', 199999);
    hub_flush(&fixture->stage.hub);
    ask(fixture, "a", "0", 0);
    assert_true(fixture->text.len <= POLL_BODY_KEPT_BYTES);
    assert_non_null(fixture->stage.hub.poll_body.body);
    stage_publish_long(&fixture->stage, "a", 'x', 199999);
    hub_flush(&fixture->stage.hub);
    poll_body_slot_clear(&fixture->stage.hub.poll_body);
    ask(fixture, "a", "0", 0);
    assert_true(fixture->text.len > POLL_BODY_KEPT_BYTES);
    assert_null(fixture->stage.hub.poll_body.body);
    assert_int_equal(fixture->text.data[0], '[');
    assert_string_equal(fixture->text.data + fixture->text.len - 4, "x\"}]");
}

static void it_goes_with_its_ring(void **state)
{
    struct fixture *fixture = *state;
    publish(fixture, "a", 1);
    ask(fixture, "a", "0", 0);
    assert_non_null(fixture->stage.hub.poll_body.body);
    stage_wait(&fixture->stage, stage_config.ring_linger_ms);
    assert_int_equal(fixture->stage.hub.stats.channels_open.value, 0);
    assert_null(fixture->stage.hub.poll_body.body);
    ask(fixture, "a", "0", 0);
    assert_buffer_equal(&fixture->text, "[]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_asks_the_same_is_given_the_same),
        TEST(what_is_given_again_counts_as_delivered),
        TEST(what_is_new_is_in_the_next_one),
        TEST(other_questions_get_other_answers),
        TEST(a_gap_is_told_to_each_with_its_own_id),
        TEST(a_break_that_is_passed_is_in_nobodys_way),
        TEST(nothing_large_is_kept),
        TEST(it_goes_with_its_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
