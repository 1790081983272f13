"""The live path over real sockets and processes, up to the same bytes as a replay."""

import json
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import polars as pl
import pytest
import zmq
from gateway_thread import ANY_PORT, gateway_at, gateway_turning, kept, turn_once, turn_until_quiet
from hypothesis import given
from hypothesis import strategies as st
from journal_frames import people
from mcap.reader import make_reader

from fusion.cli import main
from fusion.journal import Journal, Record, read_journal
from fusion.journal.segment import segments_of
from fusion.live.admission import PARTS, TOPIC_CHARS_MAX, Refusal, admit
from fusion.live.bus import BusError, check_address
from fusion.live.following import Following
from fusion.live.gaps import AGAIN_S
from fusion.live.gateway import Limits
from fusion.live.gateway_child import PAUSE_S, GatewayChild, longer
from fusion.live.gateway_words import Settings
from fusion.live.serve import set_aside
from fusion.live.subscribing import Subscription, number_of
from fusion.messages import Frame
from fusion.recording import read_recording
from scenarios.children import AISLE, Child, Lines, listening_address, next_line, running
from scenarios.simulate import source_messages, source_names
from sensors import publish as sensor_end
from sensors.backlog import Memory
from sensors.broadcast import Broadcaster
from sensors.publish import Sender, publish

CASE = Path(__file__).parents[2] / "shared" / "cases" / "b01-1"
needs_case = pytest.mark.skipif(not CASE.exists(), reason=f"the shared case {CASE.name} is not here")


@contextmanager
def serving(
    out: Path, *more: str, store: Path = CASE / "store", listen: str = ANY_PORT, copied: bool = False
) -> Iterator[tuple[Child, Lines, str]]:
    """Give a running `aisle serve`, on a copy of a store (one store, one service), its lines and its address."""
    mine = store if copied else out.with_name(f"{out.name}-store")
    if not mine.exists():
        shutil.copytree(store, mine)
    words = ("serve", "--store", str(mine), "--out", str(out), "--listen", listen, "--looks", "keep", *more)
    with running(*words) as (serve, said):
        address = listening_address(serve, said)
        assert address is not None
        yield serve, said, address


def stop(serve: Child) -> None:
    """Ask the service to end, and see it do so well."""
    serve.send_signal(signal.SIGTERM)
    assert serve.wait(timeout=60) == 0


def frames(count: int) -> list[Frame]:
    """Return distinct frames of two sensors."""
    return [Frame(f"plates/ctl-{i % 2}", f"payload {i}".encode(), i) for i in range(count)]


def sent_by(messages: list[Frame]) -> list[tuple[str, bytes]]:
    """Return what of frames goes over the wire."""
    return [(frame.topic, frame.payload) for frame in messages]


# What is let in


@given(st.lists(st.binary(max_size=2 * TOPIC_CHARS_MAX), max_size=6))
def test_any_multipart_message_is_admitted_or_refused_by_reason(parts: list[bytes]) -> None:
    record = admit(parts, 7)
    if isinstance(record, Refusal):
        assert (record is Refusal.PARTS) == (len(parts) != PARTS)
    else:
        assert [record.frame.topic.encode(), record.frame.payload, record.frame.arrival_ns] == [*parts, 7]


@given(st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=TOPIC_CHARS_MAX))
def test_rubbish_in_the_right_shape_is_kept_as_it_came(topic: str) -> None:
    assert admit([topic.encode(), b"\xc1 rubbish"], 1) == Record(Frame(topic, b"\xc1 rubbish", 1))


@given(st.text(max_size=40), st.booleans())
def test_an_address_is_used_or_refused_in_one_line(address: str, bind: bool) -> None:
    try:
        assert check_address(address, bind=bind).startswith("tcp://")
    except BusError as error:
        assert "expected tcp://HOST:PORT" in str(error) and len(str(error).splitlines()) == 1


# The gateway


def test_simple_sensors_and_numbered_ones_are_on_the_disk_before_anybody_is_told(tmp_path: Path) -> None:
    with gateway_turning(tmp_path) as gateway, zmq.Context() as context, context.socket(zmq.DEALER) as simple:
        simple.connect(gateway.inbox.endpoint)
        for topic, payload in sent_by(frames(1000)):
            simple.send_multipart([topic.encode(), payload])
        with Sender(gateway.inbox.endpoint, "ctl") as sender:
            assert publish(frames(2000), sender, None, lambda frame: None) == 2000
        assert Counter(sent_by(kept(tmp_path))) >= Counter(sent_by(frames(2000)))
    assert Counter(sent_by(kept(tmp_path))) == Counter(sent_by(frames(2000))) + Counter(sent_by(frames(1000)))
    numbered = [record.origin.number for _, record in read_journal(tmp_path) if record.origin]
    assert numbered == list(range(2000))


def test_a_sensor_waits_for_a_busy_engine_and_nothing_is_dropped(tmp_path: Path) -> None:
    count = 10_000  # of 4 kB: more than a sender keeps in memory
    done = threading.Event()

    def send(address: str) -> None:
        payloads = (i.to_bytes(4, "little") + bytes(4092) for i in range(count))
        with Sender(address) as sender:
            publish((Frame("boxes/cam-1", p, 0) for p in payloads), sender, None, lambda frame: None)
        done.set()

    with gateway_at(tmp_path) as gateway:
        sensor = threading.Thread(target=send, args=(gateway.inbox.endpoint,))
        sensor.start()
        sensor.join(timeout=1.0)
        assert sensor.is_alive()  # waiting
        while not done.is_set():
            turn_once(gateway, 50)
        sensor.join()
    assert [int.from_bytes(frame.payload[:4], "little") for frame in kept(tmp_path)] == list(range(count))


def test_a_gateway_does_not_run_away_from_its_engine(tmp_path: Path) -> None:
    with (
        gateway_at(tmp_path, limits=Limits(lag_max=100)) as gateway,
        zmq.Context() as context,
        context.socket(zmq.DEALER) as simple,
    ):
        simple.connect(gateway.inbox.endpoint)
        for topic, payload in sent_by(frames(1000)):
            simple.send_multipart([topic.encode(), payload])
        while gateway.journal.end < 150:
            assert gateway.inbox.socket.poll(5000)
            gateway.turn(150 - gateway.journal.end)
        assert not gateway.is_reading()
        gateway.fed = 60
        assert not gateway.is_reading()  # not before it has caught up by half
        gateway.fed = 100
        assert gateway.is_reading()
        while gateway.journal.end < 1000:
            gateway.fed = gateway.journal.end
            turn_until_quiet(gateway)
    assert sent_by(kept(tmp_path)) == sent_by(frames(1000))


def test_a_sensor_that_sends_too_fast_is_held_back_without_keys_too_and_others_are_not(tmp_path: Path) -> None:
    flood = [Frame("people/wild", number.to_bytes(2, "little"), 0) for number in range(600)]
    with (
        gateway_turning(tmp_path, limits=Limits(rate_max=200)) as gateway,
        Sender(gateway.inbox.endpoint, "wild") as wild,
        Sender(gateway.inbox.endpoint, "gate") as gate,
    ):
        wild.connect()
        gate.connect()
        begun_s = time.monotonic()
        for frame in flood:
            wild.send(frame.topic, frame.payload)
        for number in range(300):
            gate.send("gate/door", bytes([number % 256]))
        gate.finish()
        wild.finish()  # what was refused is sent again
        assert time.monotonic() - begun_s > 0.9  # a burst of 400 at once, 200 a second from then on
    assert set(gateway.counts.refused) == {Refusal.RATE}
    got = sent_by(kept(tmp_path))
    assert sorted(one for one in got if one[0] == "people/wild") == sorted(sent_by(flood))
    assert sum(topic == "gate/door" for topic, _ in got) == 300


def test_a_plain_publisher_that_sends_too_fast_is_held_back(tmp_path: Path) -> None:
    with gateway_at(tmp_path, limits=Limits(rate_max=5)) as gateway:
        for number in range(30):
            gateway.record(Frame("people/wild", bytes([number]), 0))
        gateway.record(Frame("gate/door", b"", 0))
    assert gateway.counts.refused == {Refusal.RATE: 20}
    assert [frame.topic for frame in kept(tmp_path)] == ["people/wild"] * 10 + ["gate/door"]


def test_with_too_little_room_on_the_disk_nothing_is_taken(tmp_path: Path) -> None:
    with gateway_at(tmp_path, limits=Limits(free_bytes_min=1 << 60)) as gateway:
        assert not gateway.is_reading()
        assert "MiB free" in gateway.full


def test_wrong_shapes_are_counted_and_dropped_and_the_rest_goes_on(tmp_path: Path) -> None:
    with gateway_at(tmp_path) as gateway, zmq.Context() as context, context.socket(zmq.DEALER) as rogue:
        rogue.linger = 0
        rogue.connect(gateway.inbox.endpoint)
        rogue.send_multipart([b"alone"])
        rogue.send_multipart([b"x"] * 5000)
        rogue.send_multipart([b"gate/\x7f", b""])
        rogue.send_multipart([b"\xff no header", b""])
        rogue.send_multipart([b"t" * (TOPIC_CHARS_MAX + 1), b""])
        rogue.send_multipart([b"gate/door", b"good"])
        turn_until_quiet(gateway)
        assert gateway.counts.refused == {Refusal.PARTS: 2, Refusal.TOPIC: 2, Refusal.HEADER: 1}
    assert sent_by(kept(tmp_path)) == [("gate/door", b"good")]


def test_what_can_never_be_taken_does_not_hold_up_what_follows(tmp_path: Path) -> None:
    card = b"4111111111111111"
    with gateway_turning(tmp_path) as gateway, Sender(gateway.inbox.endpoint, "door") as sender:
        sender.connect()
        for payload in (b"one", card, b"two"):
            sender.send("gate/door", payload)
        with pytest.raises(BusError, match="expected a payload of at most"):
            sender.send("gate/door", bytes(2 << 20))
        sender.finish()
        assert gateway.counts.refused == {Refusal.CARD: 1}
    assert sent_by(kept(tmp_path)) == [("gate/door", b"one"), ("gate/door", b"two")]
    assert not any(card in path.read_bytes() for path in tmp_path.iterdir())


def test_an_oversized_message_closes_its_sender_and_harms_nobody_else(tmp_path: Path) -> None:
    with gateway_turning(tmp_path) as gateway, zmq.Context() as context, context.socket(zmq.DEALER) as rogue:
        rogue.linger = 0
        rogue.connect(gateway.inbox.endpoint)
        rogue.send_multipart([b"gate/door", bytes(2 << 20)])
        with Sender(gateway.inbox.endpoint) as sender:
            publish(frames(10), sender, None, lambda frame: None)
    assert sent_by(kept(tmp_path)) == sent_by(frames(10))


def test_a_sender_goes_on_where_it_was_when_the_gateway_comes_back(tmp_path: Path) -> None:
    with gateway_turning(tmp_path / "journal") as gateway:
        address = gateway.inbox.endpoint
        sender = Sender(address, "ctl", spool=tmp_path / "spool")
        sender.connect()
        for frame in frames(100):
            sender.send(frame.topic, frame.payload)
        sender.wait(0.3)
    with sender:
        for frame in frames(200)[100:]:
            sender.send(frame.topic, frame.payload)  # nobody is there
        with gateway_turning(tmp_path / "journal", address):
            sender.finish()
    assert sent_by(kept(tmp_path / "journal")) == sent_by(frames(200))


def test_what_a_sensor_spooled_before_it_was_killed_is_sent_by_its_next_run(tmp_path: Path) -> None:
    with Sender("tcp://127.0.0.1:9", "ctl", spool=tmp_path / "spool") as sender:  # nobody listens
        for frame in frames(50):
            sender.send(frame.topic, frame.payload)
    journal, spool = tmp_path / "journal", tmp_path / "spool"
    with gateway_turning(journal) as gateway, Sender(gateway.inbox.endpoint, "ctl", spool=spool) as sender:
        sender.send("gate/door", b"new")
        sender.finish()
    assert sent_by(kept(tmp_path / "journal")) == [*sent_by(frames(50)), ("gate/door", b"new")]


def test_what_a_camera_gave_up_while_nobody_listened_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensor_end, "Memory", lambda: Memory(bytes_max=500))
    with gateway_turning(tmp_path) as gateway:
        address = gateway.inbox.endpoint
        sender = Sender(address, "cam", sheds=True)
        sender.connect()
        sender.send("people/cam", b"first")
        while len(sender.outgoing):
            sender.wait(0.05)
    with sender:
        for number in range(200):
            sender.send("people/cam", b"frame %4d" % number)
        with gateway_turning(tmp_path, address) as gateway:
            sender.finish()
        assert gateway.lost["cam"] == sender.outgoing.given_up == 200 - (len(kept(tmp_path)) - 1) > 100
    assert kept(tmp_path)[-1].payload == b"frame  199"  # the newest are there


def test_a_plain_publisher_is_mended_from_its_ring(tmp_path: Path) -> None:
    sent = [people(seq) for seq in range(300)]
    with Broadcaster(ANY_PORT, ANY_PORT) as publisher, zmq.Context() as context:
        for frame in sent[:100]:  # nobody has subscribed yet
            publisher.send(frame.topic, frame.payload)
        with closing(Subscription(context, publisher.place)) as subscription:
            got: list[Frame] = []

            def exchange() -> None:
                publisher.answer(10)
                got.extend(frame for frame in subscription.take(1000, 0) if isinstance(frame, Frame))
                subscription.ask(time.monotonic())

            subscription.gaps.hear("cam", 0)  # known from the journal of a run before
            while len(got) < 2 * len(sent[100:]) - 1 and subscription.gaps.lost.total() == 0:
                for frame in sent[100:] if not got else ():
                    publisher.send(frame.topic, frame.payload)
                exchange()
                if len({frame.payload for frame in got}) == 299:
                    break
            assert subscription.gaps.repaired["cam"] >= 99
    assert sorted(number_of(frame.topic, frame.payload)[1] for frame in got) == list(range(1, 300))  # type: ignore[index]


def test_a_gateway_knows_what_a_plain_publisher_said_before_the_last_segment(tmp_path: Path) -> None:
    """It asked the ring for the 256 numbers before the first one of its last segment, and took all of them twice."""
    with Broadcaster(ANY_PORT, ANY_PORT) as publisher:
        settings = Settings(journal=str(tmp_path), listen=ANY_PORT, subscribe=(publisher.place,), free_bytes_min=0)
        with GatewayChild(settings) as gateway:
            seqs = count()

            def say_until(number: int) -> None:
                """Publish until what is numbered so, or later, is in the journal."""
                while max(numbers(tmp_path), default=-1) < number:
                    frame = people(next(seqs))
                    publisher.send(frame.topic, frame.payload)
                    gateway.wait(0.02)

            say_until(100)
            gateway.roll()
            while len(segments_of(tmp_path)) < 2:
                gateway.wait(0.02)
            say_until(110)
            gateway.kill()
            while not gateway.restarts:
                gateway.wait(0.1)
            say_until(max(numbers(tmp_path)) + 10)
            end_s = time.monotonic() + 3 * AGAIN_S
            while time.monotonic() < end_s:
                publisher.answer(10)
                gateway.wait(0.01)
            gateway.stop()
    assert sorted(numbers(tmp_path)) == list(range(next(seqs)))


def test_a_gateway_that_cannot_start_is_tried_until_it_can_and_the_next_has_what_is_kept(tmp_path: Path) -> None:
    """The first failure to start again ended the whole service, and so did six deaths in a row."""
    journal, aside = tmp_path / "journal", tmp_path / "aside"
    settings = Settings(journal=str(journal), listen=ANY_PORT, publish=ANY_PORT, requests=ANY_PORT, free_bytes_min=0)
    with GatewayChild(settings) as gateway:
        gateway.publish("receipt/s", "trip-1", "first")
        journal.rename(aside)
        journal.write_text("no folder")
        gateway.kill()
        while gateway.restarts < 4:
            assert gateway.wait(0.5) == 0
        journal.unlink()
        aside.rename(journal)
        with zmq.Context() as context, context.socket(zmq.DEALER) as sensor:
            sensor.connect(gateway.settings.listen)
            while gateway.end == 0:
                sensor.send_multipart([b"people/cam", people(0).payload])
                gateway.wait(0.5)
            sensor.close(0)
        with Following(gateway.settings.publish, gateway.settings.requests, "receipt/") as follower:
            end_s = time.monotonic() + 30.0
            while not (heard := list(follower.hear(0.1))) and time.monotonic() < end_s:
                pass
            assert heard == [("receipt/s", "first")]
        gateway.stop()


def test_pauses_between_starts_grow_to_their_longest_and_stay_there() -> None:
    """They were a power of two of how many had died: after three hours of that it was too large a number."""
    pauses = [0.0]
    for _ in range(2000):
        pauses.append(longer(pauses[-1]))
    assert pauses == sorted(pauses) and pauses[1] == PAUSE_S[0] and pauses[-1] == PAUSE_S[1]


def numbers(journal: Path) -> list[int]:
    """Return the numbers of a plain publisher's messages in a journal."""
    return [number[1] for frame in kept(journal) if (number := number_of(frame.topic, frame.payload))]


def test_what_an_earlier_run_left_is_put_aside_not_lost(tmp_path: Path) -> None:
    for text in ("first", "second", "third"):
        set_aside(tmp_path)
        for name in ("recording.mcap", "ledger.db"):
            (tmp_path / name).write_text(text)
    kept = {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert kept == {
        f"{folder}{name}": text
        for folder, text in (("earlier-1/", "first"), ("earlier-2/", "second"), ("", "third"))
        for name in ("recording.mcap", "ledger.db")
    }


# A sensor's end


def test_rate_paces_by_arrival_time(tmp_path: Path) -> None:
    spaced = [Frame("gate/door", b"", i * 1_000_000_000) for i in range(4)]
    with gateway_turning(tmp_path) as gateway, Sender(gateway.inbox.endpoint) as sender:
        start_s = time.monotonic()
        assert publish(spaced, sender, 10.0, lambda frame: None) == 4
        assert time.monotonic() - start_s >= 0.3


def test_nobody_listening_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with gateway_at(tmp_path) as gateway:
        address = gateway.inbox.endpoint
    monkeypatch.setattr(sensor_end, "PATIENCE_S", 0.3)
    with Sender(address) as sender, pytest.raises(BusError, match=f"{address}: .*nobody listens"):
        sender.connect()


def test_an_engine_that_has_gone_is_noticed_at_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sensor_end, "PATIENCE_S", 0.3)
    with gateway_at(tmp_path) as gateway:
        sender = Sender(gateway.inbox.endpoint)
        sender.connect()
    with sender, pytest.raises(BusError, match="nobody listens"):
        sender.send("gate/door", b"")
        sender.finish()


def test_an_engine_that_takes_nothing_is_noticed_at_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sensor_end, "HANDOVER_S_MAX", 0.3)
    with gateway_at(tmp_path) as gateway, Sender(gateway.inbox.endpoint) as sender:
        sender.connect()
        sender.send("gate/door", b"")
        with pytest.raises(BusError, match=r"expected the engine to take what is left"):
            sender.finish()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["publish", "nowhere.mcap", "--to", "tcp://127.0.0.1:5555"], "nowhere.mcap"),
        (["publish", __file__, "--to", "tcp://127.0.0.1:5555"], "MCAP"),
        (["publish", "x.mcap", "--to", "here", "--rate", "0"], "--rate"),
        (["sensors", "single", "--to", "udp://here:5"], "expected tcp://HOST:PORT"),
        (["sensors", "no-such", "--to", "tcp://127.0.0.1:5555"], "no-such"),
        (["demo", "--scenario", "no-such"], "no-such"),
        (["serve", "--store", "no-such", "--out", "x", "--listen", ANY_PORT], "no-such"),
    ],
)
def test_bad_arguments_end_with_status_2_and_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1


# Whole processes


@needs_case
def test_an_address_in_use_or_malformed_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(CASE / "store", tmp_path / "store")
    words = ["serve", "--store", str(tmp_path / "store"), "--out", str(tmp_path / "out"), "--listen"]
    with gateway_at(tmp_path / "taken") as taken:
        assert main([*words, taken.inbox.endpoint]) == 2
        assert main([*words, "tcp://nowhere"]) == 2
        assert main(["publish", str(CASE / "recording.mcap"), "--broadcast", "tcp://127.0.0.1:5555"]) == 2
    first, second, third = capsys.readouterr().err.splitlines()
    assert "expected tcp://HOST:PORT+RINGPORT, received no RINGPORT" in third
    assert taken.inbox.endpoint in first and "in use" in first
    assert "'tcp://nowhere': expected tcp://HOST:PORT" in second


@needs_case
def test_a_service_answers_prometheus_and_logs_json_that_names_no_account(tmp_path: Path) -> None:
    store, out = tmp_path / "store", tmp_path / "out"
    shutil.copytree(CASE / "store", store)
    words = ("serve", "--store", str(store), "--out", str(out), "--listen", ANY_PORT)
    with running(*words, "--metrics", "0", "--log", "json") as (serve, said):
        rows = [json.loads(next_line(said, wait_s=20.0)) for _ in range(2)]
        texts = {row["text"].split(" on ")[0]: row["text"].split(" on ")[1] for row in rows}
        sending = ("publish", str(CASE / "recording.mcap"), "--to", texts["listening"], "--rate", "max")
        assert subprocess.run([*AISLE, *sending], check=False).returncode == 0
        frames_in = read_recording(CASE / "recording.mcap")
        expected = sum(1 for _ in frames_in)
        read, end_s = 0.0, time.monotonic() + 60.0
        while read < expected and time.monotonic() < end_s:
            time.sleep(0.2)
            with urllib.request.urlopen(texts["metrics"]) as answer:
                lines = answer.read().decode().splitlines()
            read = next(float(one.split()[1]) for one in lines if one.startswith("aisle_messages_read_total"))
        assert read == expected
        stop(serve)
    log = list(iter(lambda: next_line(said, wait_s=0.2), ""))
    receipts = [json.loads(line) for line in (out / "receipts.jsonl").read_text().splitlines()]
    logged = [row for row in map(json.loads, log) if "trip" in row]
    assert [(row["trip"], row["total_cents"]) for row in logged] == [(r["trip"], r["total"]) for r in receipts]
    assert not any(r["account"] in line for r in receipts if r["account"] for line in log)


@needs_case
def test_what_is_refused_is_told_while_the_service_runs(tmp_path: Path) -> None:
    with serving(tmp_path / "out", "--metrics", "0") as (serve, said, address), zmq.Context() as context:
        with closing(context.socket(zmq.DEALER)) as sensor:
            sensor.connect(address)
            for _ in range(3):
                sensor.send_multipart([b"gate/door", b"payload", b"one frame too many"])
            lines = list(iter(lambda: next_line(said, wait_s=3.0), ""))
        assert "aisle serve: not taken: 3 refused, wrong number of frames" in lines
        stop(serve)
    lines = list(iter(lambda: next_line(said, wait_s=0.2), ""))
    assert lines[0] == "aisle serve: stopping: taking what sensors have sent already"


@needs_case
def test_a_metrics_port_that_is_taken_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "store"
    shutil.copytree(CASE / "store", store)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = ["serve", "--store", str(store), "--out", str(tmp_path / "out"), "--listen", ANY_PORT]
        assert main([*words, "--metrics", str(port)]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"aisle serve: --metrics 127.0.0.1:{port}: cannot listen there")


@needs_case
def test_serving_a_published_recording_gives_the_bytes_of_its_replay(tmp_path: Path) -> None:
    live, again = tmp_path / "live", tmp_path / "again"
    with serving(live, "--publish", ANY_PORT) as (serve, said, address), zmq.Context() as context:
        outputs = next_line(said, wait_s=10.0).split("publishing on ")[1]
        with context.socket(zmq.SUB) as subscriber, context.socket(zmq.DEALER) as rogue:
            subscriber.connect(outputs)
            subscriber.subscribe("receipt/")
            rogue.connect(address)
            rogue.send_multipart([b"too", b"many", b"frames", b"here"])
            rogue.send_multipart([b"plates/ctl-G1", b"\xc1 not msgpack"])
            words = ("publish", str(CASE / "recording.mcap"), "--to", address, "--rate", "max")
            assert subprocess.run([*AISLE, *words], check=False).returncode == 0
            stop(serve)
            assert subscriber.poll(5000)
            topic, receipt = subscriber.recv_multipart()
    assert main(["replay", str(live / "recording.mcap"), "--store", str(CASE / "store"), "--out", str(again)]) == 0
    for name in ("receipts.jsonl", "events.jsonl", "tracks.parquet"):
        assert (live / name).read_bytes() == (again / name).read_bytes(), name
    ran, replayed = (json.loads((folder / "run.json").read_text()) for folder in (live, again))
    assert ran["ledger"] == replayed["ledger"] and ran["messages"] == replayed["messages"]
    assert ran["messages"]["dropped"]["not msgpack"] == 1
    assert json.loads((live / "service.json").read_text())["refused"] == {Refusal.PARTS.value: 1}
    assert topic.decode() == f"receipt/{json.loads((CASE / 'case.json').read_text())['store_id']}"
    assert receipt.decode() + "\n" in (live / "receipts.jsonl").read_text()
    original = Counter(sent_by(list(read_recording(CASE / "recording.mcap"))))
    recorded = Counter(sent_by(list(read_recording(live / "recording.mcap"))))
    assert recorded - original == {("plates/ctl-G1", b"\xc1 not msgpack"): 1} and not original - recorded


def test_the_real_store_published_live_gives_the_receipt_and_ledger_of_its_replay(shared: Path, tmp_path: Path) -> None:
    live, again, store = tmp_path / "live", tmp_path / "again", tmp_path / "store"
    recording = tmp_path / "recording.mcap"
    assert main(["import", "aifi", str(shared / "real" / "aifi_benchmark1"), "--out", str(tmp_path)]) == 0
    assert main(["replay", str(recording), "--store", str(store), "--out", str(again)]) == 0
    with serving(live, store=store) as (serve, _, address):
        words = ("publish", str(recording), "--to", address, "--rate", "max")
        assert subprocess.run([*AISLE, *words], check=False).returncode == 0
        stop(serve)
    assert (live / "receipts.jsonl").read_bytes() == (again / "receipts.jsonl").read_bytes()
    assert b"071142008582" in (live / "receipts.jsonl").read_bytes()
    ran, replayed = (json.loads((folder / "run.json").read_text()) for folder in (live, again))
    assert ran["ledger"] == replayed["ledger"]


@needs_case
def test_a_service_nobody_spoke_to_ends_with_empty_outputs(tmp_path: Path) -> None:
    with serving(tmp_path) as (serve, _, _):
        stop(serve)
    assert (tmp_path / "receipts.jsonl").read_text() == ""
    assert list(read_recording(tmp_path / "recording.mcap")) == []


def test_each_sensor_process_sends_all_its_messages_in_order(tmp_path: Path) -> None:
    words = ("sensors", "single", "--seed", "3", "--speed", "60")
    with gateway_turning(tmp_path) as gateway, running(*words, "--to", gateway.inbox.endpoint) as (sensors, _):
        assert sensors.wait(timeout=120) == 0
    got = Counter(frame.topic.split("/")[1] for frame in kept(tmp_path))
    for src in source_names("single", 3):
        assert got[src] == len(source_messages("single", 3, src)), src


def test_sensors_asked_to_stop_end_together(tmp_path: Path) -> None:
    with gateway_at(tmp_path) as gateway, running("sensors", "single", "--to", gateway.inbox.endpoint) as (sensors, _):
        assert gateway.inbox.socket.poll(20_000)
        sensors.send_signal(signal.SIGTERM)
        assert sensors.wait(timeout=20) == 1
        turn_until_quiet(gateway)
        assert not gateway.inbox.socket.poll(1200)  # a sensor speaks at least once a second: these are gone


def test_the_demo_shows_that_live_and_replay_are_identical(tmp_path: Path) -> None:
    words = ("demo", "--scenario", "single", "--speed", "40", "--out", str(tmp_path / "demo"))
    done = subprocess.run([*AISLE, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "live and replay are identical" in done.stdout
    assert "0 are missing" in done.stdout


def test_a_journal_is_exported_for_viewers_and_notebooks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, out, shop = tmp_path / "shop" / "store", tmp_path / "out", tmp_path / "shop"
    assert main(["simulate", "single", "--seed", "3", "--out", str(shop)]) == 0
    assert main(["replay", str(shop / "recording.mcap"), "--store", str(store), "--out", str(out)]) == 0
    recorded = list(read_recording(shop / "recording.mcap"))
    with Journal(out / "journal") as journal:
        for frame in recorded:
            journal.append(frame)
        journal.sync()
    more = ("--store", str(store), "--run", str(out))
    assert main(["export", str(out / "journal"), "--foxglove", str(tmp_path / "view.mcap"), *more]) == 0
    with (tmp_path / "view.mcap").open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None and "foxglove.SceneUpdate" in {one.name for one in summary.schemas.values()}
    counts = {summary.channels[k].topic: n for k, n in summary.statistics.channel_message_counts.items()}
    assert sum(counts.get(topic, 0) for topic in {frame.topic for frame in recorded}) == len(recorded)
    assert main(["export", str(out / "journal"), "--parquet", str(tmp_path / "tables"), *more]) == 0
    events = len((out / "events.jsonl").read_text().splitlines())
    assert pl.read_parquet(tmp_path / "tables" / "events.parquet").height == events > 0
    assert not list(tmp_path.glob(".export-*"))
    capsys.readouterr()
    assert main(["export", str(out / "journal"), "--parquet", str(tmp_path / "tables")]) == 2
    assert "expected --store DIR as well" in capsys.readouterr().err
