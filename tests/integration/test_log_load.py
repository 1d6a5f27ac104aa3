# SPDX-License-Identifier: BSD-2-Clause
"""--history redis under load: a storm of returning clients, the added delay, the pace of recording, and memory."""

import os
import pathlib
import resource
import selectors
import socket
import statistics
import time

import counters
import fastcgi
import pytest
from process import until
from servers import LongPoll

CHANNELS = [f"storm{number}" for number in range(5)]
MESSAGES = 10


@pytest.fixture(autouse=True)
def many_descriptors():
    """The servers inherit the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard >= 20_000, f"storms need 20,000 descriptors, not {hard}: ulimit -Hn 20000"
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


# --- A storm ---


def publish_and_learn(stage, responder):
    """Publishes on all channels; by channel what was published, as its clients saw it."""
    streams = {channel: stage.stream(responder, f"channel={channel}") for channel in CHANNELS}
    for channel in CHANNELS:
        stage.redis.publish_all(channel, [f"{channel} {number}" for number in range(MESSAGES)])
    return {channel: stream.next_events(MESSAGES, 30) for channel, stream in streams.items()}


class Client:
    """Comes back to one channel behind one of its messages, and must get exactly what followed."""

    def __init__(self, stage, responder, channel, events, index):
        self.connection = stage.connect(responder, timeout=60)
        self._channel, self._after, self.id = channel, events[index].id, None
        self._expected = [(event.id, event.text) for event in events[index + 1 :]]

    def ask(self):
        params = fastcgi.params_of(f"channel={self._channel}", HTTP_LAST_EVENT_ID=self._after)
        self.connection.send(fastcgi.request(params))
        self._response = fastcgi.Response(self.connection)
        self._stream = None

    def read(self):
        """Once something has come; True when all has."""
        if not self._stream:
            self._response.read_head(60)
            self._stream = fastcgi.Stream(self._response)
        while self._stream.pump(0):
            pass  # to the last record: those that are buffered wake nobody
        return bool(self._stream.of_kind("position"))

    def must_be_exact(self):
        events = self._stream.of_kind("event")
        assert [event.type for event in events] == ["message"] * len(self._expected)
        assert [(event.id, event.text) for event in events] == self._expected


def storm(stage, responder, sent, count):
    """Clients that come back all at once; returns when each has its position."""
    selector, clients = selectors.DefaultSelector(), []
    for number in range(count):
        channel = CHANNELS[number % len(CHANNELS)]
        client = Client(stage, responder, channel, sent[channel], number // len(CHANNELS) % MESSAGES)
        client.ask()
        selector.register(client.connection.socket, selectors.EVENT_READ, client)
        clients.append(client)
    left, deadline = count, time.monotonic() + 120
    while left:
        assert time.monotonic() < deadline, f"{left} clients wait in vain"
        for key, _ in selector.select(1):
            if key.data.read():
                selector.unregister(key.fileobj)
                left -= 1
    selector.close()
    return clients


def reads_of_histories(monitor, end):
    """Histories that were read by a responder, up to the command `end`; scripts read them, too."""
    keys = []
    while True:
        command = monitor.next_command()
        words = command["command"].split()
        if words[:1] == ["ECHO"] and words[-1] == end:
            return keys
        if words[:1] == ["XREVRANGE"] and "history:" in words[1] and command["client_type"] != "lua":
            keys.append(words[1])


def assert_storm_costs_one_read_a_channel(stage, count):
    helper = stage.responder(history="redis", kind=LongPoll)
    responder = stage.responder(history="redis")
    sent = publish_and_learn(stage, responder)
    assert responder.stop() == 0
    stage.hang_up()
    with stage.redis.client() as client, stage.redis.client().monitor() as monitor:
        responder.start()  # the clients do not wait until it has its place in the log
        clients = storm(stage, responder, sent, count)
        client.execute_command("ECHO", "over")
        keys = reads_of_histories(monitor, "over")
    assert sorted(keys) == [f"push:history:{channel}" for channel in CHANNELS]
    for one in clients:
        one.must_be_exact()
    counters.wait_streams(responder, count, 30)
    helper.must_be_well()


def test_a_storm_of_returning_clients_costs_one_read_a_channel_and_misses_nothing(stage):
    assert_storm_costs_one_read_a_channel(stage, 2000)


@pytest.mark.long
def test_a_storm_of_5000_returning_clients_costs_one_read_a_channel_and_misses_nothing(stage):
    assert_storm_costs_one_read_a_channel(stage, 5000)


# --- Delay ---


def delay_us(client, stream, name, text):
    """From before the PUBLISH until the client has read the event."""
    begun = time.monotonic()
    client.publish(name, text)
    event = stream.next_event()
    assert event.text == text
    return (event.at - begun) * 1e6


@pytest.mark.long
def test_recording_adds_at_most_a_millisecond(stage):
    streams = {
        "redis": stage.stream(stage.responder(history="redis", prefix="push:")),
        "memory": stage.stream(stage.responder(history="memory", prefix="mem:")),
    }
    prefixes = {"redis": "push:", "memory": "mem:"}
    delays = {kind: [] for kind in streams}
    with stage.redis.client() as client:
        for number in range(1000):
            for kind, stream in streams.items():
                delays[kind].append(delay_us(client, stream, prefixes[kind] + "news", str(number)))
                time.sleep(0.01)
    medians = {kind: statistics.median(values) for kind, values in delays.items()}
    high = {kind: statistics.quantiles(values, n=100)[98] for kind, values in delays.items()}
    print(f"PUBLISH to client, median in us: {medians}; 99th percentile: {high}")
    assert medians["redis"] - medians["memory"] <= 1000


# --- Pace ---

TOTAL, CHUNK, AHEAD = 300_000, 2000, 20_000


def payload(number):
    return b"%09d " % number + b"x" * 90


def publish_command(number, channels):
    name, text = b"push:pace%d" % (number % channels), payload(number)
    return b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(name), name, len(text), text)


def prepare_chunks(channels):
    """All PUBLISH commands as bytes: making them must not take of the time that is measured."""
    return [
        b"".join(publish_command(number, channels) for number in range(first, first + CHUNK))
        for first in range(0, TOTAL, CHUNK)
    ]


def send_chunk(publisher, chunk):
    """One pipeline, and its answers."""
    publisher.sendall(chunk)
    left = CHUNK
    while left:
        answers = publisher.recv(65536)
        assert answers and b"-" not in answers, answers
        left -= answers.count(b"\n")


def recorded(client):
    """Entries that the log ever had."""
    return int(client.xinfo_stream("push:log").get("entries-added", 0))


def publish_at_full_pace(stage, chunks):
    """As fast as it is recorded: at most AHEAD messages are under way. Seconds until all are recorded."""
    with stage.redis.client() as client, socket.socket(socket.AF_UNIX) as publisher:
        publisher.connect(stage.redis.path)
        before, begun = recorded(client), time.monotonic()
        for index, chunk in enumerate(chunks):
            send_chunk(publisher, chunk)
            allowed = (index + 1) * CHUNK - AHEAD
            until(lambda: recorded(client) - before >= allowed, "recording keeps up", 30)
        until(lambda: recorded(client) - before >= TOTAL, "all is recorded", 30)
        return time.monotonic() - begun


def cpu_us(programs):
    """CPU time used so far, by program: where the time goes, whatever else the machine does."""
    ticks = {}
    for program in programs:
        fields = pathlib.Path(f"/proc/{program.pid}/stat").read_text().rpartition(")")[2].split()
        ticks[program.name] = (int(fields[11]) + int(fields[12])) * 1e6 / os.sysconf("SC_CLK_TCK")
    return ticks


def command_us(client):
    """Time that Redis spent in each kind of command, for each message."""
    stats = client.info("commandstats")
    return {name: round(stats[f"cmdstat_{name}"]["usec"] / TOTAL, 1) for name in ("publish", "evalsha", "xread")}


def numbers_in_log(client):
    """The number in each message of the log, in its order."""
    numbers, position = [], "-"
    while entries := client.xrange("push:log", min=position, count=10_000):
        numbers += [int(fields[b"data"].split()[0]) for _, fields in entries if b"data" in fields]
        position = "(" + entries[-1][0].decode()
    return numbers


def record_at_full_pace(stage, channels):
    """Messages recorded in a second, all of them in order."""
    responder = stage.responder(history="redis", log_length=TOTAL + 10_000)
    polls = stage.longpoll(history="redis", log_length=TOTAL + 10_000)
    counters.wait(responder, lambda c: c["lease.held"] + counters.read(polls)["lease.held"] == 1, 15)
    with stage.redis.client() as client:
        chunks = prepare_chunks(channels)
        before = cpu_us([stage.redis, responder, polls])
        seconds = publish_at_full_pace(stage, chunks)
        after = cpu_us([stage.redis, responder, polls])
        used = {name: round((us - before[name]) / TOTAL, 1) for name, us in after.items()}
        print(f"recorded {TOTAL} messages of 100 bytes on {channels} channels: {TOTAL / seconds:.0f} a second")
        print(f"CPU time for each message in us: {used}; of it in Redis by command: {command_us(client)}")
        assert numbers_in_log(client) == list(range(TOTAL))
    for one in (responder, polls):
        assert counters.read(one)["recorder.overflows"] == 0
    return TOTAL / seconds


@pytest.mark.long
def test_30000_messages_a_second_are_recorded_all_and_in_order(stage):
    assert record_at_full_pace(stage, 1) >= 30_000


@pytest.mark.long
def test_messages_of_100_channels_at_full_pace_are_recorded_all_and_in_order(stage):
    record_at_full_pace(stage, 100)


# --- Memory ---

MINUTES, RATE = 5, 2000


def rss_of(process):
    """Resident bytes."""
    pages = int(pathlib.Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def sample(client, programs):
    sizes = {program.name: rss_of(program) for program in programs}
    return {**sizes, "redis": client.info("memory")["used_memory"]}


def publish_steadily(client, number, begun):
    """What is due by now."""
    due = int((time.monotonic() - begun) * RATE)
    with client.pipeline(transaction=False) as pipeline:
        for one in range(number, due):
            pipeline.publish(f"push:steady{one % 20}", payload(one))
        pipeline.execute()
    return max(number, due)


@pytest.mark.long
def test_memory_is_flat_at_2000_messages_a_second(stage):
    programs = [stage.responder(history="redis"), stage.longpoll(history="redis")]
    stream = stage.stream(programs[0], "channel=steady0")
    samples, number, begun = [[] for _ in range(MINUTES)], 0, time.monotonic()
    with stage.redis.client() as client:
        while (minute := int((time.monotonic() - begun) / 60)) < MINUTES:
            number = publish_steadily(client, number, begun)
            samples[minute].append(sample(client, programs))
            while stream.pump(0.01):
                pass
            time.sleep(0.05)
    medians = [{name: statistics.median(s[name] for s in part) for name in part[0]} for part in samples]
    for minute, sizes in enumerate(medians, 1):
        print(f"minute {minute}: " + ", ".join(f"{name} {size / 2**20:.2f} MiB" for name, size in sizes.items()))
    for name in medians[0]:
        grown = medians[-1][name] - medians[1][name]
        assert grown <= 2**20 + medians[1][name] * 0.02, f"{name} grew by {grown} bytes in the last minutes"
    assert "gap" not in [event.type for event in stream.of_kind("event")]
