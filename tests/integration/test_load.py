# SPDX-License-Identifier: BSD-2-Clause
"""Loads of minutes through lighttpd, measured by tests/bench/load; for an optimised build."""

import json
import resource
import subprocess
import threading
import time

import pytest
from servers import BUILD

pytestmark = pytest.mark.long
LOAD = BUILD / "tests" / "bench" / "load"


@pytest.fixture(autouse=True)
def many_descriptors():
    """The servers inherit the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard >= 20_000, f"8,000 streams need 20,000 descriptors, not {hard}: ulimit -Hn 20000"
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Bench:
    def __init__(self, stage, **options):
        self.stage = stage
        self.responder = stage.responder(**options)
        self.lighttpd = stage.lighttpd(self.responder)

    def start(self, *arguments):
        address = "{}:{}".format(*self.lighttpd.address)
        return subprocess.Popen(
            [LOAD, "--http", address, "--path", "/events?channel=bench", "--redis", self.stage.redis.path]
            + ["--publish", "push:bench", "--pid", f"sse.fcgi={self.responder.pid}", "--json"]
            + [str(word) for word in arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, *arguments, timeout=300):
        return self.finish(self.start(*arguments), timeout)

    def finish(self, load, timeout=300):
        try:
            out, _ = load.communicate(timeout=timeout)
        finally:
            load.kill()
        report = json.loads(out)
        print(json.dumps(report, indent=1))
        return report


def test_7500_streams_through_one_lighttpd_get_one_message(stage):
    report = Bench(stage).run("--streams", 7500, "--once", "--messages", 3)
    assert (report["opened"], report["delivered"], report["lost"], report["repeated"]) == (7500, 3 * 7500, 0, 0)
    assert len(report["written_us_each"]) == len(report["once_us_each"]) == 3
    assert report["written_us"] <= report["once_us"] < 1_000_000
    assert report["processes"]["sse.fcgi"]["heap_bytes_per_stream"] <= 400


def test_messages_are_counted_for_once_only():
    load = subprocess.run([LOAD, "--http", "127.0.0.1:1", "--messages", "3"], capture_output=True, text=True)
    assert load.returncode == 2
    assert load.stderr.startswith("load: --messages: goes with --once")


def test_1000_streams_times_1000_messages_a_second_are_exact(stage):
    bench = Bench(stage, history_length=10_000)  # ten seconds, as the README advises: hiccups of a machine are shorter
    report = bench.run("--streams", 1000, "--rate", 1000, "--seconds", 10, "--size", 100)
    assert report["opened"] == 1000
    assert report["published"] == 10_000
    assert report["delivered"] == report["expected"] == 10_000_000
    assert (report["lost"], report["repeated"], report["inverted"], report["gaps"]) == (0, 0, 0, 0)


def publish_numbers(stage, is_done):
    """200 a second, each number tried once; those that meet no Redis are lost, as everywhere."""
    number = 0
    while not is_done.wait(0.005):
        number += 1
        stage.redis.try_publish("bench", str(number))


def test_redis_away_for_five_seconds_under_load_costs_no_stream(stage):
    bench, is_done = Bench(stage), threading.Event()
    load = bench.start("--streams", 500, "--idle", 20)
    watcher = stage.stream(bench.responder, "channel=bench")
    publisher = threading.Thread(target=publish_numbers, args=(stage, is_done))
    publisher.start()
    try:
        watcher.next_events(600)  # about 3 s of them
        stage.redis.kill()
        time.sleep(5)
        stage.redis.start()
        while watcher.next_event(15).type != "gap":
            pass
        watcher.next_events(600)
    finally:
        is_done.set()
        publisher.join()
    assert_jumps_only_at_gaps(watcher.of_kind("event"))
    report = bench.finish(load)
    assert (report["opened"], report["open_at_end"], report["ended"]) == (500, 500, 0)
    assert report["gaps"] == 500, "every stream was told, once"


def assert_jumps_only_at_gaps(events):
    before, gaps = None, 0
    for event in events:
        if event.type == "gap":
            gaps += 1
            before = None
            continue
        assert before is None or int(event.text) == before + 1
        before = int(event.text)
    assert gaps == 1
