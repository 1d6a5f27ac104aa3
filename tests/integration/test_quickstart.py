# SPDX-License-Identifier: BSD-2-Clause
"""examples/quickstart and examples/clock, run as a user runs them."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest
import redis
import web
from process import Process, free_port, has_ended, name_of, read_proc, until
from quickstart import Quickstart
from servers import TOP


def descendants(pid):
    """All processes below this one, by name and pid; some may have ended meanwhile."""
    found = {}
    for child in map(int, read_proc(pid, f"task/{pid}/children").split()):
        found[child] = name_of(child)
        found.update(descendants(child))
    return found


@pytest.fixture
def quickstart(tmp_path):
    started = []

    def make(*arguments, **how):
        (tmp_path / str(len(started))).mkdir()
        started.append(Quickstart(tmp_path / str(len(started)), *arguments, **how))
        return started[-1]

    yield make
    for one in started:
        if one.is_alive():
            one.stop(20)


def leaves_nothing(quickstart, processes):
    for pid, name in processes.items():
        until(lambda: has_ended(pid), f"{name} has ended")
    assert list(quickstart.temporary.iterdir()) == []


def publish(port, text):
    with redis.Redis(port=port) as client:
        return client.publish("push:news", text)


def get_json(address, target):
    response = web.HttpResponse(address, "GET", target)
    assert response.status == 200
    return json.loads(response.body())


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_it_brings_all_up_and_a_signal_ends_all(quickstart, number, status):
    run = quickstart("--port", free_port()).start()
    http_port, redis_port = run.ports()
    assert f"redis-cli -p {redis_port} PUBLISH push:news" in run.log()
    assert "curl -N" in run.log()
    address = ("127.0.0.1", http_port)
    assert web.HttpResponse(address, "GET", f"/?redis=127.0.0.1:{redis_port}").status == 200
    stream = web.open_stream(address, "/events?channel=news")
    assert get_json(address, "/list?channel=news") == []
    assert publish(redis_port, "hello") >= 1
    assert stream.next_event(type="message").text == "hello"
    listed = until(lambda: get_json(address, "/list?channel=news"), "the event in the list")
    assert [event["data"] for event in listed] == ["hello"]
    assert get_json(address, "/subscribe?channel=news&since=0") == listed

    processes = descendants(run.pid)
    assert {"redis-server", "sse.fcgi", "longpoll.fcgi", "lighttpd", "clock"} <= set(processes.values())
    run.signal(number)
    assert run.wait(20) == status
    leaves_nothing(run, processes)


def test_ports_can_be_given(quickstart):
    http_port, redis_port = free_port(), free_port()
    run = quickstart(f"--port={http_port}", "--redis-port", redis_port).start()
    assert run.ports() == [http_port, redis_port]


@pytest.mark.parametrize("option", ["--port", "--redis-port"])
def test_a_port_in_use_is_one_clear_line(quickstart, option):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = quickstart(*(() if option == "--port" else ("--port", free_port())), option, port)
        status, said = run.run_to_end()
    assert status == 1
    assert len(said.splitlines()) == 1
    assert str(port) in said and "in use" in said and option in said
    leaves_nothing(run, {})


@pytest.mark.parametrize(
    "arguments", [["--prot"], ["stray"], ["--port"], ["--port", "0"], ["--port=x"], ["--port", "65536"]]
)
def test_a_mistake_in_the_command_is_one_clear_line(quickstart, arguments):
    run = quickstart(*arguments)
    status, said = run.run_to_end()
    assert status == 2
    assert len(said.splitlines()) == 1
    assert arguments[0].split("=")[0] in said
    leaves_nothing(run, {})


def test_a_missing_tool_is_one_clear_line(quickstart, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for directory in ("/usr/bin", "/bin"):
        for tool in pathlib.Path(directory).iterdir():
            if tool.name != "redis-server" and not (tools / tool.name).exists():
                (tools / tool.name).symlink_to(tool)
    (tools / "dpkg-query").unlink(missing_ok=True)  # elsewhere than on Debian
    run = quickstart("--port", free_port(), environment={"PATH": str(tools)})
    status, said = run.run_to_end()
    assert status == 1
    assert len(said.splitlines()) == 1 and "redis-server is missing" in said
    leaves_nothing(run, {})


def test_help_says_what_it_takes():
    result = subprocess.run([TOP / "examples" / "quickstart", "--help"], capture_output=True, text=True)
    assert result.returncode == 0
    assert "--port" in result.stdout and "--redis-port" in result.stdout


@pytest.mark.parametrize("victim", ["sse.fcgi", "longpoll.fcgi", "redis-server", "lighttpd", "clock"])
def test_when_one_of_them_ends_it_is_named_and_all_end(quickstart, victim):
    run = quickstart("--port", free_port()).start()
    processes = descendants(run.pid)
    os.kill(next(pid for pid, name in processes.items() if name == victim), signal.SIGKILL)
    assert run.wait(20) == 1
    assert f"{victim.removesuffix('-server')} has ended" in run.log()
    leaves_nothing(run, {pid: name for pid, name in processes.items() if name not in ("clock", "sleep")})


# --- The clock ---


class Clock(Process):
    name = "clock"

    def __init__(self, directory, *arguments):
        super().__init__(directory)
        self._arguments = arguments

    def argv(self):
        return [TOP / "examples" / "clock", *self._arguments]


@pytest.fixture
def clock(stage, tmp_path):
    clock = Clock(tmp_path, "0.2", "-s", stage.redis.path).start()
    yield clock
    clock.kill()


def test_the_clock_publishes_the_time(stage, clock):
    with stage.redis.client() as client, client.pubsub() as heard:
        heard.subscribe("push:clock")
        messages = []
        while len(messages) < 3:
            message = heard.get_message(timeout=5)
            assert message, "a message every 0.2 s"
            messages += [message] if message["type"] == "message" else []
    for message in messages:
        data = json.loads(message["data"])
        assert data.keys() == {"id", "message"}
        assert isinstance(data["id"], int)
        assert re.fullmatch(r"welcome, it is now \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", data["message"])


def test_the_clock_outlives_redis_and_says_so_once(stage, clock):
    stage.redis.kill()
    clock.wait_log("Redis is away")
    stage.redis.start()
    clock.wait_log("Redis is back")
    assert clock.log().count("away") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_clock_at_once_with_its_child(stage, tmp_path, number):
    clock = Clock(tmp_path, "3600", "-s", stage.redis.path).start()
    until(lambda: "sleep" in descendants(clock.pid).values(), "it sleeps")
    children = descendants(clock.pid)
    clock.signal(number)
    assert clock.wait() == 0
    for pid, name in children.items():
        until(lambda: has_ended(pid), f"{name} has ended")
