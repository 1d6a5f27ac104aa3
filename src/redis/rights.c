/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/rights.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "redis/request.h"

enum { WORDS_LIMIT = 8, OLDEST_VERSION = 5 };

/* A command in a form that does nothing, or nothing that counts; '@' stands for the prefix. */
struct probe {
    const char *right;
    const char *words[WORDS_LIMIT];
};

static const struct probe probes[] = {
    {"+info", {"INFO"}},
    {"+publish", {"PUBLISH", "@recorder", ""}}, /* an empty marker is none */
    {"+xread", {"XREAD", "COUNT", "1", "STREAMS", "@log", "0-0"}},
    {"+xrevrange", {"XREVRANGE", "@log", "+", "-", "COUNT", "1"}},
    {"+xinfo|stream", {"XINFO", "STREAM", "@log"}},
    {"+xadd", {"XADD", "@log", "no-id", "field", "value"}},
    {"+xtrim", {"XTRIM", "@log", "MAXLEN", "no-length"}},
    {"+xdel", {"XDEL", "@inbox", "0-0"}},
    {"+get", {"GET", "@break"}},
    {"+set", {"SET", "@recorded:", "0", "NO-OPTION"}},
    {"+del", {"DEL", "@recorded:"}},
    {"+pexpire", {"PEXPIRE", "@recorded:", "1"}},
    {"+pttl", {"PTTL", "@lease"}},
    {"+type", {"TYPE", "@log"}},
    {"+time", {"TIME"}},
    {"+evalsha", {"EVALSHA", "0000000000000000000000000000000000000000", "0"}},
    {"+script|load", {"SCRIPT", "LOAD", "return 0"}},
};

enum { PROBE_COUNT = sizeof(probes) / sizeof(probes[0]) };

void rights_init(struct rights *rights, const struct keys *keys, const char *user, const struct rights_events *events)
{
    *rights = (struct rights){.keys = keys, .user = user != NULL ? user : "default", .events = *events};
}

void rights_fini(struct rights *rights)
{
    buffer_fini(&rights->missing);
    buffer_fini(&rights->known_missing);
    buffer_fini(&rights->known_unsubscribed);
    buffer_fini(&rights->known_version);
}

/* --- answers -------------------------------------------------------------------------------------------------- */

static void note_missing(struct rights *rights, const char *right)
{
    if (rights->missing.len > 0 && strstr(rights->missing.data, right) != NULL)
        return;
    buffer_printf(&rights->missing, " %s", right);
}

static bool starts_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Redis tells apart the command, the keys and the channels that a user has no right to. */
static void add_right(const char *prefix, const char *right, const char *error, struct buffer *out)
{
    if (strstr(error, "channel") != NULL)
        buffer_printf(out, "&%s*", prefix);
    else if (strstr(error, " key") != NULL)
        buffer_printf(out, "~%s*", prefix);
    else
        buffer_add_string(out, right);
}

static void read_refusal(struct rights *rights, const char *right, const char *error)
{
    struct buffer missing = {0};
    add_right(rights->keys->prefix, right, error, &missing);
    note_missing(rights, missing.data);
    buffer_fini(&missing);
}

/* Logs what is wrong unless it is known already, and tells the owner. */
static void refuse(struct rights *rights, struct buffer *known, const struct buffer *what)
{
    bool is_known = known->len == what->len && memcmp(known->data, what->data, what->len) == 0;

    if (!is_known)
        log_error("%s", what->data);
    buffer_clear(known);
    buffer_add(known, what->data, what->len);
    rights->events.on_refused(rights->events.owner, what->data);
}

static const char *find_line(const char *info, const char *name)
{
    const char *line = strstr(info, name);
    return line != NULL ? line + strlen(name) : NULL;
}

static void read_info(struct rights *rights, const char *info)
{
    const char *version = find_line(info, "redis_version:");
    const char *policy = find_line(info, "maxmemory_policy:");

    if (version != NULL && atoi(version) < OLDEST_VERSION) {
        struct buffer what = {0};
        buffer_printf(&what, "Redis is version %.*s, and --history redis needs %d or later; --history memory does not",
                      (int)strcspn(version, "\r\n"), version, OLDEST_VERSION);
        refuse(rights, &rights->known_version, &what);
        buffer_fini(&what);
    }
    if (policy != NULL && !starts_with(policy, "noeviction") && !rights->has_warned) {
        rights->has_warned = true;
        log_warning("Redis has maxmemory-policy %.*s and may throw events away; use noeviction",
                    (int)strcspn(policy, "\r\n"), policy);
    }
}

static void add_advice(const struct rights *rights, const char *missing, struct buffer *out)
{
    const char *prefix = rights->keys->prefix;

    buffer_printf(out, "the Redis user lacks%s; it needs: ACL SETUSER %s resetchannels &%s* ~%s* -@all +psubscribe",
                  missing, rights->user, prefix, prefix);
    for (size_t i = 0; i < PROBE_COUNT; i++)
        buffer_printf(out, " %s", probes[i].right);
}

static void finish(struct rights *rights)
{
    struct buffer what = {0};

    if (rights->missing.len > 0) {
        add_advice(rights, rights->missing.data, &what);
        refuse(rights, &rights->known_missing, &what);
    } else {
        buffer_clear(&rights->known_missing);
    }
    buffer_fini(&what);
}

void rights_note_unsubscribed(struct rights *rights, const char *error)
{
    struct buffer missing = {0};
    struct buffer what = {0};

    if (!starts_with(error, "NOPERM"))
        return;
    buffer_add_char(&missing, ' ');
    add_right(rights->keys->prefix, "+psubscribe", error, &missing);
    add_advice(rights, missing.data, &what);
    refuse(rights, &rights->known_unsubscribed, &what);
    buffer_fini(&missing);
    buffer_fini(&what);
}

void rights_explain_unsubscribed(const char *prefix, const char *user, const char *error, struct buffer *out)
{
    if (!starts_with(error, "NOPERM"))
        return;
    buffer_add_string(out, "the Redis user lacks ");
    add_right(prefix, "+psubscribe", error, out);
    buffer_printf(out, "; it needs: ACL SETUSER %s resetchannels &%s* -@all +psubscribe",
                  user != NULL ? user : "default", prefix);
}

/* Answers come in the order of the probes. */
static void on_answer(redisAsyncContext *context, void *reply_data, void *owner)
{
    struct rights *rights = owner;
    const redisReply *reply = reply_data;

    if (reply == NULL || link_of(context) == NULL)
        return;
    const struct probe *probe = &probes[rights->answered++];
    if (reply->type == REDIS_REPLY_ERROR && starts_with(reply->str, "NOPERM"))
        read_refusal(rights, probe->right, reply->str);
    else if (reply->type == REDIS_REPLY_STRING && strcmp(probe->right, "+info") == 0)
        read_info(rights, reply->str);
    if (rights->answered == PROBE_COUNT)
        finish(rights);
}

/* --- questions ------------------------------------------------------------------------------------------------ */

static void send_probe(struct rights *rights, const struct probe *probe)
{
    struct request request = {0};
    struct buffer word = {0};

    for (size_t i = 0; i < WORDS_LIMIT && probe->words[i] != NULL; i++) {
        bool has_prefix = probe->words[i][0] == '@';
        buffer_clear(&word);
        buffer_printf(&word, "%s%s", has_prefix ? rights->keys->prefix : "", probe->words[i] + has_prefix);
        request_add(&request, (struct span){word.data, word.len});
    }
    link_send(rights->link, on_answer, rights, request_whole(&request));
    buffer_fini(&word);
    request_fini(&request);
}

void rights_check(struct rights *rights, struct link *link)
{
    rights->link = link;
    rights->answered = 0;
    buffer_clear(&rights->missing);
    for (size_t i = 0; i < PROBE_COUNT; i++)
        send_probe(rights, &probes[i]);
}
