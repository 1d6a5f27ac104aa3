# SPDX-License-Identifier: BSD-2-Clause
"""How Redis is reached: addresses, passwords, rights, prefix."""

import pytest
from process import until


def flows(stage, responder):
    responder.wait_subscribed()
    stream = stage.stream(responder)
    stage.redis.publish("news", "hello")
    assert stream.next_event().text == "hello"


@pytest.mark.parametrize(
    "form",
    ["redis://127.0.0.1:{port}", "redis://127.0.0.1:{port}/0", "redis://127.0.0.1:{port}/3", "redis://localhost:{port}"]
    + ["unix://{path}", "unix://{path}?db=1", "127.0.0.1:{port}", "localhost:{port}", "{path}"],
)
def test_every_form_of_address(stage, form):
    server = stage.start_redis()
    flows(stage, stage.new_responder(redis=form.format(port=server.port, path=server.path)).start())


def test_an_address_of_ipv6(stage):
    server = stage.start_redis(host="::1")
    flows(stage, stage.new_responder(redis=f"redis://[::1]:{server.port}").start())


@pytest.mark.parametrize(
    "form", ["redis://:{password}@127.0.0.1:{port}/0", "redis://default:{password}@127.0.0.1:{port}"]
)
def test_a_password_in_the_address(stage, form):
    server = stage.start_redis(password="pa55")
    flows(stage, stage.new_responder(redis=form.format(port=server.port, password="pa55")).start())


def test_a_password_in_the_address_may_be_encoded(stage):
    server = stage.start_redis(password="p@ss/w:rd%")
    flows(stage, stage.new_responder(redis=f"redis://:p%40ss%2Fw%3Ard%25@127.0.0.1:{server.port}").start())


@pytest.mark.parametrize("form", ["unix://{path}", "redis://127.0.0.1:{port}", "{path}"])
def test_a_password_from_a_file(stage, form):
    server = stage.start_redis(password="file secret")
    secret = stage.directory / "secret"
    secret.write_text("file secret\n")
    url = form.format(port=server.port, path=server.path)
    responder = stage.new_responder(redis=url, redis_password_file=secret).start()
    flows(stage, responder)
    with open(f"/proc/{responder.pid}/cmdline") as cmdline:
        assert "file secret" not in cmdline.read()
    assert "file secret" not in responder.log()


@pytest.mark.parametrize("password", [None, "wrong"])
def test_a_wrong_password_is_named_and_tried_again(stage, password):
    server = stage.start_redis(password="right")
    url = f"redis://:{password}@127.0.0.1:{server.port}" if password else f"redis://127.0.0.1:{server.port}"
    responder = stage.new_responder(redis=url).start()
    until(lambda: "WRONGPASS" in responder.log() or "NOAUTH" in responder.log(), "the reason is logged")
    assert "wrong" not in responder.log().replace("WRONGPASS", "").replace("wrong username", ""), "no password in a log"
    stage.stream(responder)
    with server.client() as client:
        client.config_set("requirepass", password or "")
        server.password = password
    flows(stage, responder)


def acl_redis(stage, rights):
    """A Redis with the user "push" and these rights, and nobody else but an admin."""
    acl = stage.directory / "users.acl"
    acl.write_text(f"user default on nopass ~* &* +@all\nuser push on >secret resetchannels -@all {rights}\n")
    return stage.start_redis("--aclfile", str(acl))


def test_a_user_with_nothing_but_psubscribe_is_enough(stage):
    server = acl_redis(stage, "&push:* +psubscribe")
    flows(stage, stage.new_responder(redis=f"redis://push:secret@127.0.0.1:{server.port}").start())


@pytest.mark.parametrize("rights", ["&push:*", "+psubscribe", "&other:* +psubscribe"])
def test_a_psubscribe_that_is_not_permitted_is_named(stage, rights):
    server = acl_redis(stage, rights)
    responder = stage.new_responder(redis=f"redis://push:secret@127.0.0.1:{server.port}").start()
    until(lambda: "NOPERM" in responder.log() or "permission" in responder.log().lower(), "the reason is logged")
    stage.stream(responder)
    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "push", "resetchannels", "&push:*", "+psubscribe")
    flows(stage, responder)


# --- Prefix ---


@pytest.mark.parametrize("prefix", ["{x}:", "app-1_A.b:", "x" * 64])
def test_a_prefix_separates(stage, prefix):
    responder = stage.responder(prefix=prefix)
    stream = stage.stream(responder)
    stage.redis.publish("news", "not ours")
    stage.redis.publish("news", "ours", prefix=prefix)
    assert stream.next_event().text == "ours"


def test_nothing_is_written_to_redis(stage):
    responder = stage.responder()
    flows(stage, responder)
    with stage.redis.client() as client:
        assert client.dbsize() == 0
        assert client.pubsub_numpat() == 1


def test_messages_to_names_that_are_no_channels_harm_nobody(stage):
    responder = stage.responder()
    stream = stage.stream(responder)
    for name in ("", "a b", "*", "x" * 200, "é", "a\0b", "\r\n", "log", "inbox", "recorder", "history:news"):
        stage.redis.publish(name, "ignored")
    stage.redis.publish("news", "heard")
    assert stream.next_event().text == "heard"


def test_publish_counts_the_responder_once(stage):
    stage.responder()
    assert stage.redis.publish("news", "x") == 1
