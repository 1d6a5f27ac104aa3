# SPDX-License-Identifier: BSD-2-Clause
"""Options: flags, environment, configuration file, and what is said about bad ones."""

import os
import subprocess

import pytest
from servers import PROGRAM, sanitizer_environment

LISTEN = ("--listen", "unix:/nonexistent-directory/sse.sock")


def run(*arguments, timeout=15, **environment):
    """Runs sse.fcgi to its end."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PUSH_")}
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        env={**clean, **sanitizer_environment(), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def one_line(result):
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


BAD = [
    ("heartbeat", "soon"),
    ("heartbeat", "-1s"),
    ("heartbeat", "15"),
    ("heartbeat", "15 parsecs"),
    ("heartbeat", "999999999999h"),
    ("retry", "0s"),
    ("retry", ""),
    ("grace", "1y"),
    ("coalesce", "20"),
    ("coalesce", "2s"),
    ("request-timeout", "0s"),
    ("ring-linger", "x"),
    ("history-length", "-1"),
    ("history-length", "many"),
    ("history-length", "99999999999999999999"),
    ("history-length", "10.5"),
    ("history", "disk"),
    ("ring-memory", "256q"),
    ("ring-memory", "-5m"),
    ("max-message", "0"),
    ("max-message", "1mm"),
    ("max-request", "999g"),
    ("max-channels", "0"),
    ("max-channels", "x"),
    ("socket-mode", "0999"),
    ("socket-mode", "rw"),
    ("socket-mode", "77777"),
    ("prefix", "a*"),
    ("prefix", "a[b]"),
    ("prefix", "a?"),
    ("prefix", ""),
    ("prefix", "x" * 65),
    ("redis", "http://localhost"),
    ("redis", "redis://host:99999"),
    ("redis", "redis://host:port"),
    ("redis", "redis://127.0.0.1:6379/x"),
    ("redis", ""),
    ("redis-password-file", "/nonexistent/secret"),
    ("listen", "nowhere"),
    ("listen", "127.0.0.1:99999"),
    ("listen", "unix:"),
    ("listen", "unix:/" + "x" * 200),
    ("channels", "a/b"),
    ("channels", "a*b"),
    ("channels", "log"),
    ("mount", "events"),
    ("cors-origin", "shop.example"),
    ("cors-origin", "https://shop.example/path"),
    ("log", "printer"),
    ("log-level", "loud"),
    ("config", "/nonexistent/push.conf"),
]


@pytest.mark.parametrize("name, value", BAD, ids=lambda v: v[:24])
def test_a_bad_value_ends_the_start_with_name_and_value(name, value):
    listen = () if name == "listen" else LISTEN
    result = run(*listen, f"--{name}", value)
    assert result.returncode == 2
    assert name in one_line(result)
    assert value[:60] in one_line(result)
    assert result.stdout == ""


@pytest.mark.parametrize("address", ["http://u:hush@host", "redis://u:hush@host:99999", "redis://u:hush@host:1/x"])
def test_a_bad_address_is_named_without_its_password(address):
    result = run(*LISTEN, "--redis", address)
    assert result.returncode == 2
    assert "redis" in one_line(result)
    assert "hush" not in result.stderr


@pytest.mark.parametrize(
    "name, value, ranges",
    [("max-channels", "0", ["1"]), ("retry", "0s", ["1"]), ("log-level", "loud", ["error", "warning", "info", "debug"])]
    + [("history", "disk", ["redis", "memory"]), ("log", "printer", ["stderr", "syslog"])],
)
def test_the_allowed_range_is_named(name, value, ranges):
    line = one_line(run(*LISTEN, f"--{name}", value))
    for word in ranges:
        assert word in line.replace(value, "")


@pytest.mark.parametrize("arguments", [["--colour", "red"], ["--colour=red"], ["-z"], ["stray"], ["--heartbeat"]])
def test_an_unknown_option_ends_the_start(arguments):
    result = run(*LISTEN, *arguments)
    assert result.returncode == 2
    assert arguments[0].lstrip("-").split("=")[0] in one_line(result)


def test_a_bad_value_in_the_environment_is_named():
    result = run(*LISTEN, PUSH_MAX_CHANNELS="none")
    assert result.returncode == 2
    assert "PUSH_MAX_CHANNELS" in one_line(result) or "max-channels" in one_line(result)
    assert "none" in one_line(result)


@pytest.mark.parametrize(
    "line, named",
    [("max-channels = none", "none"), ("colour = red", "colour"), ("max-channels", "max-channels"), ("= 5", "")],
)
def test_a_bad_line_in_the_file_is_named_with_its_number(tmp_path, line, named):
    path = tmp_path / "push.conf"
    path.write_text(f"# a comment\n\n{line}\n")
    result = run(*LISTEN, "--config", path)
    assert result.returncode == 2
    assert named in one_line(result)
    assert "3" in one_line(result).replace(str(path), ""), "the line's number"


# --- Precedence ---


def listening_path(stage, flag=False, environment=False, file=False):
    """Starts it with a socket named in the given places; the one on which it listens."""
    paths = {name: stage.directory / f"{name}.sock" for name in ("flag", "environment", "file")}
    config = stage.directory / "push.conf"
    config.write_text(f"# where to listen\n\n  listen =  unix:{paths['file']}  \n" if file else "# nothing\n")
    responder = stage.new_responder(
        config=config,
        listen=f"unix:{paths['flag']}" if flag else None,
        environment={"PUSH_LISTEN": f"unix:{paths['environment']}"} if environment else {},
    ).start()
    for name, path in paths.items():
        if path.exists():
            assert f"listening on unix:{path}" in responder.log()
            return name
    raise AssertionError("it listens nowhere")


def test_the_file_counts_where_nothing_else_does(stage):
    assert listening_path(stage, file=True) == "file"


def test_the_environment_beats_the_file(stage):
    assert listening_path(stage, file=True, environment=True) == "environment"


def test_a_flag_beats_all(stage):
    assert listening_path(stage, file=True, environment=True, flag=True) == "flag"


def test_a_file_sets_everything_that_a_flag_does(stage):
    config = stage.directory / "push.conf"
    config.write_text(
        f"redis = {stage.redis.url}\nlisten=unix:{stage.directory}/c.sock\nheartbeat = 1s\n"
        "cors-origin = https://a.example\ncors-origin = https://b.example\nchannels = news,team-*\n"
    )
    responder = stage.new_responder(config=config, listen=None, redis=None, history=None).start()
    responder.path = f"{stage.directory}/c.sock"
    responder.wait_subscribed()
    stream = stage.stream(responder, HTTP_ORIGIN="https://b.example")
    assert stream.headers["access-control-allow-origin"] == "https://b.example"
    stream.next_of("comment")
    stream.next_of("comment", 3)
    assert stage.ask(responder, "channel=chat").status == 403


def test_redis_is_the_default_history(stage):
    responder = stage.responder(history=None)
    stream = stage.stream(responder)
    stage.redis.publish("news", "x")
    event_id = stream.next_event().id
    with stage.redis.client() as client:
        assert event_id in [entry.decode() for entry, _ in client.xrange("push:history:news")]


@pytest.mark.parametrize("written", [["--heartbeat", "1s"], ["--heartbeat=1s"], ["--heartbeat=1000ms"]])
def test_a_value_follows_as_a_word_or_after_an_equals_sign(stage, written):
    result = run("--check", "--redis", stage.redis.url, *LISTEN, *written)
    assert result.returncode == 0, result.stderr


# --- Help, version, check ---

OPTIONS = (
    "listen socket-mode redis redis-password-file prefix history history-length history-ttl log-length ring-linger ring-memory max-message "
    "max-request request-timeout max-channels channels mount cors-origin heartbeat retry coalesce grace log log-level config "
    "check help version"
).split()


def test_help_names_every_option_with_its_default():
    result = run("--help")
    assert result.returncode == 0 and result.stderr == ""
    for name in OPTIONS:
        assert f"--{name}" in result.stdout
    for default in ("push:", "1000", "15s", "0660", "64k", "PUSH_"):
        assert default in result.stdout


def test_version_is_one_line():
    result = run("--version")
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 1
    assert any(character.isdigit() for character in result.stdout)


def test_check_says_what_it_would_do(stage):
    path = stage.directory / "would.sock"
    result = run("--check", "--redis", stage.redis.url, "--listen", f"unix:{path}")
    said = result.stdout + result.stderr
    assert result.returncode == 0, said
    assert str(path) in said and stage.redis.path in said
    assert not path.exists(), "it listens nowhere"


@pytest.mark.parametrize("url", ["unix:///nonexistent/redis.sock", "redis://127.0.0.1:1"])
def test_check_fails_when_redis_cannot_be_reached(stage, url):
    result = run("--check", "--redis", url, "--listen", f"unix:{stage.directory}/x.sock")
    assert result.returncode not in (0, 99)
    assert url.rpartition("/")[2] in result.stderr + result.stdout


def test_check_fails_on_a_wrong_password_and_tells_none(stage):
    server = stage.start_redis(password="right")
    url = f"redis://:mistaken@127.0.0.1:{server.port}"
    result = run("--check", "--redis", url, "--listen", f"unix:{stage.directory}/x.sock")
    assert result.returncode not in (0, 99)
    assert "mistaken" not in result.stderr + result.stdout


def test_check_refuses_a_bad_option(stage):
    assert run("--check", *LISTEN, "--heartbeat", "soon").returncode == 2
