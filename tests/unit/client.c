/* SPDX-License-Identifier: BSD-2-Clause */
#include "client.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

enum { CHANNELS_LIMIT = 16 };

void client_open_at(struct client *client, struct hub *hub, const char *channels, const struct resume *resume,
                    enum stream_shows shows, const char *head)
{
    struct span names[CHANNELS_LIMIT];
    size_t count = 0;
    struct buffer buffer = {0};

    while (channels != NULL) {
        const char *comma = strchr(channels, ',');
        assert_true(count < CHANNELS_LIMIT);
        names[count++] = comma != NULL ? span_between(channels, comma) : span_of(channels);
        channels = comma != NULL ? comma + 1 : NULL;
    }
    *client = (struct client){0};
    fake_sink_init(&client->sink);
    const struct subscription_request request = {.channels = names, .count = count, .resume = *resume};
    buffer_add_string(&buffer, head);
    stream_open(hub, &client->sink.sink, &request, shows, &buffer);
    buffer_fini(&buffer);
}

void client_open(struct client *client, struct hub *hub, const char *channels, const char *last_id)
{
    struct resume resume = {.kind = RESUME_NOW};
    if (last_id != NULL) {
        resume.kind = strcmp(last_id, "0") == 0 ? RESUME_ALL : RESUME_AFTER_ID;
        resume.id = span_of(last_id);
    }
    client_open_at(client, hub, channels, &resume, STREAM_SHOWS_NOTHING, "");
    client_read(client);
}

void client_read(struct client *client)
{
    const struct buffer *written = &client->sink.written;

    while (fake_sink_call_back(&client->sink)) {
    }
    if (written->len > client->read)
        sse_reader_feed(&client->reader, written->data + client->read, written->len - client->read);
    client->read = written->len;
}

void client_turn(struct client *client, struct hub *hub)
{
    hub_flush(hub);
    client_read(client);
}

void client_close(struct client *client)
{
    fake_sink_leave(&client->sink);
    fake_sink_fini(&client->sink);
    sse_reader_fini(&client->reader);
}

const char *client_events(struct client *client)
{
    static char text[8192];
    size_t len = 0;

    client_read(client);
    text[0] = '\0';
    for (size_t i = 0; i < client->reader.count; i++) {
        const struct sse_event *event = &client->reader.events[i];
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s:%s", i > 0 ? " " : "", event->type.data,
                                event->data.data);
        assert_true(len < sizeof(text));
    }
    return text;
}

const char *client_text(struct client *client)
{
    return client->sink.written.data != NULL ? client->sink.written.data : "";
}

void client_forget(struct client *client)
{
    client_read(client);
    struct buffer id = client->reader.id;
    client->reader.id = (struct buffer){0};
    sse_reader_fini(&client->reader);
    client->reader.id = id;
    buffer_add(&client->reader.last_id, id.data, id.len);
    client->reader.lines = 1;
    buffer_clear(&client->sink.written);
    client->sink.writes = 0;
    client->sink.largest_write = 0;
    client->read = 0;
}

static void do_nothing(struct subscriber *subscriber)
{
    (void)subscriber;
}

struct subscriber *client_subscribe(struct hub *hub, struct sink *sink, const struct subscription_request *request)
{
    static const struct subscriber_policy policy = {.start = do_nothing,
                                                    .flush = do_nothing,
                                                    .on_reload = do_nothing,
                                                    .on_timeout = do_nothing,
                                                    .end = do_nothing,
                                                    .on_gone = subscriber_free};
    return subscriber_new(&policy, sizeof(struct subscriber), hub, sink, request);
}
