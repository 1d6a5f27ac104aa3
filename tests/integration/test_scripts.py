# SPDX-License-Identifier: BSD-2-Clause
"""record.lua and lease.lua by themselves: what a call writes, and what it leaves as it was."""

import pathlib
import random
import shutil
import tempfile

import pytest
import redis
import servers
from process import until

SOURCES = servers.TOP / "src" / "redis"
RECORD = (SOURCES / "record.lua").read_text()
LEASE = (SOURCES / "lease.lua").read_text()

LOG, BREAK, INBOX, LEASE_KEY = "push:log", "push:break", "push:inbox", "push:lease"
DAY_MS, HOUR_MS = 24 * 3600 * 1000, 3600 * 1000
FUTURE_MS = 9_000_000_000_000
TYPES = ["string", "list", "set", "hash", "zset", "stream"]


# --- The stage: one Redis for all tests, empty for each ---


@pytest.fixture(scope="module")
def server():
    directory = pathlib.Path(tempfile.mkdtemp(prefix="fcgi-push-test."))
    server = servers.Redis(directory).start()
    yield server
    server.kill()
    shutil.rmtree(directory)


def connect(server, **user):
    """Any bytes are text and come back as they were."""
    return redis.Redis(
        unix_socket_path=server.path,
        decode_responses=True,
        encoding_errors="surrogateescape",
        socket_timeout=30,
        **user,
    )


@pytest.fixture
def db(server):
    with connect(server) as client:
        client.flushall()
        yield client
        client.config_set("maxmemory", 0)


@pytest.fixture
def recorder(db):
    """A recorder whose marker "m" is recorded."""
    recorder = Recorder(db)
    recorder.run("break")
    return recorder


# --- Words of the script ---


def history(channel):
    return f"push:history:{channel}"


def counter(marker):
    return f"push:recorded:{marker}"


class Item:
    """One item of a run: its key, and its words."""

    def __init__(self, position, kind, key, *words, channel="", data=""):
        self.position, self.kind, self.key, self.channel, self.data = position, kind, key, channel, data
        self.words = [position, kind, *words]


def event(position, channel="news", data="x", end="", **members):
    """end: what the caller takes for the history's last id."""
    key, words = history(channel), [channel, end, data]
    if not members:
        return Item(position, "data", key, *words, channel=channel, data=data)
    others = [members.get(name, "") for name in ("event", "id", "retry")]
    return Item(position, "event", key, *words, *others, channel=channel, data=data)


def gap(position, channel="news", end=""):
    return Item(position, "gap", history(channel), channel, end, channel=channel)


def marker(position, name):
    return Item(position, "marker", counter(name), name, data=name)


def drop(entry):
    return Item(entry, "drop", INBOX)


class Recorder:
    """Who calls record.lua; the reply is (position, the log's last id, the last break's id), and `is_even` tells
    whether ends of histories follow from it."""

    def __init__(self, db, log_length=100_000, history_length=1000):
        self.db = db
        self.lengths = [log_length, history_length, DAY_MS, HOUR_MS]
        self.is_even = None

    def keys(self, mode, items, marker):
        source = {"look": [], "inbox": [INBOX]}.get(mode, [counter(marker)])
        return [LOG, BREAK, *source, *(item.key for item in items)]

    def run(self, mode, *items, marker="m", read="0-0", known=""):
        """known: the log's last id after this caller's last call."""
        keys = self.keys(mode, items, marker)
        name = "" if mode in ("look", "inbox") else marker
        words = [word for item in items for word in item.words]
        *reply, is_even = self.db.eval(RECORD, len(keys), *keys, mode, name, read, *self.lengths, known, *words)
        self.is_even = bool(is_even)
        return tuple(reply)


class KnowingRecorder(Recorder):
    """Keeps in mind where histories end, and tells the script."""

    def __init__(self, db, **lengths):
        super().__init__(db, **lengths)
        self._ends, self._log_end = {}, ""

    def run(self, mode, *items, **how):
        for item in items:
            if item.channel:
                item.words[3] = self._ends.get(item.channel, "")
        reply = super().run(mode, *items, known=self._log_end, **how)
        self._log_end = reply[1]
        if not self.is_even:
            self._ends = {}
        else:
            ms, seq = number(self._log_end)
            ids = (f"{ms}-{each}" for each in range(seq + 1 - len(items), seq + 1))
            self._ends.update((item.channel, id) for item, id in zip(items, ids))
        return reply


# --- What stands in Redis ---


def ids_of(entries):
    return [tuple(map(int, id.split("-"))) for id, _ in entries]


def number(id):
    return tuple(map(int, id.split("-")))


def entry_of(fields):
    """Fields of an entry of the log, with the words of `after` by their names."""
    words = fields.get("after", "").split(" ") if "after" in fields else []
    assert len(words) in (0, 1, 3), words
    return {**without(fields, "after"), **dict(zip(("last", "marker", "position"), words))}


def without(fields, *names):
    return {name: value for name, value in fields.items() if name not in names}


def log_of(db):
    return [(id, entry_of(fields)) for id, fields in db.xrange(LOG)]


def messages_of(db):
    """The messages of the log, in order: (channel, data, or None for a gap)."""
    return [(fields["channel"], fields.get("data")) for _, fields in log_of(db) if "channel" in fields]


def breaks_of(db):
    return [id for id, fields in log_of(db) if "break" in fields]


def state_of(db):
    """The whole keyspace: each key's content, and whether it will expire."""
    return {key: (db.type(key), db.dump(key), db.pttl(key) > 0) for key in db.keys()}


def state_but(db, *keys):
    return {key: value for key, value in state_of(db).items() if key not in keys}


def make(db, key, kind):
    """A key of that type."""
    db.delete(key)
    {
        "string": lambda: db.set(key, "text"),
        "list": lambda: db.rpush(key, "text"),
        "set": lambda: db.sadd(key, "text"),
        "hash": lambda: db.hset(key, "field", "text"),
        "zset": lambda: db.zadd(key, {"text": 1}),
        "stream": lambda: db.xadd(key, {"field": "text"}),
    }[kind]()


def must_be_chained(entries, field, before="0-0"):
    """Each entry names the one before it."""
    for id, fields in entries:
        assert fields[field] == before, f"{id} follows {before}"
        before = id


def must_be_consistent(db):
    """Ids rise, both chains are unbroken, and histories say of each entry what the log says."""
    entries = log_of(db)
    assert ids_of(entries) == sorted(set(ids_of(entries)))
    must_be_chained(entries, "last")
    log = dict(entries)
    for key in db.keys(history("*")):
        kept = db.xrange(key)
        must_be_chained(kept, "prev")
        channel = key[len(history("")) :]
        assert [id for id, fields in entries if fields.get("channel") == channel] == [id for id, _ in kept]
        for id, fields in kept:
            assert without(fields, "prev") == without(log[id], "channel", "last", "marker", "position")


# --- Modes ---


def test_a_look_records_a_break_when_none_is_known_and_then_nothing(db):
    recorder = Recorder(db)
    result, last, last_break = recorder.run("look")
    assert (result, last) == (0, last_break)
    [(id, fields)] = log_of(db)
    assert (id, fields) == (last, {"break": "", "last": "0-0"})
    assert db.get(BREAK) == id
    before = state_of(db)
    assert recorder.run("look", read=last) == (0, last, last)
    assert state_of(db) == before
    assert set(before) == {LOG, BREAK}


def test_a_run_that_follows_is_refused_while_its_marker_is_not_recorded(db):
    recorder = Recorder(db)
    _, last, last_break = recorder.run("look")
    before = state_of(db)
    assert recorder.run("follow", event(1), gap(2), marker(3, "n")) == (-1, last, last_break)
    assert state_of(db) == before


def test_a_run_that_follows_is_recorded_once_its_marker_is(db, recorder):
    recorder.run("follow", marker(1, "n"))
    assert recorder.run("follow", event(1, data="a"), event(2, data="b"), marker="n")[0] == 2
    assert messages_of(db) == [("news", "a"), ("news", "b")]
    assert db.get(counter("n")) == "2"


def test_a_start_begins_a_counter_without_a_break(db):
    recorder = Recorder(db)
    recorder.run("look")
    assert recorder.run("start", event(4, data="a"))[0] == 4
    assert len(breaks_of(db)) == 1
    assert messages_of(db) == [("news", "a")]
    assert db.get(counter("m")) == "4"


def test_a_break_is_recorded_before_what_follows_it(db):
    recorder = Recorder(db)
    _, first, _ = recorder.run("look")
    result, last, last_break = recorder.run("break", event(1, data="a"))
    entries = log_of(db)
    assert [fields.get("break") for _, fields in entries] == ["", "m", None]
    assert (result, last, last_break) == (1, entries[2][0], entries[1][0])
    assert db.get(BREAK) == last_break
    assert number(last_break) > number(first)


def test_a_break_of_a_marker_that_is_recorded_is_none(db, recorder):
    _, _, last_break = recorder.run("follow", event(1, data="a"))
    assert recorder.run("break")[2] == last_break
    assert recorder.run("break", event(1, data="a"), event(2, data="b"))[::2] == (2, last_break)
    assert messages_of(db) == [("news", "a"), ("news", "b")]
    assert len(breaks_of(db)) == 1


def test_one_break_is_enough_where_two_reasons_meet(db):
    Recorder(db).run("break", event(1))
    assert len(breaks_of(db)) == 1


def test_a_run_without_items_leaves_the_count_as_it_is(db, recorder):
    recorder.run("follow", event(1), event(2))
    before = state_of(db)
    for mode in ("follow", "start", "break"):
        assert recorder.run(mode)[0] == 2
    assert state_of(db) == before


def test_a_counter_that_is_no_number_counts_as_none(db, recorder):
    recorder.run("follow", event(1, data="a"))
    db.set(counter("m"), "text")
    assert recorder.run("follow", event(2, data="b"))[0] == -1
    assert recorder.run("start", event(2, data="b"))[0] == 2
    assert db.get(counter("m")) == "2"


def test_a_break_acknowledges_no_marker_that_was_refused(db):
    """Who reads a marker in the log takes it as recorded."""
    assert Recorder(db).run("follow", event(1))[0] == -1
    [(_, fields)] = log_of(db)
    assert fields["break"] == ""
    assert not db.exists(counter("m"))


# --- Kinds ---


def test_an_event_stands_in_the_log_and_in_its_history_under_one_id(db, recorder):
    _, last, last_break = recorder.run(
        "follow", event(7, "news", "hello", event="greeting", id="i7", retry="250"), read="0-0"
    )
    members = {"data": "hello", "event": "greeting", "id": "i7", "retry": "250"}
    assert db.xrange(history("news")) == [(last, {"prev": "0-0", **members})]
    named = {"channel": "news", "marker": "m", "position": "7", "last": last_break}
    assert log_of(db)[-1] == (last, {**members, **named})


@pytest.mark.parametrize("members", [{}, {"event": "e"}, {"id": "i"}, {"retry": "1"}, {"id": "i", "retry": "1"}])
def test_members_that_are_not_given_are_no_fields(db, recorder, members):
    recorder.run("follow", event(1, **members))
    [(_, fields)] = db.xrange(history("news"))
    assert fields == {"prev": "0-0", "data": "x", **members}


@pytest.mark.parametrize("data", ["", "a\0b", "\r\n", "\udcff\udc80", "%s %1", "é", "x" * (1 << 20)])
def test_data_is_kept_byte_for_byte(db, recorder, data):
    _, last, _ = recorder.run("follow", event(1, data=data))
    assert db.xrange(history("news"))[0][1]["data"] == data
    assert dict(log_of(db))[last]["data"] == data


def test_a_gap_stands_in_the_log_and_in_its_history(db, recorder):
    recorder.run("follow", event(1), gap(2))
    (first, _), (second, fields) = db.xrange(history("news"))
    assert fields == {"prev": first, "gap": "1"}
    named = {"channel": "news", "marker": "m", "position": "2", "last": first}
    assert log_of(db)[-1] == (second, {"gap": "1", **named})


def test_a_marker_creates_its_counter_and_stands_in_the_log_alone(db, recorder):
    _, last, last_break = recorder.run("follow", marker(3, "n"))
    assert log_of(db)[-1] == (last, {"recorder": "n", "marker": "m", "position": "3", "last": last_break})
    assert db.get(counter("n")) == "0"
    assert 0 < db.pttl(counter("n")) <= HOUR_MS
    assert set(db.keys()) == {LOG, BREAK, counter("m"), counter("n")}


def test_a_marker_that_has_a_counter_keeps_it(db, recorder):
    recorder.run("break", event(5), marker="n")
    recorder.run("follow", marker(1, "n"))
    assert db.get(counter("n")) == "5"


# --- Positions ---


def test_sending_a_run_again_changes_nothing(db, recorder):
    run = [event(1, data="a"), gap(2, "b"), event(3, "b"), marker(4, "n"), event(5, data="c")]
    answer = recorder.run("follow", *run)
    before = state_of(db)
    for mode in ("follow", "start", "break"):
        assert recorder.run(mode, *run) == answer
        assert recorder.run(mode, *run[1:3], read=answer[1]) == (5, *answer[1:])
        assert state_of(db) == before
    assert len(messages_of(db)) == 4


def test_of_overlapping_runs_of_two_senders_each_message_is_recorded_once(db, recorder):
    def run(first, last):
        return [event(n, "abc"[n % 3], str(n)) for n in range(first, last + 1)]

    other = Recorder(db)
    assert recorder.run("follow", *run(1, 5))[0] == 5
    assert other.run("follow", *run(3, 9))[0] == 9
    assert recorder.run("follow", *run(1, 7))[0] == 9
    assert other.run("start", *run(9, 12))[0] == 12
    assert [data for _, data in messages_of(db)] == [str(n) for n in range(1, 13)]
    must_be_consistent(db)


def test_positions_may_jump(db, recorder):
    """What has no channel, or was refused, counts too."""
    assert recorder.run("follow", event(3, data="a"), event(4, data="b"), event(1000, data="c"))[0] == 1000
    assert recorder.run("follow", event(999, data="late"), event(1000, data="c"), event(5000, data="d"))[0] == 5000
    assert [data for _, data in messages_of(db)] == ["a", "b", "c", "d"]


def test_large_positions_are_told_apart(db, recorder):
    large = 1 << 52
    assert recorder.run("follow", event(large, data="a"))[0] == large
    assert db.get(counter("m")) == str(large)
    assert recorder.run("follow", event(large, data="a"), event(large + 1, data="b"))[0] == large + 1
    assert [data for _, data in messages_of(db)] == ["a", "b"]


def test_markers_count_apart(db, recorder):
    recorder.run("follow", event(1, data="m1"), marker(2, "n"))
    recorder.run("follow", event(1, data="n1"), marker="n")
    recorder.run("follow", event(1, data="m1"), marker(2, "n"))
    recorder.run("follow", event(2, data="n2"), marker="n")
    assert [data for _, data in messages_of(db)] == ["m1", "n1", "n2"]


def a_sequence(rng, length):
    """What subscribers of one Redis receive, in order: (marker, item); some positions are of nobody's channel."""
    elements, name, position = [], "m", 0
    for n in range(length):
        position += rng.choice([1, 1, 1, 2, 5])
        if rng.random() < 0.06:
            elements.append((name, marker(position, f"m{n}")))
            name, position = f"m{n}", 0
        else:
            channel = rng.choice("abcde")
            is_gap = rng.random() < 0.05
            elements.append((name, gap(position, channel) if is_gap else event(position, channel, str(n))))
    return elements


def a_run_of(elements, begin, length):
    """What one call can carry from there on: of one marker, up to the next one."""
    name, items = elements[begin][0], []
    for other, item in elements[begin : begin + length]:
        if other != name:
            break
        items.append(item)
    return name, items


def kind_of(fields):
    """What an entry of the log was in its run."""
    return "marker" if "recorder" in fields else "gap" if "gap" in fields else "data"


def must_hold(db, elements):
    """Each element of the sequence stands in the log once, in order."""
    expected = [(name, str(item.position), item.kind) for name, item in elements]
    named = [fields for _, fields in log_of(db) if "position" in fields]
    assert [(fields["marker"], fields["position"], kind_of(fields)) for fields in named] == expected
    texts = [fields["data"] for _, fields in log_of(db) if "data" in fields]
    assert texts == [item.data for _, item in elements if item.kind == "data"]
    must_be_consistent(db)


@pytest.mark.parametrize("seed", range(4))
def test_senders_of_one_sequence_in_random_pieces_record_each_message_once_in_order(db, recorder, seed):
    """Nobody sends what comes after something that neither he nor the log has; some joined at a later marker. Each says
    where he believes that histories end."""
    rng = random.Random(seed)
    senders, current = [KnowingRecorder(db) for _ in range(3)], 0
    elements = a_sequence(rng, 300)
    joined = [0, 0] + [n + 1 for n, (_, item) in enumerate(elements[:-1]) if item.kind == "marker"]
    recorded, read = 0, "0-0"
    while recorded < len(elements):
        begin = rng.choice(joined)
        if begin <= recorded:
            begin = rng.randint(max(begin, recorded - 40), recorded)
        name, items = a_run_of(elements, begin, rng.randint(1, 30))
        mode = rng.choice(["follow", "start"]) if begin <= recorded else "follow"
        current = current if rng.random() < 0.7 else rng.randrange(3)  # often the same again, whose knowledge counts
        result, last, _ = senders[current].run(mode, *items, marker=name, read=rng.choice(["0-0", read]))
        assert (result == -1) == (begin > recorded)
        if result >= 0:
            recorded = max(recorded, begin + len(items))
            assert result == max(item.position for of, item in elements[:recorded] if of == name)
        read = last
    must_hold(db, elements)


# --- Ids ---


def test_ids_rise_and_chains_are_unbroken_over_many_calls_of_all_modes(db):
    recorder = Recorder(db)
    for n in range(30):
        name = f"m{n}"
        read = recorder.run("look")[1]
        mode = "break" if n % 7 == 0 else "start"
        read = recorder.run(mode, *(event(p, "abc"[p % 3], str(p)) for p in range(1, 8)), marker=name, read=read)[1]
        recorder.run("follow", gap(8, "b"), marker(9, f"x{n}"), event(10, "new" if n == 20 else "a"), marker=name)
        recorder.run("inbox", *(event(db.xadd(INBOX, {"data": "x"}), channel) for channel in "cd"), read=read)
    assert len(breaks_of(db)) == 1 + 5
    assert len(messages_of(db)) == 30 * 11
    must_be_consistent(db)


def test_an_id_has_the_time_of_redis(db, recorder):
    def now():
        seconds, microseconds = db.time()
        return seconds * 1000 + microseconds // 1000

    before = now()
    _, last, _ = recorder.run("follow", event(1), event(2), event(3))
    assert before <= number(last)[0] <= now()


def test_ids_are_above_the_logs_last_one_wherever_it_lies(db, recorder):
    db.xadd(LOG, {"recorder": "foreign"}, id=f"{FUTURE_MS}-7")
    recorder.run("follow", event(1), event(2, "b"), marker(3, "n"))
    assert ids_of(log_of(db))[-3:] == [(FUTURE_MS, 8), (FUTURE_MS, 9), (FUTURE_MS, 10)]
    assert db.xrange(history("b"))[0][0] == f"{FUTURE_MS}-9"


def test_ids_are_above_a_historys_last_one_wherever_it_lies(db, recorder):
    db.xadd(history("b"), {"data": "old"}, id=f"{FUTURE_MS}-7")
    recorder.run("follow", event(1, "a"), event(2, "b"), event(3, "a"), event(4, "b"))
    assert messages_of(db) == [("a", "x"), ("b", "x"), ("a", "x"), ("b", "x")]
    entries = db.xrange(history("b"))
    assert [id for id, _ in entries] == [f"{FUTURE_MS}-{seq}" for seq in (7, 8, 10)]
    assert [fields.get("prev") for _, fields in entries] == [None, f"{FUTURE_MS}-7", f"{FUTURE_MS}-8"]
    assert ids_of(log_of(db)) == sorted(set(ids_of(log_of(db))))
    must_be_chained(log_of(db), "last")


def test_ids_are_above_what_an_emptied_history_held(db, recorder):
    db.xadd(history("b"), {"data": "old"}, id=f"{FUTURE_MS}-7")
    db.xtrim(history("b"), maxlen=0, approximate=False)
    recorder.run("follow", event(1, "b"))
    assert db.xrange(history("b")) == [(f"{FUTURE_MS}-8", {"prev": f"{FUTURE_MS}-7", "data": "x"})]


def test_ids_are_above_what_was_deleted_from_a_history(db, recorder):
    db.xadd(history("b"), {"data": "older"}, id="5-0")
    deleted = db.xadd(history("b"), {"data": "old"}, id=f"{FUTURE_MS}-7")
    db.xdel(history("b"), deleted)
    recorder.run("follow", event(1, "b"))
    assert messages_of(db) == [("b", "x")]
    assert number(db.xrange(history("b"))[-1][0]) > (FUTURE_MS, 7)


def test_ids_are_above_the_callers_position(db, recorder):
    recorder.run("follow", event(1), read=f"{FUTURE_MS}-7")
    assert all(id > (FUTURE_MS, 7) for id in ids_of(log_of(db))[1:])


def test_an_emptied_log_goes_on_where_it_ended(db, recorder):
    _, last, last_break = recorder.run("follow", event(1))
    db.xtrim(LOG, maxlen=0, approximate=False)
    assert recorder.run("look", read=last) == (0, last, last_break)
    result, _, same_break = recorder.run("follow", event(2), read=last)
    assert (result, same_break) == (2, last_break)
    [(id, fields)] = log_of(db)
    assert fields["last"] == last
    assert number(id) > number(last)


# Redis counts with 64 bits, and Lua with the 53 of a double.
GREATEST = (1 << 64) - 1
TOO_LARGE = [f"{GREATEST}-{GREATEST}", f"{1 << 63}-1", f"{(1 << 53) + 1}-{GREATEST}", f"{FUTURE_MS}-{(1 << 53) + 1}"]


@pytest.mark.parametrize("id", TOO_LARGE)
def test_a_history_with_an_id_that_nothing_can_follow_harms_no_other_channel(db, recorder, id):
    """And its run is recorded once, however often it is sent."""
    db.xadd(history("b"), {"data": "old"}, id=id)
    run = [event(1, "a", "1"), event(2, "b", "2"), event(3, "c", "3")]
    for _ in range(2):
        assert recorder.run("follow", *run)[0] == 3
    assert messages_of(db) == [("a", "1"), ("b", None), ("c", "3")]


@pytest.mark.parametrize("id", TOO_LARGE)
def test_nor_does_one_that_once_held_such_an_id(db, recorder, id):
    db.xadd(history("b"), {"data": "older"}, id="5-0")
    db.xdel(history("b"), db.xadd(history("b"), {"data": "old"}, id=id))
    run = [event(1, "a", "1"), event(2, "b", "2"), event(3, "c", "3")]
    for _ in range(2):
        assert recorder.run("follow", *run)[0] == 3
    assert messages_of(db) == [("a", "1"), ("b", None), ("c", "3")]


@pytest.mark.parametrize("ms, seq", [(FUTURE_MS, (1 << 53) - 3), ((1 << 53) - 3, (1 << 53) - 3)])
def test_where_ids_run_out_nothing_is_recorded_twice(db, recorder, ms, seq):
    db.xadd(LOG, {"recorder": "foreign"}, id=f"{ms}-{seq}")
    for _ in range(2):
        try:
            recorder.run("follow", *(event(n, "abc"[n % 3], str(n)) for n in range(1, 9)))
        except redis.ResponseError as error:
            assert LOG in str(error)
    texts = [data for _, data in messages_of(db)]
    assert texts == sorted(set(texts))


@pytest.mark.parametrize("id", TOO_LARGE)
@pytest.mark.parametrize("mode", ["follow", "inbox"])
def test_a_log_that_nothing_can_follow_is_named_and_nothing_is_written(db, recorder, id, mode):
    position = db.xadd(INBOX, {"data": "x"}) if mode == "inbox" else 1
    db.xadd(LOG, {"recorder": "foreign"}, id=id)
    before = state_of(db)
    with pytest.raises(redis.ResponseError, match=LOG):
        recorder.run(mode, event(position, "a"))
    assert state_of(db) == before


# --- Breaks ---


def test_a_deleted_log_is_a_break(db, recorder):
    _, last, last_break = recorder.run("follow", event(1))
    db.delete(LOG)
    result, _, new_break = recorder.run("follow", event(2, data="after"), read=last)
    assert result == 2
    (id, fields), (_, message) = log_of(db)
    assert (id, fields) == (new_break, {"break": "m", "last": "0-0"})
    assert number(new_break) > number(last) > number(last_break)
    assert message["data"] == "after"
    assert db.get(BREAK) == new_break


@pytest.mark.parametrize("mode", ["look", "follow", "start", "break", "inbox"])
def test_a_log_that_ends_below_the_callers_position_is_a_break_in_every_mode(db, recorder, mode):
    _, last, last_break = recorder.run("follow", event(1))
    ms, seq = number(last)
    beyond = f"{ms}-{seq + 1}"
    _, _, new_break = recorder.run(mode, read=beyond)
    assert breaks_of(db) == [last_break, new_break]
    assert number(new_break) > number(beyond)
    assert recorder.run(mode, read=new_break)[2] == new_break


@pytest.mark.parametrize("mode", ["look", "follow", "start", "break", "inbox"])
def test_a_missing_break_is_recorded_in_every_mode(db, recorder, mode):
    _, last, first_break = recorder.run("follow", event(1))
    db.delete(BREAK)
    _, _, new_break = recorder.run(mode, read=last)
    assert breaks_of(db) == [first_break, new_break]
    assert db.get(BREAK) == new_break


def test_after_flushall_ids_grow_and_a_break_comes_first(db, recorder):
    _, last, _ = recorder.run("follow", event(1))
    db.flushall()
    assert recorder.run("follow", event(2), read=last)[0] == -1
    assert recorder.run("break", event(2), read=last)[0] == 2
    entries = log_of(db)
    assert "break" in entries[0][1]
    assert number(entries[0][0]) > number(last)
    must_be_consistent(db)


def test_a_position_at_the_logs_end_is_no_break(db, recorder):
    _, last, last_break = recorder.run("follow", event(1))
    recorder.run("look", read=last)
    assert breaks_of(db) == [last_break]


# --- What the caller knows ---


def looks_of(db, call):
    """Histories that a call looked at: it asks the log for its end, too."""
    db.config_resetstat()
    call()
    return db.info("commandstats")["cmdstat_xrevrange"]["calls"] - 1


def test_a_history_whose_end_the_caller_knows_is_not_looked_at(db, recorder):
    caller = KnowingRecorder(db)
    assert looks_of(db, lambda: caller.run("follow", event(1, "a"), event(2, "b"))) == 2
    assert looks_of(db, lambda: caller.run("follow", event(3, "a"), gap(4, "b"), event(5, "a"))) == 2, "now it learns"
    assert looks_of(db, lambda: caller.run("follow", event(6, "b"), event(7, "a"), event(8, "a", id="i"))) == 0
    assert looks_of(db, lambda: caller.run("follow", event(9, "c"), gap(10, "a"))) == 1
    must_be_consistent(db)


def test_what_the_caller_knows_counts_only_while_the_log_ends_where_it_left_it(db, recorder):
    caller, other = KnowingRecorder(db), Recorder(db)
    caller.run("look")
    caller.run("follow", event(1, "a"), event(2, "b"))
    for position in (3, 5, 7):
        other.run("follow", event(position, "a"))
        assert looks_of(db, lambda: caller.run("follow", event(position + 1, "a"))) == 1
    must_be_consistent(db)


@pytest.mark.parametrize(
    "items, is_even",
    [
        ([], True),
        ([event(3, "a"), gap(4, "b"), event(5, "new", id="i"), marker(6, "n")], True),
        ([event(2, "a"), event(3, "a")], False),  # the first is recorded already
        ([event(3, "wrong")], False),
        ([event(3, "wrong"), event(4, "a")], False),
        ([event(3, "future"), event(4, "a")], False),
        ([event(3, "a"), event(4, "future")], False),
    ],
    ids=["nothing", "all kinds", "known", "other type", "other type first", "jump", "jump later"],
)
def test_a_call_says_whether_its_items_are_the_newest_entries_under_even_ids(db, recorder, items, is_even):
    make(db, history("wrong"), "list")
    db.xadd(history("future"), {"data": "old"}, id=f"{FUTURE_MS}-7")
    _, last, _ = recorder.run("follow", event(1, "a"), event(2, "b"))
    assert recorder.is_even is False, "nothing was known of the log"
    _, last, _ = recorder.run("follow", *items, known=last)
    assert recorder.is_even is is_even
    if is_even and items:
        ms, seq = number(last)
        newest = [(id, kind_of(fields)) for id, fields in log_of(db)[-len(items) :]]
        assert [id for id, _ in newest] == [f"{ms}-{seq - left}" for left in reversed(range(len(items)))]


def test_a_call_of_the_inbox_says_so_too_unless_an_entry_was_gone(db, recorder):
    entries = [db.xadd(INBOX, {"data": "x"}) for _ in range(4)]
    _, last, _ = recorder.run("look")
    _, last, _ = recorder.run("inbox", event(entries[0], "a"), event(entries[1], "b"), known=last)
    assert recorder.is_even is True
    _, last, _ = recorder.run("inbox", event(entries[1], "b"), event(entries[2], "a"), known=last)
    assert recorder.is_even is False
    recorder.run("inbox", event(entries[3], "b"), drop(entries[2]), known=last)
    assert recorder.is_even is False


def test_a_refused_call_and_one_that_records_a_break_are_told_as_they_are(db, recorder):
    _, last, _ = recorder.run("look")
    _, last, _ = recorder.run("follow", event(1), marker="other", known=last)
    assert recorder.is_even is False
    _, last, _ = recorder.run("break", event(1), marker="other", known=last)
    assert recorder.is_even is True, "the break is before the items"


@pytest.mark.parametrize("id", [f"{FUTURE_MS}-7", *TOO_LARGE])
def test_a_known_end_that_is_not_true_costs_no_order_and_loses_nothing(db, recorder, id):
    """Somebody else has written to the history alone."""
    caller = KnowingRecorder(db)
    caller.run("look")
    caller.run("follow", event(1, "a", "1"))
    db.xadd(history("a"), {"data": "foreign"}, id=id)
    for _ in range(2):
        caller.run("follow", event(2, "a", "2"), event(3, "b", "3"))
    can_follow = id not in TOO_LARGE
    assert messages_of(db) == [("a", "1"), ("a", "2" if can_follow else None), ("b", "3")]
    assert ids_of(log_of(db)) == sorted(set(ids_of(log_of(db))))


@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind != "stream"])
def test_a_history_that_became_another_type_is_a_gap(db, recorder, kind):
    caller = KnowingRecorder(db)
    caller.run("look")
    caller.run("follow", event(1, "a", "1"))
    make(db, history("a"), kind)
    before = state_of(db)[history("a")]
    caller.run("follow", event(2, "a", "2"), event(3, "a", "3"), event(4, "b", "4"))
    assert messages_of(db) == [("a", "1"), ("a", None), ("a", None), ("b", "4")]
    assert state_of(db)[history("a")] == before


def test_a_history_that_was_deleted_begins_behind_what_it_had(db, recorder):
    """So whoever lacks what was deleted is told."""
    caller = KnowingRecorder(db)
    caller.run("look")
    _, last, _ = caller.run("follow", event(1, "a"))
    db.delete(history("a"))
    caller.run("follow", event(2, "a"))
    [(_, fields)] = db.xrange(history("a"))
    assert fields["prev"] == last
    assert db.pttl(history("a")) > 0, "it is forgotten, too, when nothing more comes"


def test_a_log_that_cannot_be_appended_to_leaves_nothing_in_the_history(db, recorder):
    """Somebody appended to the log and deleted it again: its newest entry is the last one known, and its end is not."""
    caller = KnowingRecorder(db)
    caller.run("look")
    caller.run("follow", event(1, "a", "1"))
    db.xdel(LOG, db.xadd(LOG, {"recorder": "foreign"}, id=f"{FUTURE_MS}-7"))
    before = db.xrange(history("a"))
    with pytest.raises(redis.ResponseError, match="equal or smaller"):
        caller.run("follow", event(2, "a", "2"))
    assert db.xrange(history("a")) == before
    other = Recorder(db)
    for _ in range(2):
        other.run("follow", event(2, "a", "2"))
    assert messages_of(db) == [("a", "1"), ("a", "2")]
    assert [fields["data"] for _, fields in db.xrange(history("a"))] == ["1", "2"]


# --- Lengths and lives ---


def test_log_and_histories_are_trimmed_to_their_lengths(db):
    """Redis trims whole nodes of 100 entries."""
    recorder = Recorder(db, log_length=200, history_length=50)
    recorder.run("break")
    recorder.run("follow", event(1, "quiet"))
    for begin in range(2, 2002, 200):
        recorder.run("follow", *(event(n, "busy") for n in range(begin, begin + 200)))
    assert 200 <= db.xlen(LOG) < 300
    assert 50 <= db.xlen(history("busy")) < 150
    assert db.xlen(history("quiet")) == 1
    for key, field in ((LOG, "last"), (history("busy"), "prev")):
        (first, oldest), *rest = [(id, entry_of(fields)) for id, fields in db.xrange(key)]
        assert oldest[field] != "0-0"
        must_be_chained(rest, field, first)


def test_a_history_lives_on_with_each_message_and_the_others_do_not(db, recorder):
    recorder.run("follow", event(1, "a"), event(2, "b"), gap(3, "c"))
    assert all(0 < db.pttl(history(channel)) <= DAY_MS for channel in "abc")
    for channel in "abc":
        db.pexpire(history(channel), HOUR_MS)
    recorder.run("follow", event(4, "a"), gap(5, "c"))
    assert [db.pttl(history(channel)) > HOUR_MS for channel in "abc"] == [True, False, True]


def test_a_history_that_is_not_looked_at_is_neither_trimmed_nor_kept_alive(db, recorder):
    caller = KnowingRecorder(db, history_length=50)
    caller.run("look")
    caller.run("follow", event(1, "a"))
    db.pexpire(history("a"), HOUR_MS)
    caller.run("follow", *(event(n, "a") for n in range(2, 402)))
    assert db.xlen(history("a")) == 401
    assert db.pttl(history("a")) <= HOUR_MS
    Recorder(db, history_length=50).run("follow", event(402, "a"))
    assert 50 <= db.xlen(history("a")) < 150
    assert db.pttl(history("a")) > HOUR_MS


def test_a_counter_lives_on_with_each_call_that_uses_it(db, recorder):
    recorder.run("follow", event(1), marker(2, "n"))
    for name in "mn":
        assert 0 < db.pttl(counter(name)) <= HOUR_MS
        db.pexpire(counter(name), HOUR_MS // 4)
    recorder.run("follow", event(1))
    assert db.pttl(counter("m")) > HOUR_MS // 2
    assert db.pttl(counter("n")) <= HOUR_MS // 4


def test_the_log_and_the_break_never_expire(db, recorder):
    recorder.run("follow", event(1))
    assert db.pttl(LOG) == db.pttl(BREAK) == -1


# --- Keys of other types ---


def wrong_types(key, right):
    return [(key, kind) for kind in TYPES if kind != right]


@pytest.mark.parametrize(
    "key, kind",
    wrong_types(LOG, "stream")
    + wrong_types(BREAK, "string")
    + wrong_types(counter("m"), "string")
    + wrong_types(counter("n"), "string"),
)
def test_a_key_of_another_type_is_named_and_nothing_is_written(db, recorder, key, kind):
    recorder.run("follow", event(1))
    make(db, key, kind)
    before = state_of(db)
    for mode in ("follow", "start", "break"):
        with pytest.raises(redis.ResponseError, match=f"{key} is a {kind} and should be"):
            recorder.run(mode, event(2, "new"), gap(3), marker(4, "n"), event(5))
        assert state_of(db) == before
    db.delete(key)
    assert recorder.run("break", event(2), marker(4, "n"), event(5))[0] == 5


@pytest.mark.parametrize(
    "mode, key, kind",
    [(mode, *wrong) for mode in ("look", "inbox") for wrong in ((LOG, "list"), (BREAK, "stream"))]
    + [("inbox", *wrong) for wrong in wrong_types(INBOX, "stream")],
)
def test_without_a_marker_a_key_of_another_type_is_named_too(db, recorder, mode, key, kind):
    id = db.xadd(INBOX, {"data": "x"})
    make(db, key, kind)
    before = state_of(db)
    with pytest.raises(redis.ResponseError, match=f"{key} is a {kind} and should be"):
        recorder.run(mode, *([event(id)] if mode == "inbox" else []))
    assert state_of(db) == before


@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind != "stream"])
@pytest.mark.parametrize("mode", ["follow", "inbox"])
def test_a_history_of_another_type_is_a_gap_and_the_rest_is_recorded(db, recorder, mode, kind):
    make(db, history("b"), kind)
    before = state_of(db)[history("b")]
    positions = [db.xadd(INBOX, {"data": "x"}) for _ in range(4)] if mode == "inbox" else [1, 2, 3, 4]
    run = [event(position, channel, channel) for position, channel in zip(positions, "abca")]
    for again in (False, True):
        assert recorder.run(mode, *run)[0] == (0 if again and mode == "inbox" else 4)
    assert messages_of(db) == [("a", "a"), ("b", None), ("c", "c"), ("a", "a")]
    [fields] = [fields for _, fields in log_of(db) if fields.get("channel") == "b"]
    assert fields["gap"] == "history"
    assert state_of(db)[history("b")] == before
    must_be_chained(log_of(db), "last")
    db.delete(history("b"))
    id = db.xadd(INBOX, {"data": "x"}) if mode == "inbox" else 5
    recorder.run(mode, event(id, "b", "again"))
    assert messages_of(db)[-1] == ("b", "again")


# --- Inbox ---


def entries_of_inbox(db, count):
    return [db.xadd(INBOX, {"channel": "news", "data": str(n)}) for n in range(count)]


def test_an_entry_of_the_inbox_that_two_callers_send_is_recorded_once(db, recorder):
    ids = entries_of_inbox(db, 5)
    run = [event(id, "news", str(n)) for n, id in enumerate(ids)]
    other = Recorder(db)
    assert recorder.run("inbox", *run[:3])[0] == 3
    assert other.run("inbox", *run)[0] == 2
    before = state_of(db)
    assert recorder.run("inbox", *run)[0] == 0
    assert state_of(db) == before
    assert messages_of(db) == [("news", str(n)) for n in range(5)]
    assert db.xlen(INBOX) == 0
    must_be_consistent(db)


def test_what_comes_from_the_inbox_acknowledges_no_position(db, recorder):
    [id] = entries_of_inbox(db, 1)
    _, last, last_break = recorder.run("inbox", event(id, event="e", id="i", retry="5"))
    assert log_of(db)[-1] == (
        last,
        {"channel": "news", "data": "x", "event": "e", "id": "i", "retry": "5", "last": last_break},
    )


def test_an_entry_of_the_inbox_that_cannot_be_kept_is_a_gap(db, recorder):
    [id] = entries_of_inbox(db, 1)
    recorder.run("inbox", gap(id))
    assert messages_of(db) == [("news", None)]
    assert [fields for _, fields in db.xrange(history("news"))] == [{"prev": "0-0", "gap": "1"}]
    assert db.xlen(INBOX) == 0


def test_a_dropped_entry_of_the_inbox_is_deleted_and_leaves_no_trace(db, recorder):
    first, bad, third = entries_of_inbox(db, 3)
    before = state_but(db, INBOX)
    recorder.run("inbox", drop(bad))
    assert state_but(db, INBOX) == before
    assert [id for id, _ in db.xrange(INBOX)] == [first, third]


def test_what_is_not_sent_stays_in_the_inbox(db, recorder):
    first, second = entries_of_inbox(db, 2)
    recorder.run("inbox", event(second, data="second"))
    assert [id for id, _ in db.xrange(INBOX)] == [first]
    assert recorder.run("inbox", event("99-99", data="of nobody"))[0] == 0
    assert messages_of(db) == [("news", "second")]


def test_without_an_inbox_nothing_is_recorded(db, recorder):
    before = state_of(db)
    assert recorder.run("inbox", event("5-0"))[0] == 0
    assert state_of(db) == before


# --- Redis that refuses ---


@pytest.mark.parametrize("channels", [["old", "new"], ["new", "old"]])
def test_a_redis_without_memory_says_so_records_nothing_and_then_all_once(db, recorder, channels):
    recorder.run("follow", event(1, "old", "1"))
    before = state_of(db)
    run = [event(position, channel, str(position)) for position, channel in enumerate(channels, 2)]
    db.config_set("maxmemory", 1)
    with pytest.raises(redis.RedisError, match="OOM|maxmemory"):
        recorder.run("follow", *run)
    db.config_set("maxmemory", 0)
    assert state_of(db) == before
    recorder.run("follow", *run)
    assert [data for _, data in messages_of(db)] == ["1", "2", "3"]


def test_a_redis_without_memory_loses_nothing_of_the_inbox(db, recorder):
    run = [event(id, "news", str(n)) for n, id in enumerate(entries_of_inbox(db, 3))]
    db.config_set("maxmemory", 1)
    try:
        recorder.run("inbox", *run)
    except redis.RedisError:
        pass  # all or nothing; which of them is up to Redis
    db.config_set("maxmemory", 0)
    recorder.run("inbox", *run)
    assert messages_of(db) == [("news", str(n)) for n in range(3)]


# --- Keys ---


def restricted(server, db, keys):
    """A user who may do everything with these keys and nothing with any other."""
    db.execute_command("ACL", "SETUSER", "only", "reset", "on", ">secret", "+@all", *(f"~{key}" for key in keys))
    return connect(server, username="only", password="secret")


@pytest.mark.parametrize("is_fresh", [True, False])
@pytest.mark.parametrize("mode", ["look", "follow", "start", "break", "inbox"])
def test_a_call_touches_no_key_that_it_does_not_name(server, db, mode, is_fresh):
    recorder = Recorder(db)
    if not is_fresh:
        recorder.run("break", event(1, "a"))
    [id] = entries_of_inbox(db, 1)
    run = {
        "look": [],
        "inbox": [event(id, "a"), drop("5-0"), gap("6-0", "b")],
    }.get(mode, [event(2, "a"), gap(3, "b"), marker(4, "n"), event(5, "b", event="e")])
    with restricted(server, db, recorder.keys(mode, run, "m")) as client:
        Recorder(client).run(mode, *run)
    assert breaks_of(db)


@pytest.mark.parametrize("without", [LOG, BREAK, counter("m"), history("b"), counter("n")])
def test_a_call_with_a_key_that_its_user_may_not_touch_writes_nothing(server, db, recorder, without):
    run = [event(1, "a"), event(2, "b"), marker(3, "n")]
    before = state_of(db)
    keys = [key for key in recorder.keys("follow", run, "m") if key != without]
    with restricted(server, db, keys) as client, pytest.raises(redis.exceptions.NoPermissionError):
        Recorder(client).run("follow", *run)
    assert state_of(db) == before


# --- Lease ---


class Holder:
    """Who calls lease.lua; the reply is (whether he has it, whether anybody has). No lease ends during a test."""

    def __init__(self, db, name, length=HOUR_MS):
        self.db, self.name, self.length = db, name, length

    def ask(self, action):
        mine, anybodys = self.db.eval(LEASE, 1, LEASE_KEY, action, self.name, self.length)
        assert (mine, anybodys) in ((0, 0), (0, 1), (1, 1))
        return bool(mine), bool(anybodys)


MINE, ANOTHERS, NOBODYS = (True, True), (False, True), (False, False)


@pytest.fixture
def two(db):
    return Holder(db, "one"), Holder(db, "two")


def test_a_free_lease_is_acquired_by_who_comes_first(db, two):
    one, other = two
    assert one.ask("acquire") == MINE
    assert other.ask("acquire") == ANOTHERS
    assert db.get(LEASE_KEY) == "one"
    assert HOUR_MS // 2 < db.pttl(LEASE_KEY) <= HOUR_MS


@pytest.mark.parametrize("action", ["acquire", "renew", "release", "look"])
def test_nobody_changes_the_lease_of_another(db, two, action):
    one, other = two
    one.ask("acquire")
    db.pexpire(LEASE_KEY, HOUR_MS // 2)
    assert other.ask(action) == ANOTHERS
    assert db.get(LEASE_KEY) == "one"
    assert 0 < db.pttl(LEASE_KEY) <= HOUR_MS // 2
    assert one.ask("look") == MINE


def test_a_renewed_lease_lasts_anew(db):
    holder = Holder(db, "one")
    holder.ask("acquire")
    db.pexpire(LEASE_KEY, HOUR_MS // 2)
    assert holder.ask("renew") == MINE
    assert HOUR_MS // 2 < db.pttl(LEASE_KEY) <= HOUR_MS


@pytest.mark.parametrize("action", ["acquire", "look"])
def test_only_renewing_prolongs_a_lease(db, action):
    holder = Holder(db, "one")
    holder.ask("acquire")
    db.pexpire(LEASE_KEY, HOUR_MS // 2)
    assert holder.ask(action) == MINE
    assert db.pttl(LEASE_KEY) <= HOUR_MS // 2


def test_a_released_lease_is_anybodys(db, two):
    one, other = two
    one.ask("acquire")
    assert one.ask("release") == NOBODYS
    assert not db.exists(LEASE_KEY)
    assert other.ask("acquire") == MINE
    assert one.ask("renew") == ANOTHERS


@pytest.mark.parametrize("action", ["renew", "release", "look"])
def test_only_acquiring_makes_a_lease(db, two, action):
    assert two[0].ask(action) == NOBODYS
    assert db.keys() == []


def test_an_expired_lease_is_free_and_cannot_be_renewed(db, two):
    one, other = two
    one.ask("acquire")
    db.pexpire(LEASE_KEY, 1)
    until(lambda: not db.exists(LEASE_KEY), "the lease has expired")
    assert one.ask("renew") == NOBODYS
    assert other.ask("acquire") == MINE
    assert one.ask("renew") == ANOTHERS


@pytest.mark.parametrize("life", [None, 2 * HOUR_MS])
@pytest.mark.parametrize(
    "action, answer", [("look", NOBODYS), ("renew", NOBODYS), ("release", NOBODYS), ("acquire", MINE)]
)
@pytest.mark.parametrize("value", ["one", "two"])
def test_a_lease_without_an_end_or_longer_than_any_is_void(db, two, life, action, answer, value):
    db.set(LEASE_KEY, value, px=life)
    assert two[0].ask(action) == answer
    assert db.get(LEASE_KEY) == ("one" if answer == MINE else None)
    assert db.pttl(LEASE_KEY) <= HOUR_MS


def test_a_lease_of_just_its_length_is_good(db):
    holder = Holder(db, "one")
    assert holder.ask("acquire") == MINE
    assert Holder(db, "two").ask("acquire") == ANOTHERS


@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind != "string"])
def test_a_lease_of_another_type_is_void_or_refused(db, two, kind):
    """What has an end within a lease's length is waited for."""
    make(db, LEASE_KEY, kind)
    db.pexpire(LEASE_KEY, HOUR_MS // 2)
    before = db.dump(LEASE_KEY)
    for action in ("acquire", "renew", "release", "look"):
        with pytest.raises(redis.ResponseError, match="WRONGTYPE|wrong kind"):
            two[0].ask(action)
    assert db.dump(LEASE_KEY) == before
    make(db, LEASE_KEY, kind)
    assert two[0].ask("acquire") == MINE


def test_the_lease_is_the_only_key_that_its_script_touches(server, db):
    with restricted(server, db, [LEASE_KEY]) as client:
        for life in (None, HOUR_MS):
            for action in ("look", "acquire", "renew", "release"):
                db.set(LEASE_KEY, "one", px=life)
                Holder(client, "one").ask(action)
