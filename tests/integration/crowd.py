# SPDX-License-Identifier: BSD-2-Clause
"""A crowd of clients that come back by their last id, publishers, and the judgement whether each message came once.

All clients run on one selector in one thread and speak FastCGI straight to the responders, of which any may be down.
A payload begins with the name of its channel, because an event of a stream does not tell it.
"""

import collections
import json
import random
import selectors
import socket
import struct
import threading
import time
import urllib.parse

import fastcgi
import redis
from process import until
from servers import LongPoll
from sse import Parser
from web import Headers

Event = collections.namedtuple("Event", "id channel type data")
Sent = collections.namedtuple("Sent", "channel data receivers is_heard")  # receivers: None when no answer came


def connect(server):
    """A client by whose name the test tells its own connections from those of the responders."""
    return redis.Redis(unix_socket_path=server.path, client_name="test", socket_timeout=10)


def parse_id(text):
    ms, _, seq = text.partition("~")[0].partition("-")
    return int(ms), int(seq)


class Exchange:
    """One request on a connection of its own that never blocks, however dead the responder is."""

    def __init__(self, address, params):
        self.socket = socket.socket(fastcgi.family_of(address))
        self.socket.setblocking(False)
        self.headers = None
        self.is_complete = False  # the responder ended the response itself
        self._records = bytearray()
        self._head = b""
        try:
            self.socket.connect(address)
            self.socket.sendall(fastcgi.request(params))
        except OSError:
            self.socket.close()
            raise

    def read(self):
        """What has come of the body; None when the connection is over."""
        try:
            chunk = self.socket.recv(1 << 18)
        except BlockingIOError:
            return b""
        except OSError:
            return None
        if not chunk:
            return None
        self._records += chunk
        return self._take_head(b"".join(self._take_stdout()))

    def _take_stdout(self):
        while len(self._records) >= 8:
            _, type_, _, size, padding = struct.unpack_from("!BBHHB", self._records)
            if len(self._records) < 8 + size + padding:
                return
            content = bytes(self._records[8 : 8 + size])
            del self._records[: 8 + size + padding]
            self.is_complete |= type_ == fastcgi.END_REQUEST
            if type_ == fastcgi.STDOUT:
                yield content

    def _take_head(self, data):
        if self.headers is not None:
            return data
        self._head += data
        head, found, rest = self._head.partition(b"\r\n\r\n")
        if not found:
            return b""
        self.headers = Headers.parse(head.decode("latin-1").split("\r\n"))
        return rest

    def is_ok(self):
        return self.headers is not None and self.headers.get("status", "200").startswith("200")


class Client:
    """Holds a stream or a long poll, and comes back with its last id to whichever responder is up.

    moves: seconds after which it leaves by itself for another responder, at most; None: it stays.
    narrows_to: the channels that it goes on with after its first move.
    """

    def __init__(self, channels, kinds=("sse", "poll"), position=None, moves=3.0, narrows_to=None, comes=0.0):
        self.channels = list(channels)
        self.narrows_to = narrows_to
        self.position = position  # the text of the last id
        self.kinds = kinds
        self.moves = moves
        self.comes = comes  # seconds after the crowd
        self.events = []
        self.wrongs = []
        self.returns = 0
        self._left = set()
        self._exchange = None
        self._parser = None
        self._body = b""
        self._is_stream = False

    def __repr__(self):
        return f"client of {len(self.channels)} channels, {'/'.join(self.kinds)}"

    # --- what came ---

    def _wrong(self, what):
        self.wrongs.append(f"{self}: {what}")

    def _move_to(self, text, is_event, what):
        """Nothing at or below a client's own id is ever sent to it; a position or a gap may repeat it."""
        if self.position not in (None, "0"):
            old, new = parse_id(self.position), parse_id(text)
            if new < old or (is_event and new == old):
                self._wrong(f"{what} {text} came after {self.position}")
        self.position = text

    def _take(self, text, type_, data):
        is_gap = type_ == "gap"
        self._move_to(text, not is_gap, f"{type_} {data!r}")
        channel = json.loads(data)["channel"] if is_gap else data.split(" ", 1)[0]
        if channel not in self.channels:
            self._wrong(f"an event of channel {channel}: {data}")
        self.events.append(Event(parse_id(text), channel, type_, data))

    def _take_stream(self, body):
        for item in self._parser.feed(body, 0.0):
            if item.kind == "event":
                self._take(item.id, item.type, item.text)
            elif item.kind == "position":
                self._move_to(item.id, False, "the position")

    def _take_answer(self):
        for event in json.loads(self._body):
            self._take(event["id"], event["event"], event["data"])
        self._move_to(self._exchange.headers["push-position"], False, "Push-Position")

    def on_readable(self):
        """True when the answer is over: the client is to leave."""
        body = self._exchange.read()
        if body and self._exchange.is_ok() and self._is_stream:
            self._take_stream(body)
        elif body:
            self._body += body
        is_over = body is None or self._exchange.is_complete
        if is_over:
            self._finish()
        return is_over

    def _finish(self):
        exchange = self._exchange
        if exchange.headers is not None and not exchange.is_ok() and exchange.headers.get("status")[:3] != "503":
            self._wrong(f"{exchange.headers.get('status')} {self._body!r}")
        if exchange.is_complete and exchange.is_ok() and not self._is_stream:
            self._take_answer()

    # --- coming and going ---

    @property
    def socket(self):
        return self._exchange.socket if self._exchange else None

    def leave(self):
        self._exchange.socket.close()
        self._exchange = None

    def narrow(self):
        if self.narrows_to is not None:
            self._left |= set(self.channels) - set(self.narrows_to)
            self.channels, self.narrows_to = list(self.narrows_to), None

    def come(self, responder):
        """False when nobody is there."""
        self._is_stream = not isinstance(responder, LongPoll)
        query = "channel=" + ",".join(self.channels)
        params = {"script_name": "/events"} if self._is_stream else {"script_name": "/subscribe"}
        if not self._is_stream:
            self.position = self.position or "0"  # a first poll would tell a position only with the first event
            query += "&since=" + urllib.parse.quote(self.position)
        elif self.position:
            params["HTTP_LAST_EVENT_ID"] = self.position
        try:
            self._exchange = Exchange(responder.address, fastcgi.params_of(query, **params))
        except OSError:
            return False
        self._parser, self._body = Parser(), b""
        self.returns += 1
        return True

    # --- judgement ---

    def messages(self, channel=None):
        return [e for e in self.events if e.type != "gap" and channel in (None, e.channel)]

    def gaps(self):
        """Those of its own time: who asked for all that is retained is told where that begins."""
        return [event for event in self.events if event.type == "gap" and json.loads(event.data)["after"] != "0"]

    def has_all(self, newest):
        """newest: the id of the last message of each channel."""
        mine = [newest[channel] for channel in self.channels if channel in newest]
        return not mine or (self.messages() and self.events[-1].id >= max(mine))

    def judge(self, log):
        """What it did not get as the log has it; of a channel that it left, it has the beginning."""
        wrongs = list(self.wrongs)
        for channel in [*self.channels, *self._left - set(self.channels)]:
            expected = log.of_channel(channel)
            got = [(event.id, event.data) for event in self.messages(channel)]
            if channel in self._left:
                expected = expected[: len(got)]
            if got != expected:
                wrongs.append(f"{self}: channel {channel}: {difference(got, expected)}")
        return wrongs


def difference(got, expected):
    missing, surplus = set(expected) - set(got), len(got) - len(set(got))
    return (
        f"{len(got)} instead of {len(expected)}, missing {sorted(missing)[:5]}, twice {surplus}, "
        f"unknown {sorted(set(got) - set(expected))[:5]}"
    )


class Crowd:
    """Runs the clients in a thread, until closed; a context manager."""

    def __init__(self, responders, clients, seed):
        self.clients = clients
        self._responders = responders
        self._random = random.Random(seed)
        self._selector = selectors.DefaultSelector()
        self._is_done = False
        self._thread = threading.Thread(target=self._run)
        self._start = time.monotonic()
        self._due = {client: self._start + client.comes for client in clients}  # to come or to leave
        self._failure = None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_done = True
        self._thread.join()
        for client in self.clients:
            if client.socket:
                client.leave()
        self._selector.close()

    def _run(self):
        try:
            while not self._is_done:
                self._turn()
        except Exception as error:  # shown by the thread of the test
            self._failure = error
            raise

    def _turn(self):
        now = time.monotonic()
        for client in self.clients:
            if now >= self._due[client]:
                self._come_or_leave(client, now)
        for key, _ in self._selector.select(0.01):
            client = key.data
            if client.on_readable():
                self._leave(client)
                # A poll comes again a little later, so that the crowd does not live of polls alone.
                self._due[client] = now + self._random.uniform(0.0, 0.1)

    def _leave(self, client):
        """Closed first, it would stay in the epoll set as long as a process that is being started has a copy of it."""
        self._selector.unregister(client.socket)
        client.leave()

    def _come_or_leave(self, client, now):
        if client.socket is not None:
            self._leave(client)
            client.narrow()
        if client.come(self._choose(client)):
            self._selector.register(client.socket, selectors.EVENT_READ, client)
            self._due[client] = now + self._random.uniform(0.2, client.moves) if client.moves else float("inf")
        else:
            self._due[client] = now + 0.01

    def _choose(self, client):
        kind = self._random.choice(client.kinds)
        return self._random.choice([r for r in self._responders if isinstance(r, LongPoll) == (kind == "poll")])

    def check(self):
        assert self._failure is None, f"a client failed: {self._failure!r}"

    def wait_positions(self, timeout=20.0):
        """Until all that are there hold a position: from now on nothing may be missed."""
        there = [client for client in self.clients if not client.comes]
        until(lambda: all(client.position for client in there), "all clients hold a position", timeout, self.check)

    def wait_all(self, log, timeout=30.0):
        """Until every client has the log's last message of its channels; late is not the same as never."""
        newest = log.newest()
        until(
            lambda: all(client.has_all(newest) for client in self.clients),
            "all clients have the last messages",
            timeout,
            self.check,
        )

    def judge(self, log):
        wrongs = [wrong for client in self.clients for wrong in client.judge(log)]
        assert not wrongs, "\n".join(wrongs[:20])


class Log:
    """push:log as it is now: the messages alone."""

    def __init__(self, server):
        with server.client() as client:
            entries = client.xrange("push:log")
        self.entries = [
            (parse_id(id_.decode()), fields[b"channel"].decode(), fields[b"data"].decode())
            for id_, fields in entries
            if b"data" in fields
        ]
        self.breaks = [parse_id(id_.decode()) for id_, fields in entries if b"break" in fields]
        self._by_channel = collections.defaultdict(list)
        for id_, channel, data in self.entries:
            self._by_channel[channel].append((id_, data))

    def of_channel(self, channel):
        return self._by_channel[channel]

    def newest(self):
        return {channel: found[-1][0] for channel, found in self._by_channel.items() if found}

    def counts(self):
        return collections.Counter(data for _, _, data in self.entries)

    def judge_order(self, publishers):
        """The numbered messages of one publisher stand in the order in which it sent them."""
        for publisher in publishers:
            own = [data for _, _, data in self.entries if f" {publisher.name} " in data]
            recorded = set(own)
            sent = [one.data for one in publisher.sent if f" {publisher.name} " in one.data and one.data in recorded]
            assert own == sent, f"the messages of {publisher.name} are out of order"


class Publisher(threading.Thread):
    """Publishes at a steady rate until stopped and remembers every answer; every other payload is the same."""

    def __init__(self, server, name, channels, seed, per_second=50.0, has_equal=True):
        super().__init__()
        self.name = name
        self.sent = []
        self.is_heard = True  # the test knows that every responder counts what Redis sends it
        self._client = connect(server)
        self._channels = channels
        self._random = random.Random(seed)
        self._period = 1 / per_second
        self._has_equal = has_equal
        self._is_done = threading.Event()

    def run(self):
        due = time.monotonic()
        with self._client:
            while not self._is_done.wait(max(0.0, due - time.monotonic())):
                due = max(due + self._period, time.monotonic() - 1.0)
                self._send_next()

    def _send_next(self):
        channel, count = self._random.choice(self._channels), len(self.sent)
        is_equal, is_heard = self._has_equal and count % 2, self.is_heard
        data = f"{channel} same" if is_equal else f"{channel} {self.name} {count}"
        try:
            receivers = self._send(channel, data)
        except (redis.RedisError, AttributeError):  # redis-py names the host in errors, which a unix socket lacks
            receivers = None
        self.sent.append(Sent(channel, data, receivers, is_heard))

    def _send(self, channel, data):
        return self._client.publish("push:" + channel, data)

    def stop(self):
        self._is_done.set()
        self.join()

    def sure(self):
        """What somebody must have received: the answer to the next message shows that Redis had sent this one on."""
        following = zip(self.sent, self.sent[1:])
        return [one for one, after in following if one.receivers and one.is_heard and after.receivers is not None]


class InboxPublisher(Publisher):
    """The same by XADD to the inbox: whatever was answered is sure."""

    def _send(self, channel, data):
        self._client.xadd("push:inbox", {"channel": channel, "data": data})
        return 1

    def sure(self):
        return [one for one in self.sent if one.receivers]


def holder_pid(server):
    """The process that has the lease; None when nobody has."""
    with server.client() as client:
        value = client.get("push:lease")
    return int(value.decode().rsplit(":", 2)[1]) if value else None


def find_holder(server, responders):
    """The responder that has the lease; None when it is nobody that lives."""
    pid = holder_pid(server)
    return next((one for one in responders if one.is_alive() and one.pid == pid), None)


def wait_holder(server, responders, timeout=15.0):
    return until(lambda: find_holder(server, responders), "a responder has the lease", timeout)
