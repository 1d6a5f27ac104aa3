# SPDX-License-Identifier: BSD-2-Clause
"""What a request asks for: channels, mounts, permissions, CORS, errors."""

import json

import pytest

NAMES_64 = ",".join(f"c{n}" for n in range(64))


def channels_reached(stage, stream, channels):
    """Publishes to each of the channels; the texts that arrive."""
    for channel in channels:
        stage.redis.publish(channel, "to " + channel)
    stage.redis.publish("last", "end")
    texts = []
    while (text := stream.next_event().text) != "end":
        texts.append(text)
    return texts


@pytest.mark.parametrize(
    "request_",
    [
        {"query": "channel=a&channel=b&channel=last"},
        {"query": "channel=a,b,last"},
        {"query": "channel=a,b&channel=last"},
        {"query": "channel=a,b,a&channel=b&channel=last&channel=last"},
        {"query": "channel=%61,b&channel=l%61st"},
        {"query": "channel=a%2Cb%2Clast"},
        {"query": "x=1&channel=a,b,last&y=%zz&z"},
        {"path_info": "/a,b,last"},
        {"script_name": "/events/a,b,last", "PUSH_MOUNT": "/events"},
        {"script_name": "/deep/down/a,b,last", "PUSH_MOUNT": "/deep/down"},
    ],
    ids=lambda r: " ".join(r.values()),
)
def test_channels_are_named_by_query_or_path(common, request_):
    responder = common.shared_responder
    stream = common.stream(responder, **{"query": "", **request_})
    assert channels_reached(common, stream, ["a", "b", "c"]) == ["to a", "to b"]


def test_the_mount_can_be_an_option(stage):
    responder = stage.responder(mount="/push/events")
    stream = stage.stream(responder, "", script_name="/push/events/a,last")
    assert channels_reached(stage, stream, ["a", "b"]) == ["to a"]


def test_a_path_is_not_decoded_again(common):
    responder = common.shared_responder
    assert common.ask(responder, path_info="/ne%77s").status == 400
    assert common.ask(responder, "channel=ne%2577s").status == 400


def test_path_and_query_together_are_refused(common):
    assert common.ask(common.shared_responder, "channel=a", path_info="/b").status == 400


@pytest.mark.parametrize(
    "name",
    ["inbox", "log", "recorder", "lease", "break", "history:a", "recorded:a"]
    + ["a%20b", "a%2Fb", "a*", "a%3Fb", "%7Bx%7D", "%C3%A9", "a%00", "a%0A", "a" * 129, "a%0D%0Aid:1"],
)
def test_reserved_and_malformed_names_get_400(common, name):
    responder = common.shared_responder
    for query in (f"channel={name}", f"channel=good,{name}"):
        response = common.ask(responder, query)
        assert response.status == 400
        error = json.loads(response.body())
        assert set(error) == {"error", "message"} and error["error"] and error["message"]
        assert response.headers["content-type"].startswith("application/json")


def test_the_whole_alphabet_and_128_bytes_are_good(common):
    responder = common.shared_responder
    name = ("ABCXYZabcxyz0189._:-" * 7)[:128]
    stream = common.stream(responder, f"channel={name}")
    common.redis.publish(name, "long name")
    assert stream.next_event().text == "long name"


def test_names_that_only_look_reserved_are_good(common):
    responder = common.shared_responder
    for name in ("Inbox", "logs", "history", "historic:a", "recorded", "breaks"):
        common.stream(responder, f"channel={name}").close()


def test_64_channels_are_good_and_65_are_not(common):
    responder = common.shared_responder
    stream = common.stream(responder, f"channel={NAMES_64}")
    common.redis.publish("c63", "the last of them")
    assert stream.next_event().text == "the last of them"
    assert common.ask(responder, f"channel={NAMES_64},c64").status == 400
    common.stream(responder, f"channel={NAMES_64},c0,c63")  # duplicates count once


def test_max_channels_is_an_option(stage):
    responder = stage.responder(max_channels=2)
    stage.stream(responder, "channel=a,b")
    assert stage.ask(responder, "channel=a,b,c").status == 400


def test_channels_permits_names_and_patterns_only(stage):
    responder = stage.responder(channels="news,team-*")
    for name in ("news", "team-", "team-red"):
        stage.stream(responder, f"channel={name}").close()
    for name in ("new", "newss", "tea", "chat", "news,chat"):
        response = stage.ask(responder, f"channel={name}")
        assert (name, response.status) == (name, 403)
        assert response.error_code()


def test_the_web_server_narrows_the_channels_of_one_mount(common):
    responder = common.shared_responder
    assert common.ask(responder, "channel=chat", PUSH_CHANNELS="news").status == 403
    common.stream(responder, "channel=news", PUSH_CHANNELS="news")
    assert common.ask(responder, "channel=chat", PUSH_CHANNELS="news", HTTP_PUSH_CHANNELS="chat").status == 403


USERS_MOUNT = "last, user:%{REMOTE_USER}, user:%{REMOTE_USER}:*"


def test_a_user_reads_the_channels_of_the_own_name(common):
    responder = common.shared_responder
    mount = {"PUSH_CHANNELS": USERS_MOUNT, "REMOTE_USER": "joe"}
    everyones = ["user:ann", "user:joe", "user:joey", "user:joe:mail"]
    stream = common.stream(responder, "", **mount)
    assert channels_reached(common, stream, everyones) == ["to user:joe"]
    stream = common.stream(responder, "channel=last,user:joe,user:joe:mail", **mount)
    assert channels_reached(common, stream, everyones) == ["to user:joe", "to user:joe:mail"]


@pytest.mark.parametrize(
    "query, user, code",
    [
        ("channel=user:ann", {"REMOTE_USER": "joe"}, "forbidden-channel"),
        ("channel=user:ann", {"REMOTE_USER": "*"}, "invalid-user"),
        ("channel=user:ann", {"REMOTE_USER": "joe", "HTTP_REMOTE_USER": "ann"}, "forbidden-channel"),
        ("channel=user:ann", {"HTTP_REMOTE_USER": "ann"}, "forbidden-channel"),
        ("channel=user:ann", {"REMOTE_USER": "joe", "HTTP_PUSH_CHANNELS": "*"}, "forbidden-channel"),
        ("channel=user:joe", {}, "forbidden-channel"),
        ("channel=user:", {"REMOTE_USER": ""}, "forbidden-channel"),
    ],
    ids=str,
)
def test_nobody_reads_the_channels_of_another_user(common, query, user, code):
    response = common.ask(common.shared_responder, query, PUSH_CHANNELS=USERS_MOUNT, **user)
    assert (response.status, response.error_code()) == (403, code)


def test_a_mount_for_users_asks_for_one(common):
    response = common.ask(common.shared_responder, "", PUSH_CHANNELS="user:%{REMOTE_USER}")
    assert (response.status, response.error_code()) == (403, "no-user")


def test_a_request_without_channel_gets_the_plain_names(stage):
    responder = stage.responder(channels="a,team-*,b,last")
    stream = stage.stream(responder, "")
    assert channels_reached(stage, stream, ["a", "b", "team-x"]) == ["to a", "to b"]


@pytest.mark.parametrize("channels", ["*", "team-*"])
def test_a_request_without_channel_is_refused_where_none_is_plain(stage, channels):
    responder = stage.responder(channels=channels)
    for query in ("", "channel=", "other=1"):
        assert stage.ask(responder, query).status == 400


@pytest.mark.parametrize("method", ["GET", "POST", "BREW"])
def test_errors_are_json_that_says_what_to_change(common, method):
    response = common.ask(common.shared_responder, "channel=log", method=method)
    assert response.status == (400 if method == "GET" else 405)
    assert response.ended_properly
    assert json.loads(response.body())["message"]


def test_head_and_options_end_at_once_on_every_path(common):
    responder = common.shared_responder
    for how in ({"query": "channel=news"}, {"path_info": "/news"}):
        head = common.ask(responder, **how, method="HEAD")
        assert (head.status, head.body()) == (200, b"")
        assert head.headers["content-type"] == "text/event-stream; charset=utf-8"
    for path in ("", "/news", "/any/where"):
        options = common.ask(responder, path_info=path, method="OPTIONS")
        assert (options.status, options.body(), options.ended_properly) == (204, b"", True)


# --- CORS ---

GOOD, BAD = "https://shop.example", "https://evil.example"


def cors(headers):
    return {name: value for name, value in headers.items() if name.startswith("access-control-")}


def test_by_default_no_other_origin_may_read(common):
    responder = common.shared_responder
    headers = common.stream(responder, HTTP_ORIGIN=GOOD).headers
    assert cors(headers) == {}
    assert headers["vary"] == "Origin"


def test_a_listed_origin_is_echoed_with_credentials(stage):
    responder = stage.responder(cors_origin=["https://other.example", GOOD])
    for origin in (GOOD, "https://other.example"):
        headers = stage.stream(responder, HTTP_ORIGIN=origin).headers
        assert headers["access-control-allow-origin"] == origin
        assert headers["access-control-allow-credentials"] == "true"
        assert headers["access-control-expose-headers"] == "Push-Position"
        assert headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", [BAD, "https://shop.example.evil.example", "http://shop.example", "null", ""])
def test_an_unlisted_origin_gets_no_cors_headers(stage, origin):
    headers = stage.stream(stage.responder(cors_origin=GOOD), HTTP_ORIGIN=origin).headers
    assert cors(headers) == {}
    assert headers["vary"] == "Origin"


def test_a_star_allows_all_without_credentials(stage):
    headers = stage.stream(stage.responder(cors_origin="*"), HTTP_ORIGIN=BAD).headers
    assert headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in headers
    assert headers["vary"] == "Origin"


def test_errors_can_be_read_across_origins_too(stage):
    responder = stage.responder(cors_origin=GOOD)
    for how in ({"query": "channel=log"}, {"query": "channel=news", "method": "POST"}):
        headers = stage.ask(responder, **how, HTTP_ORIGIN=GOOD).headers
        assert headers["access-control-allow-origin"] == GOOD
        assert headers["vary"] == "Origin"


def test_a_preflight_for_last_event_id_is_answered(stage):
    responder = stage.responder(cors_origin=GOOD)
    asked = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "last-event-id"}
    response = stage.ask(responder, "channel=news", method="OPTIONS", HTTP_ORIGIN=GOOD, **asked)
    assert response.status == 204
    assert response.headers["access-control-allow-origin"] == GOOD
    assert response.headers["access-control-allow-credentials"] == "true"
    allowed = {word.strip().lower() for word in response.headers["access-control-allow-headers"].split(",")}
    assert {"last-event-id", "authorization"} <= allowed
    assert cors(stage.ask(responder, "channel=news", method="OPTIONS", HTTP_ORIGIN=BAD, **asked).headers) == {}
