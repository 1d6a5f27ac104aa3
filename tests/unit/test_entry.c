/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/entry.h"

#include "unit.h"

/* Replies are made by hiredis from the bytes of the protocol, so that they have the shapes that it gives them. */
static redisReply *reply_of(const char *bytes)
{
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;

    print_message("%s\n", bytes);
    assert_int_equal(redisReaderFeed(reader, bytes, strlen(bytes)), REDIS_OK);
    assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
    assert_non_null(reply);
    redisReaderFree(reader);
    return reply;
}

#define ID "$3\r\n5-7\r\n"
#define FIELDS "*4\r\n$4\r\ndata\r\n$1\r\nx\r\n$5\r\nevent\r\n$1\r\ne\r\n"
#define ENTRY(id, fields) "*2\r\n" id fields

static void an_entry_is_an_id_and_pairs_of_names_and_values(void **state)
{
    (void)state;
    redisReply *reply = reply_of(ENTRY(ID, FIELDS));
    struct entry entry;

    assert_true(entry_read(&entry, reply));
    assert_span_equal(entry.id_text, span_of("5-7"));
    assert_true(entry.id.ms == 5 && entry.id.seq == 7);
    assert_true(entry_has(&entry, "data"));
    assert_true(entry_has(&entry, "event"));
    assert_false(entry_has(&entry, "id"));
    assert_span_equal(entry_get(&entry, "data"), span_of("x"));
    assert_span_equal(entry_get(&entry, "event"), span_of("e"));
    freeReplyObject(reply);
}

static void an_entry_may_have_no_fields(void **state)
{
    (void)state;
    redisReply *reply = reply_of(ENTRY(ID, "*0\r\n"));
    struct entry entry;
    struct envelope envelope = {0};

    assert_true(entry_read(&entry, reply));
    assert_false(entry_has(&entry, "data"));
    assert_int_equal(entry_get(&entry, "data").len, 0);
    assert_true(event_id_compare(entry_get_id(&entry, "data"), EVENT_ID_NONE) == 0);
    entry_read_envelope(&entry, &envelope);
    assert_int_equal(envelope.data.len + envelope.event.len + envelope.id.len + envelope.dropped, 0);
    envelope_fini(&envelope);
    freeReplyObject(reply);
}

static void the_largest_id_is_read(void **state)
{
    (void)state;
    redisReply *reply = reply_of(ENTRY("$41\r\n18446744073709551615-18446744073709551615\r\n", FIELDS));
    struct entry entry;
    assert_true(entry_read(&entry, reply));
    assert_true(event_id_compare(entry.id, EVENT_ID_MAX) == 0);
    freeReplyObject(reply);
}

static const char *const not_entries[] = {
    "$-1\r\n",
    "*-1\r\n",
    ":5\r\n",
    "+OK\r\n",
    "-ERR no\r\n",
    "$3\r\n5-7\r\n",
    "*0\r\n",
    "*1\r\n" ID,
    "*1\r\n" FIELDS,
    "*3\r\n" ID FIELDS FIELDS,
    "*2\r\n" FIELDS ID, /* the wrong way round */
    ENTRY(ID, ID),
    ENTRY(FIELDS, FIELDS),
    /* Fields of another type; nil is what a group shows of a deleted entry. */
    ENTRY(ID, "*-1\r\n"),
    ENTRY(ID, "$-1\r\n"),
    ENTRY(ID, ":2\r\n"),
    ENTRY(ID, "+x\r\n"),
    ENTRY(ID, "-ERR no\r\n"),
    /* An odd number of them. */
    ENTRY(ID, "*1\r\n$4\r\ndata\r\n"),
    ENTRY(ID, "*3\r\n$4\r\ndata\r\n$1\r\nx\r\n$5\r\nevent\r\n"),
    /* Ids of another type. */
    ENTRY("$-1\r\n", FIELDS),
    ENTRY("*-1\r\n", FIELDS),
    ENTRY(":5\r\n", FIELDS),
    ENTRY("-ERR 5-7\r\n", FIELDS),
    ENTRY("*1\r\n" ID, FIELDS),
    /* Ids of another form. */
    ENTRY("$0\r\n\r\n", FIELDS),
    ENTRY("$1\r\n5\r\n", FIELDS),
    ENTRY("$2\r\n5-\r\n", FIELDS),
    ENTRY("$2\r\n-7\r\n", FIELDS),
    ENTRY("$1\r\n-\r\n", FIELDS),
    ENTRY("$4\r\n-5-7\r\n", FIELDS),
    ENTRY("$4\r\n 5-7\r\n", FIELDS),
    ENTRY("$4\r\n5-7 \r\n", FIELDS),
    ENTRY("$4\r\n+5-7\r\n", FIELDS),
    ENTRY("$5\r\n5-7-9\r\n", FIELDS),
    ENTRY("$5\r\n5-7.x\r\n", FIELDS),
    ENTRY("$3\r\na-7\r\n", FIELDS),
    ENTRY("$3\r\n5-a\r\n", FIELDS),
    ENTRY("$5\r\n0x5-7\r\n", FIELDS),
    ENTRY("$22\r\n18446744073709551616-0\r\n", FIELDS),
    ENTRY("$22\r\n0-18446744073709551616\r\n", FIELDS),
};

static void what_has_another_shape_is_no_entry(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(not_entries); i++) {
        redisReply *reply = reply_of(not_entries[i]);
        struct entry entry;
        assert_false(entry_read(&entry, reply));
        freeReplyObject(reply);
    }
}

static void an_id_with_a_zero_byte_is_none(void **state)
{
    (void)state;
    redisReply *reply = reply_of(ENTRY("$4\r\n5-7x\r\n", FIELDS));
    struct entry entry;
    reply->element[0]->str[3] = '\0';
    assert_false(entry_read(&entry, reply));
    freeReplyObject(reply);
}

/* --- values ------------------------------------------------------------------------------------------------------ */

static void names_and_values_of_other_types_are_no_fields(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "*2\r\n:4\r\n$1\r\nx\r\n",         "*2\r\n$-1\r\n$1\r\nx\r\n",    "*2\r\n*-1\r\n$1\r\nx\r\n",
        "*2\r\n*0\r\n$1\r\nx\r\n",         "*2\r\n+data\r\n:1\r\n",       "*2\r\n-data\r\n$1\r\nx\r\n",
        "*2\r\n$4\r\ndatb\r\n:1\r\n",      "*2\r\n$3\r\ndat\r\n:1\r\n",   "*2\r\n$5\r\ndatax\r\n:1\r\n",
        "*2\r\n$4\r\nDATA\r\n$1\r\nx\r\n", "*2\r\n$0\r\n\r\n$1\r\nx\r\n",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buffer bytes = {0};
        struct entry entry;
        buffer_printf(&bytes, ENTRY(ID, "%s"), rows[i]);
        redisReply *reply = reply_of(bytes.data);
        assert_true(entry_read(&entry, reply));
        assert_false(entry_has(&entry, "data"));
        assert_int_equal(entry_get(&entry, "data").len, 0);
        freeReplyObject(reply);
        buffer_fini(&bytes);
    }
}

static void a_value_of_another_type_is_empty(void **state)
{
    (void)state;
    static const char *const values[] = {"$-1\r\n", "*-1\r\n", ":5\r\n", "+7\r\n", "-7\r\n", "*1\r\n$1\r\n7\r\n"};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct buffer bytes = {0};
        struct entry entry;
        struct envelope envelope = {0};
        buffer_printf(&bytes, ENTRY(ID, "*4\r\n$4\r\ndata\r\n%s$2\r\nid\r\n%s"), values[i], values[i]);
        redisReply *reply = reply_of(bytes.data);
        assert_true(entry_read(&entry, reply));
        assert_int_equal(entry_get(&entry, "data").len, 0);
        assert_true(event_id_compare(entry_get_id(&entry, "data"), EVENT_ID_NONE) == 0);
        entry_read_envelope(&entry, &envelope);
        assert_int_equal(envelope.data.len + envelope.id.len, 0);
        envelope_fini(&envelope);
        freeReplyObject(reply);
        buffer_fini(&bytes);
    }
}

/* An entry with one field "value"; the caller frees the reply. */
static redisReply *entry_with(struct entry *entry, struct span value)
{
    struct buffer bytes = {0};
    buffer_printf(&bytes, ENTRY(ID, "*2\r\n$5\r\nvalue\r\n$%zu\r\n"), value.len);
    buffer_add(&bytes, value.data, value.len);
    buffer_add_string(&bytes, "\r\n");
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;
    redisReaderFeed(reader, bytes.data, bytes.len);
    assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
    assert_true(entry_read(entry, reply));
    redisReaderFree(reader);
    buffer_fini(&bytes);
    return reply;
}

static void a_value_is_read_byte_for_byte(void **state)
{
    (void)state;
    static const struct span values[] = {SPAN_LITERAL(""), SPAN_LITERAL("a\0b"), SPAN_LITERAL("\r\n"),
                                         SPAN_LITERAL("\xff\xfe")};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct entry entry;
        redisReply *reply = entry_with(&entry, values[i]);
        assert_true(entry_has(&entry, "value"));
        assert_span_equal(entry_get(&entry, "value"), values[i]);
        freeReplyObject(reply);
    }
}

static void an_id_that_is_none_is_0_0(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct event_id id;
    } rows[] = {
        {"5-7", {5, 7}}, {"0-0", {0, 0}}, {"18446744073709551615-1", {UINT64_MAX, 1}},
        {"", {0, 0}},    {"5", {0, 0}},   {"5-", {0, 0}},
        {"-7", {0, 0}},  {"5-x", {0, 0}}, {"18446744073709551616-1", {0, 0}},
        {"$", {0, 0}},   {"+", {0, 0}},   {"5-18446744073709551616", {0, 0}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct entry entry;
        redisReply *reply = entry_with(&entry, span_of(rows[i].text));
        assert_true(event_id_compare(entry_get_id(&entry, "value"), rows[i].id) == 0);
        assert_true(event_id_compare(entry_get_id(&entry, "another"), EVENT_ID_NONE) == 0);
        freeReplyObject(reply);
    }
}

static void the_first_of_equal_names_counts(void **state)
{
    (void)state;
    redisReply *reply = reply_of(ENTRY(ID, "*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\na\r\n$1\r\n2\r\n"));
    struct entry entry;
    assert_true(entry_read(&entry, reply));
    assert_span_equal(entry_get(&entry, "a"), span_of("1"));
    freeReplyObject(reply);
}

static void a_value_is_never_taken_for_a_name(void **state)
{
    (void)state;
    redisReply *reply = reply_of(ENTRY(ID, "*4\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n"));
    struct entry entry;
    assert_true(entry_read(&entry, reply));
    assert_false(entry_has(&entry, "b"));
    assert_false(entry_has(&entry, "d"));
    assert_span_equal(entry_get(&entry, "c"), span_of("d"));
    freeReplyObject(reply);
}

/* --- envelopes --------------------------------------------------------------------------------------------------- */

static void an_envelope_is_read_by_the_rules_of_envelopes(void **state)
{
    (void)state;
    redisReply *reply = reply_of(ENTRY(ID, "*8\r\n$5\r\nretry\r\n$3\r\n250\r\n$2\r\nid\r\n$2\r\ni7\r\n"
                                           "$5\r\nevent\r\n$3\r\ngap\r\n$4\r\ndata\r\n$12\r\n{\"data\":\"x\"}\r\n"));
    struct entry entry;
    struct envelope envelope = {0};

    assert_true(entry_read(&entry, reply));
    entry_read_envelope(&entry, &envelope);
    assert_span_equal(envelope.data, span_of("{\"data\":\"x\"}")); /* not taken apart again */
    assert_span_equal(envelope.id, span_of("i7"));
    assert_int_equal(envelope.event.len, 0);
    assert_int_equal(envelope.dropped, 1);
    assert_true(envelope.retry_ms == 250);
    envelope_fini(&envelope);
    freeReplyObject(reply);
}

/* --- XREAD ------------------------------------------------------------------------------------------------------- */

struct seen {
    size_t count;
    struct event_id last;
};

static void on_entry(void *context, const struct entry *entry)
{
    struct seen *seen = context;
    seen->count++;
    seen->last = entry->id;
}

static struct seen walk(const char *bytes)
{
    struct seen seen = {0};
    redisReply *reply = reply_of(bytes);
    entry_for_each(reply, on_entry, &seen);
    freeReplyObject(reply);
    return seen;
}

#define STREAM(entries) "*2\r\n$8\r\npush:log\r\n" entries
#define XREAD(entries) "*1\r\n" STREAM(entries)
#define GOOD(id) ENTRY("$3\r\n" id "\r\n", FIELDS)

static void each_entry_of_a_stream_is_seen_in_order(void **state)
{
    (void)state;
    struct seen seen = walk(XREAD("*3\r\n" GOOD("5-7") GOOD("5-8") GOOD("6-0")));
    assert_int_equal(seen.count, 3);
    assert_true(seen.last.ms == 6 && seen.last.seq == 0);
    assert_int_equal(walk(XREAD("*1\r\n" GOOD("5-7"))).count, 1);
}

static void a_strange_reply_has_no_entries(void **state)
{
    (void)state;
    static const char *const replies[] = {
        "$-1\r\n",
        "*-1\r\n",
        "*0\r\n",
        ":1\r\n",
        "+OK\r\n",
        "-ERR no\r\n",
        "$3\r\n5-7\r\n",
        "*1\r\n$-1\r\n",
        "*1\r\n*-1\r\n",
        "*1\r\n*0\r\n",
        "*1\r\n:1\r\n",
        "*1\r\n*1\r\n$8\r\npush:log\r\n",
        "*1\r\n*3\r\n$8\r\npush:log\r\n*0\r\n*0\r\n",
        "*2\r\n" STREAM("*1\r\n" GOOD("5-7")) STREAM("*1\r\n" GOOD("5-7")), /* one stream was asked for */
        XREAD("*0\r\n"),
        XREAD("*-1\r\n"),
        XREAD("$-1\r\n"),
        XREAD(":1\r\n"),
        XREAD("$1\r\nx\r\n"),
        XREAD("+x\r\n"),
        XREAD("-ERR no\r\n"),
        "*1\r\n" GOOD("5-7"), /* a stream's name and entries that are none */
    };
    for (size_t i = 0; i < COUNT_OF(replies); i++)
        assert_int_equal(walk(replies[i]).count, 0);
}

static void what_is_no_entry_among_entries_is_passed_over(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(not_entries); i++) {
        struct buffer bytes = {0};
        buffer_printf(&bytes, XREAD("*3\r\n" GOOD("5-7") "%s" GOOD("6-1")), not_entries[i]);
        struct seen seen = walk(bytes.data);
        assert_int_equal(seen.count, 2);
        assert_true(seen.last.ms == 6 && seen.last.seq == 1);
        buffer_fini(&bytes);
    }
}

/* --- types that hold elements as an array does ------------------------------------------------------------------- */

enum { TYPES_OF_REPLIES = 14 }; /* of hiredis 1.x: maps and sets of RESP3 too */

static void only_an_array_is_an_entry_or_its_fields(void **state)
{
    (void)state;
    redisReply *reply = reply_of(ENTRY(ID, FIELDS));
    redisReply *const places[] = {reply, reply->element[1]};

    for (size_t i = 0; i < COUNT_OF(places); i++) {
        for (int type = 0; type <= TYPES_OF_REPLIES; type++) {
            struct entry entry;
            places[i]->type = type;
            assert_int_equal(entry_read(&entry, reply), type == REDIS_REPLY_ARRAY);
        }
        places[i]->type = REDIS_REPLY_ARRAY;
    }
    freeReplyObject(reply);
}

static void only_arrays_lead_to_the_entries_of_a_stream(void **state)
{
    (void)state;
    redisReply *reply = reply_of(XREAD("*1\r\n" GOOD("5-7")));
    redisReply *stream = reply->element[0];
    redisReply *const places[] = {reply, stream, stream->element[1], stream->element[1]->element[0]};

    for (size_t i = 0; i < COUNT_OF(places); i++) {
        for (int type = 0; type <= TYPES_OF_REPLIES; type++) {
            struct seen seen = {0};
            places[i]->type = type;
            entry_for_each(reply, on_entry, &seen);
            assert_int_equal(seen.count, type == REDIS_REPLY_ARRAY);
        }
        places[i]->type = REDIS_REPLY_ARRAY;
    }
    freeReplyObject(reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_an_id_and_pairs_of_names_and_values),
        cmocka_unit_test(an_entry_may_have_no_fields),
        cmocka_unit_test(the_largest_id_is_read),
        cmocka_unit_test(what_has_another_shape_is_no_entry),
        cmocka_unit_test(an_id_with_a_zero_byte_is_none),
        cmocka_unit_test(names_and_values_of_other_types_are_no_fields),
        cmocka_unit_test(a_value_of_another_type_is_empty),
        cmocka_unit_test(a_value_is_read_byte_for_byte),
        cmocka_unit_test(an_id_that_is_none_is_0_0),
        cmocka_unit_test(the_first_of_equal_names_counts),
        cmocka_unit_test(a_value_is_never_taken_for_a_name),
        cmocka_unit_test(an_envelope_is_read_by_the_rules_of_envelopes),
        cmocka_unit_test(each_entry_of_a_stream_is_seen_in_order),
        cmocka_unit_test(a_strange_reply_has_no_entries),
        cmocka_unit_test(what_is_no_entry_among_entries_is_passed_over),
        cmocka_unit_test(only_an_array_is_an_entry_or_its_fields),
        cmocka_unit_test(only_arrays_lead_to_the_entries_of_a_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
