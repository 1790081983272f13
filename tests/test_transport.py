"""The lossless transport as pure machines: whatever a network does, once it stops every message is there once."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import msgpack  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from journal_frames import people

from fusion.journal import Origin
from fusion.live.gaps import ALL_WANTED_MAX, SOURCES_MAX, TRIES, WANTED_MAX, Gaps
from fusion.live.header import Ack, Data, Refused, encode, is_header, read_answer, read_data
from fusion.live.outputs import COUNT, MARK, Follower, LastValues
from fusion.live.rates import Bucket
from fusion.live.receiving import AHEAD_MAX, Received, Verdict
from fusion.live.subscribing import number_of
from sensors.backlog import Memory, Spool
from sensors.broadcast import Ring
from sensors.outgoing import Outgoing
from sensors.window import Item, Window

SMALL = 5  # messages in flight


@dataclass
class Engine:
    """A gateway without sockets: a journal, a part of which is durable, and what it remembers."""

    journal: list[Origin] = field(default_factory=list)
    received: Received = field(default_factory=Received)
    durable: int = 0
    note: tuple[int, bytes] = (0, Received().to_bytes())

    def take(self, data: Data) -> None:
        origin = Origin(data.source, data.boot, data.number, data.first)
        if self.received.judge(origin) is Verdict.NEW:
            self.journal.append(origin)
            self.received.take(origin)
        self.received.hear(origin.source, origin.boot, origin.first)

    def sync(self, boot: int) -> Ack:
        self.durable = len(self.journal)
        line = self.received.hear("cam", boot, 0)
        return Ack("cam", boot, line.upto, line.missing())

    def roll(self) -> None:
        self.note = (len(self.journal), self.received.to_bytes())

    def crash(self) -> None:
        """Lose what is not durable, and know the rest again as the gateway does."""
        del self.journal[self.durable :]
        at, packed = self.note if self.note[0] <= self.durable else (0, Received().to_bytes())
        self.received = Received.from_bytes(packed)
        for origin in self.journal[at:]:
            self.received.take(origin)


class Transport(RuleBasedStateMachine):
    """One sensor that is restarted, one engine that is, and a network between them that keeps no promise."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.engine = Engine()
        self.boot, self.number = 0, 0
        self.given: list[tuple[int, int]] = []
        self.wire: list[Data] = []
        self.acks: list[Ack] = []
        self.open()

    def open(self) -> None:
        self.sensor = Outgoing("cam", self.boot, Spool(Path(self.folder.name)), Window(SMALL))

    def teardown(self) -> None:
        """Faults off: everything converges."""
        for _ in range(len(self.given) + SMALL + 5):
            self.sensor.lose()
            self.fly(SMALL)
            for data in self.wire:
                self.engine.take(data)
            self.wire.clear()
            for boot in range(self.boot + 1):
                self.sensor.hear(self.engine.sync(boot))
        found = [(origin.boot, origin.number) for origin in self.engine.journal]
        assert Counter(found) == Counter(self.given)
        assert len(self.sensor) == 0
        assert not self.engine.received.lost
        self.sensor.close()
        self.folder.cleanup()

    def fly(self, count: int) -> None:
        for _ in range(count):
            due = self.sensor.next_due()
            if due is None:
                return
            self.wire.append(due[0])

    @rule()
    def give(self) -> None:
        self.sensor.put("people/cam", b"")
        self.given.append((self.boot, self.number))
        self.number += 1

    @rule(count=st.integers(1, SMALL))
    def send(self, count: int) -> None:
        self.fly(count)

    @rule(data=st.data())
    def deliver_any(self, data: st.DataObject) -> None:
        if self.wire:
            self.engine.take(self.wire.pop(data.draw(st.integers(0, len(self.wire) - 1))))

    @rule(data=st.data())
    def deliver_a_copy(self, data: st.DataObject) -> None:
        if self.wire:
            self.engine.take(data.draw(st.sampled_from(self.wire)))

    @rule(data=st.data())
    def lose_any(self, data: st.DataObject) -> None:
        if self.wire:
            self.wire.pop(data.draw(st.integers(0, len(self.wire) - 1)))

    @rule(back=st.integers(0, 1))
    def sync(self, back: int) -> None:
        self.acks.append(self.engine.sync(max(0, self.boot - back)))

    @rule(data=st.data())
    def deliver_an_ack(self, data: st.DataObject) -> None:
        if self.acks:
            self.sensor.hear(data.draw(st.sampled_from(self.acks)))

    @rule()
    def reconnect(self) -> None:
        self.sensor.lose()

    @rule()
    def restart_sensor(self) -> None:
        self.sensor.close()
        self.boot, self.number = self.boot + 1, 0
        self.open()

    @rule()
    def roll_segment(self) -> None:
        self.engine.roll()

    @rule()
    def crash_engine(self) -> None:
        self.engine.crash()

    @invariant()
    def nothing_twice_and_nothing_acknowledged_is_lost(self) -> None:
        found = [(origin.boot, origin.number) for origin in self.engine.journal]
        assert len(set(found)) == len(found)
        durable = set(found[: self.engine.durable])
        assert all((ack.boot, number) in durable for ack in self.acks for number in range(ack.upto + 1))


TestTransport = Transport.TestCase
TestTransport.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(st.sets(st.integers(0, 11)), st.integers(1, 4), st.integers(0, 3))
def test_what_a_camera_gives_up_is_counted_and_the_rest_is_taken(moments: set[int], room: int, lost: int) -> None:
    sensor, engine = Outgoing("cam", 7, Memory(bytes_max=room), Window(2)), Engine()
    engine.received.hear("cam", 7, 0)

    def exchange(loses: int) -> None:
        while (due := sensor.next_due()) is not None:
            loses -= 1
            if loses < 0:
                engine.take(due[0])
                sensor.hear(engine.sync(7))

    for number in range(12):
        if sensor.is_full():
            sensor.shed()
        sensor.put("people/cam", b"x")
        if number in moments:
            exchange(lost)
    sensor.lose()
    exchange(0)
    numbers = [origin.number for origin in engine.journal]
    assert sorted(set(numbers)) == sorted(numbers) and 11 in numbers and len(sensor) == 0
    assert len(numbers) + engine.received.lost["cam"] == 12
    assert sensor.given_up >= engine.received.lost["cam"]  # some were given up after they had come


@given(st.binary(max_size=200))
def test_any_bytes_are_a_header_or_a_reason(frame: bytes) -> None:
    for read in (read_data, read_answer):
        found = read(frame)
        assert isinstance(found, (Data, Ack, Refused, str))


@given(st.integers(0, 2**62 - 1), st.integers(0, 2**62 - 1), st.text("az09._-", min_size=1, max_size=64))
def test_headers_come_back_as_they_were_and_are_no_topics(boot: int, number: int, source: str) -> None:
    data = Data(source, boot, number, number, f"people/{source}")
    ack = Ack(source, boot, number, (number,))
    assert read_data(encode(data)) == data and read_answer(encode(ack)) == ack
    assert is_header(encode(data)) and not is_header(data.topic.encode())


def test_a_message_too_far_ahead_waits_and_senders_are_limited() -> None:
    received = Received()
    received.take(Origin("cam", 1, 0, 0))
    assert received.judge(Origin("cam", 1, AHEAD_MAX, 0)) is Verdict.NEW
    assert received.judge(Origin("cam", 1, AHEAD_MAX + 1, 0)) is Verdict.AHEAD
    for number in range(5000):
        origin = Origin(f"s{number}", 1, 0, 0)
        if received.judge(origin) is Verdict.STRANGER:
            break
        received.take(origin)
    assert number == 4095


# A spool


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 5))
def test_a_killed_sensor_finds_all_that_was_not_acknowledged(freed: list[int], boots: int) -> None:
    with TemporaryDirectory() as name:
        given_out: list[tuple[int, int]] = []
        until = 0
        for boot in range(boots + 1):
            spool = Spool(Path(name))
            found = []
            while (item := spool.pop()) is not None:
                found.append(item)
            assert [item.key for item in found][-len(given_out[until:]) or len(found) :] == given_out[until:]
            for number, step in enumerate(freed):
                spool.push(boot, number, "gate/door", bytes(1 << 18))
                given_out.append((boot, number))
                until = min(until + step, len(given_out))
                spool.free(until)
            spool.close()


# Plain publishers


@given(st.data())
def test_what_a_subscriber_missed_is_asked_for_and_found_or_counted(data: st.DataObject) -> None:
    count, room = data.draw(st.integers(1, 200)), data.draw(st.integers(1, 250))
    dropped = data.draw(st.sets(st.integers(0, count - 1)))
    ring, gaps, got, now_s = Ring(room), Gaps(), [], 0.0
    killed_at, lost = data.draw(st.integers(0, 2 * count)), 0
    for seq in range(count + 1):
        if seq == killed_at:  # the next one goes on from what was noted, and counts from nothing
            noted, lost = msgpack.packb(gaps.state()), gaps.lost["cam"]
            gaps = Gaps()
            gaps.go_on(msgpack.unpackb(noted))
        ring.put("cam", seq, "people/cam", seq.to_bytes(4, "big"))
        if seq not in dropped and gaps.hear("cam", seq):
            got.append(seq)
    last = count
    for _ in range(TRIES + 2):
        now_s += 1.0
        for src, seqs in gaps.to_ask(now_s).items():
            found, gone = ring.find(src, seqs)
            gaps.gone(src, gone)
            for _, payload in found:
                seq = int.from_bytes(payload, "big")
                for _ in range(data.draw(st.integers(0, 2))):  # lost on the way, or given twice
                    if gaps.mend("cam", seq):
                        got.append(seq)
    assert len(set(got)) == len(got)
    assert lost + gaps.lost["cam"] == last + 1 - len(got)
    assert gaps.to_ask(now_s + 1.0) == {}


def test_a_restarted_publisher_begins_anew_and_a_huge_gap_is_bounded() -> None:
    gaps = Gaps()
    assert [gaps.hear("cam", seq) for seq in (5, 6, 6, 0, 1, 0)] == [True, True, False, True, True, True]
    gaps.hear("cam", 10**9)
    assert len(gaps.to_ask(0.0)["cam"]) <= WANTED_MAX
    assert gaps.lost["cam"] == 3 + 10**9 - 1 - WANTED_MAX


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10**6)), max_size=80))
def test_whatever_a_publisher_numbers_what_is_wanted_of_it_is_bounded(said: list[tuple[int, int]]) -> None:
    gaps = Gaps()
    for src, seq in said:
        gaps.hear(f"cam-{src}", seq)
    assert sum(len(wanted) for wanted in gaps._wanted.values()) <= ALL_WANTED_MAX


def test_publishers_of_names_without_end_are_bounded() -> None:
    many = Gaps()
    for number in range(SOURCES_MAX + 10):
        assert many.hear(f"cam-{number}", 5)
    assert len(many._newest) == SOURCES_MAX and not many.hear("cam-0", 5)


def test_a_payload_that_names_another_source_than_its_topic_numbers_nobody() -> None:
    """It could have used up the numbers of a sensor that is not its own, and names without end."""
    frame = people(7)
    assert number_of(frame.topic, frame.payload) == ("cam", 7)
    assert number_of("people/other", frame.payload) is None and number_of("cam", frame.payload) is None


# What goes out

TEXTS = st.lists(
    st.tuples(st.sampled_from(["event/s", "receipt/s"]), st.sampled_from("abc"), st.integers(0, 9)), max_size=30
)


@given(TEXTS, st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_a_late_joiner_has_every_last_value_and_then_each_output_once(
    said: list[tuple[str, str, int]], subscribed: int, asked: int, answered: int
) -> None:
    values, follower, heard = LastValues(), Follower("nonce"), []
    answer: tuple[list[tuple[str, str]], dict[str, int]] | None = None
    at = len(said)
    for step in range(len(said) + 1):
        if step == min(asked, len(said)):
            answer, at = (values.snapshot(""), dict(values.counts)), step
            if step >= subscribed:
                heard += follower.hear(MARK + "nonce", "")
        if answer is not None and step >= answered:
            heard += follower.answer(*answer)
        if step < len(said):
            topic, key, number = said[step]
            values.put(topic, key, f"{key}{number}")
            if step >= subscribed:
                heard += follower.hear(topic, f"{key}{number}")
    if not follower.is_synced:
        assert heard == []  # asked before the subscription stood, or not answered yet
        return
    before = LastValues()
    for topic, key, number in said[:at]:
        before.put(topic, key, f"{key}{number}")
    after = [(topic, f"{key}{number}") for topic, key, number in said[at:]]
    assert heard == [*before.snapshot(""), *after]
    assert not follower.has_missed(values.counts)


def test_a_follower_sees_by_count_that_it_missed_something() -> None:
    values, follower = LastValues(), Follower("n")
    follower.hear(MARK + "n", "")
    follower.answer(values.snapshot(""), values.counts)
    values.put("event/s", "a", "1")
    assert follower.has_missed(values.counts)
    assert follower.hear(COUNT + "s", "{}") == []


@given(st.lists(st.floats(0.0, 2.0), max_size=60), st.floats(0.5, 20.0), st.floats(1.0, 10.0))
def test_no_more_passes_than_burst_and_rate_allow(steps: list[float], rate: float, burst: float) -> None:
    bucket, now_s, passed = Bucket(rate, burst), 0.0, 0
    for step in steps:
        now_s += step
        passed += bucket.take(now_s)
    assert passed <= burst + rate * sum(steps[1:]) + 1e-6
    assert bucket.take(now_s - 100.0) in (True, False)


def test_a_window_lets_one_large_message_fly_and_no_second() -> None:
    window = Window(4, bytes_max=10)
    window.put(Item(1, 0, "t", bytes(100)))
    assert not window.has_room()
    window.acknowledge(1, 0)
    assert window.has_room() and window.next_due() is None
