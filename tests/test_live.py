"""The live path over real sockets and processes, up to the same bytes as a replay."""

import json
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from fusion.cli import main
from fusion.journal import Journal, read_journal
from fusion.live.admission import PARTS, TOPIC_CHARS_MAX, Refusal, admit
from fusion.live.bus import BusError, Inbox, check_address
from fusion.live.serve import set_aside
from fusion.live.service import run
from fusion.messages import Frame
from fusion.recording import read_recording
from scenarios.children import AISLE, Child, Lines, listening_address, next_line, running
from scenarios.simulate import source_messages, source_names
from sensors import publish as sensor_end
from sensors.publish import Sender, publish

ANY_PORT = "tcp://127.0.0.1:*"
CASE = Path(__file__).parents[2] / "shared" / "cases" / "b01-1"
needs_case = pytest.mark.skipif(not CASE.exists(), reason=f"the shared case {CASE.name} is not here")


@contextmanager
def inbox_of(address: str = ANY_PORT) -> Iterator[Inbox]:
    """Give an engine's inbox with a context of its own."""
    with zmq.Context() as context, closing(Inbox(context, address)) as inbox:
        yield inbox


@contextmanager
def serving(out: Path, *more: str, store: Path = CASE / "store") -> Iterator[tuple[Child, Lines, str]]:
    """Give a running `aisle serve`, on the shared case's store if no other is named, its lines and its address."""
    words = ("serve", "--store", str(store), "--out", str(out), "--listen", ANY_PORT, *more)
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
    frame = admit(parts, 7)
    if isinstance(frame, Refusal):
        assert (frame is Refusal.PARTS) == (len(parts) != PARTS)
    else:
        assert [frame.topic.encode(), frame.payload, frame.arrival_ns] == [*parts[1:], 7]


@given(st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=TOPIC_CHARS_MAX))
def test_rubbish_in_the_right_shape_is_kept_as_it_came(topic: str) -> None:
    assert admit([b"id", topic.encode(), b"\xc1 rubbish"], 1) == Frame(topic, b"\xc1 rubbish", 1)


@given(st.text(max_size=40), st.booleans())
def test_an_address_is_used_or_refused_in_one_line(address: str, bind: bool) -> None:
    try:
        assert check_address(address, bind=bind).startswith("tcp://")
    except BusError as error:
        assert "expected tcp://HOST:PORT" in str(error) and len(str(error).splitlines()) == 1


# The loop


def test_every_frame_is_on_the_tape_before_it_is_fed_and_stopping_loses_none(tmp_path: Path) -> None:
    all_frames = frames(2000)
    fed: list[Frame] = []
    on_tape = 0
    with inbox_of() as inbox, Journal(tmp_path / "tape") as tape, Sender(inbox.endpoint) as sender:
        sender.connect()
        for frame in all_frames:
            sender.send(frame.topic, frame.payload)

        def feed(frame: Frame) -> None:
            nonlocal on_tape
            fed.append(frame)
            if len(fed) > on_tape:  # reading the whole tape at every frame would be quadratic
                kept = list(read_journal(tape.folder).frames())
                assert kept[: len(fed)] == fed
                on_tape = len(kept)

        assert run(inbox, tape, feed, stopping=lambda: len(fed) >= 100)
        assert list(read_journal(tape.folder).frames()) == fed
    assert sent_by(fed) == sent_by(all_frames)


def test_a_sensor_waits_for_a_busy_engine_and_nothing_is_dropped() -> None:
    count = 20_000  # of 4 kB: more than high-water marks and TCP hold together
    got: list[Frame] = []

    def send(address: str) -> None:
        payloads = (i.to_bytes(4, "little") + bytes(4092) for i in range(count))
        with Sender(address) as sender:
            publish((Frame("boxes/cam-1", p, 0) for p in payloads), sender, None, lambda frame: None)

    with inbox_of() as inbox:
        sensor = threading.Thread(target=send, args=(inbox.endpoint,))
        sensor.start()
        sensor.join(timeout=1.0)
        assert sensor.is_alive()  # waiting
        while sensor.is_alive() or inbox.wait(300):
            got += inbox.take(256)
        sensor.join()
    assert [int.from_bytes(frame.payload[:4], "little") for frame in got] == list(range(count))


def test_wrong_shapes_are_counted_and_dropped_and_the_rest_goes_on() -> None:
    with inbox_of() as inbox, zmq.Context() as context, context.socket(zmq.DEALER) as rogue:
        rogue.linger = 0
        rogue.connect(inbox.endpoint)
        rogue.send_multipart([b"alone"])
        rogue.send_multipart([b"x"] * 5000)
        rogue.send_multipart([b"gate/\xff", b""])
        rogue.send_multipart([b"t" * (TOPIC_CHARS_MAX + 1), b""])
        rogue.send_multipart([b"gate/door", b"good"])
        got: list[Frame] = []
        while inbox.wait(300):
            got += inbox.take(256)
    assert sent_by(got) == [("gate/door", b"good")]
    assert inbox.refused == {Refusal.PARTS: 2, Refusal.TOPIC: 2}


def test_an_oversized_message_closes_its_sender_and_harms_nobody_else() -> None:
    with inbox_of() as inbox, zmq.Context() as context, context.socket(zmq.DEALER) as rogue:
        rogue.linger = 0
        rogue.connect(inbox.endpoint)
        rogue.send_multipart([b"gate/door", bytes(2 << 20)])
        with Sender(inbox.endpoint) as sender:
            publish(frames(10), sender, None, lambda frame: None)
            got: list[Frame] = []
            while inbox.wait(300):
                got += inbox.take(256)
    assert sent_by(got) == sent_by(frames(10))


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


def test_rate_paces_by_arrival_time() -> None:
    spaced = [Frame("gate/door", b"", i * 1_000_000_000) for i in range(4)]
    with inbox_of() as inbox, Sender(inbox.endpoint) as sender:
        start_s = time.monotonic()
        assert publish(spaced, sender, 10.0, lambda frame: None) == 4
        assert time.monotonic() - start_s >= 0.3


def test_nobody_listening_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with inbox_of() as inbox:
        address = inbox.endpoint
    monkeypatch.setattr(sensor_end, "PATIENCE_S", 0.3)
    with Sender(address) as sender, pytest.raises(BusError, match=f"{address}: .*nobody listens"):
        sender.connect()


def test_an_engine_that_has_gone_is_noticed_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensor_end, "PATIENCE_S", 0.3)
    with inbox_of() as inbox:
        sender = Sender(inbox.endpoint)
        sender.connect()
    with sender, pytest.raises(BusError, match="nobody listens"):
        sender.send("gate/door", b"")
        while True:  # the news of the closed connection takes a moment
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
    words = ["serve", "--store", str(CASE / "store"), "--out", str(tmp_path / "out"), "--listen"]
    with inbox_of() as taken:
        assert main([*words, taken.endpoint]) == 2
        assert main([*words, "tcp://nowhere"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert taken.endpoint in first and "in use" in first
    assert "'tcp://nowhere': expected tcp://HOST:PORT" in second


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


def test_each_sensor_process_sends_all_its_messages_in_order() -> None:
    words = ("sensors", "single", "--seed", "3", "--speed", "60")
    got: dict[str, list[int]] = {src: [] for src in source_names("single", 3)}
    with inbox_of() as inbox, running(*words, "--to", inbox.endpoint) as (sensors, _):
        while sensors.poll() is None or inbox.wait(100):
            inbox.wait(100)
            for frame in inbox.take(1000):
                got[frame.topic.split("/")[1]].append(len(frame.payload))
        assert sensors.returncode == 0
    for src, sizes in got.items():
        assert len(sizes) == len(source_messages("single", 3, src)), src


def test_sensors_asked_to_stop_end_together() -> None:
    with inbox_of() as inbox, running("sensors", "single", "--to", inbox.endpoint) as (sensors, _):
        assert inbox.wait(20_000)
        sensors.send_signal(signal.SIGTERM)
        assert sensors.wait(timeout=20) == 1
        while inbox.wait(300):
            inbox.take(1000)
        assert not inbox.wait(1200)  # a sensor speaks at least once a second: these are gone


def test_the_demo_shows_that_live_and_replay_are_identical(tmp_path: Path) -> None:
    words = ("demo", "--scenario", "single", "--speed", "40", "--out", str(tmp_path / "demo"))
    done = subprocess.run([*AISLE, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "live and replay are identical" in done.stdout
    assert "0 are missing" in done.stdout
