"""Bytes that no sensor should send stop nothing: some thousand mutants through a whole session."""

import random
from dataclasses import replace
from pathlib import Path

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fuzz.comparing import likeness, unlike
from bench.fuzz.feeding import Plan, feed_mutants
from bench.fuzz.mutations import mutant
from bench.rounds import play_round, read_reel
from fusion.cli import main
from fusion.config import SECOND_NS, TrackingConfig
from fusion.intake.pictures import pictures_of
from fusion.messages import Frame, Health, Malformed, People, Reason, packed
from fusion.recording import read_recording
from fusion.session import Session
from fusion.store import load_store
from fusion.tracking.frames import frames_of
from fusion.wire import decode, encode


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one shopper's visit."""
    folder = tmp_path_factory.mktemp("fuzz")
    assert main(["simulate", "single", "--seed", "3", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def tape(case: Path) -> list[Frame]:
    """Return what was sent."""
    return list(read_recording(case / "recording.mcap"))


def test_mutants_stop_nothing_and_the_store_is_itself_again(case: Path, tmp_path: Path) -> None:
    reel = read_reel(case / "recording.mcap")
    plan = Plan(count=2 * len(reel.messages), each=2, seed=7)
    done = feed_mutants(case, tmp_path / "all", plan)
    none = feed_mutants(case, tmp_path / "none", replace(plan, none=True))
    assert plan.rounds(reel) == 2 and none.taken == 0 == none.rejected.total()
    assert done.fed == plan.count == done.rejected.total() + done.taken
    assert done.taken > 100 and len(done.rejected) >= 5  # else the mutants are too crude to find anything
    assert done.ledger == ""
    said = likeness(done.out, none.out, reel, 2)
    assert said.quiet == (1, 1) and said.loud[1] == 1 and said.other[1] == 0  # one shopper a round


def test_what_is_no_message_changes_no_byte(case: Path, tmp_path: Path) -> None:
    plan = Plan(count=1_500, each=1, seed=8)
    refused = feed_mutants(case, tmp_path / "refused", replace(plan, refused_only=True))
    none = feed_mutants(case, tmp_path / "none", replace(plan, none=True))
    assert refused.rejected.total() > 1_000 and refused.taken == 0
    assert unlike(refused.out, none.out) == []
    (refused.out / "events.jsonl").write_text("")
    assert unlike(refused.out, none.out) == ["events.jsonl"]


def test_a_recording_is_played_on_where_its_last_round_ended(case: Path, tape: list[Frame]) -> None:
    reel = read_reel(case / "recording.mcap")
    assert list(play_round(reel, 0)) == tape
    for good, carried in zip(tape, play_round(reel, 3), strict=True):
        was, now = decode(good.topic, good.payload), decode(carried.topic, carried.payload)
        assert now.t_ns - was.t_ns == carried.arrival_ns - good.arrival_ns == 3 * reel.length_ns
    last = {m.src: m.seq for f in play_round(reel, 0) if not isinstance(m := decode(f.topic, f.payload), Malformed)}
    first: dict[str, int] = {}
    for frame in play_round(reel, 1):
        message = decode(frame.topic, frame.payload)
        first.setdefault(message.src, message.seq)
    assert all(first[src] > seq for src, seq in last.items())


def test_a_clock_that_begins_in_1970_stops_nothing(case: Path, tape: list[Frame], tmp_path: Path) -> None:
    session = Session(load_store(case / "store"), tmp_path)
    for t_ns in (0, 60_000_000, 999_999_999):
        session.feed(Frame("health/cam-01", encode(Health("cam-01", t_ns, t_ns, "ok", "")), tape[0].arrival_ns))
    for frame in tape:
        session.feed(frame)
    session.finish()
    session.close()
    assert (tmp_path / "receipts.jsonl").read_text().count("\n") == 1


def test_two_sensors_that_leap_years_ahead_once_cost_nobody_a_message(
    case: Path, tape: list[Frame], tmp_path: Path
) -> None:
    def receipts(out: Path, leaps: list[Frame]) -> tuple[str, int]:
        session = Session(load_store(case / "store"), out)
        for frame in [*tape[:400], *leaps, *tape[400:]]:
            session.feed(frame)
        session.finish()
        session.close()
        return (out / "receipts.jsonl").read_text(), session.sequencer.counts["late"]

    years_ns = tape[400].arrival_ns + 10 * 365 * 86_400 * SECOND_NS
    sources = sorted({f.topic.split("/")[1] for f in tape if f.topic.startswith("plates/")})[:2]
    leaps = [Frame(f"health/{src}", encode(Health(src, 10**6, years_ns, "ok", "")), years_ns) for src in sources]
    assert len(leaps) == 2
    assert receipts(tmp_path / "leapt", leaps) == receipts(tmp_path / "plain", [])


def test_a_wrist_with_one_coordinate_unknown_is_not_seen(case: Path, tape: list[Frame]) -> None:
    frames = [m for f in tape if isinstance(m := decode(f.topic, f.payload), People)]
    message = next(m for m in frames if np.isfinite(m.hands).all(axis=2).any())
    hands, head = message.hands.copy(), message.head.copy()
    hands[:, :, 1] = np.nan
    head[:, 2] = np.nan
    cameras = load_store(case / "store").cameras
    shown = pictures_of([replace(message, hands_f4=packed(hands), head_f4=packed(head))])
    found = frames_of(shown, np.zeros(1, np.int64), cameras, TrackingConfig())
    assert np.isnan(found.hands).all() and np.isnan(found.head).all()


@pytest.mark.parametrize(
    ("field", "value"), [("head", 3e38), ("hands", -2e5), ("sd", 1e-45), ("g", 3e38), ("pos", 1e6)]
)
def test_numbers_that_no_store_has_are_out_of_range(tape: list[Frame], field: str, value: float) -> None:
    frame = next(
        f for f in tape if (fields := msgpack.unpackb(f.payload)).get(field) and isinstance(fields[field], bytes)
    )
    fields = msgpack.unpackb(frame.payload)
    fields[field] = np.float32(value).tobytes() + fields[field][4:]
    found = decode(frame.topic, msgpack.packb(fields))
    assert isinstance(found, Malformed) and found.reason is Reason.OUT_OF_RANGE and field in found.text


def test_an_infinity_beside_a_nan_that_signals_is_found(tape: list[Frame]) -> None:
    frame = next(f for f in tape if f.topic.startswith("people/") and msgpack.unpackb(f.payload)["n"])
    fields = msgpack.unpackb(frame.payload)
    fields["head"] = np.array([0x7F800000, 0x7FA00000], "<u4").tobytes() + fields["head"][8:]
    found = decode(frame.topic, msgpack.packb(fields))
    assert isinstance(found, Malformed) and found.reason is Reason.NOT_FINITE


@given(seed=st.integers(0, 2**32 - 1))
def test_a_mutant_is_a_message_or_is_refused_for_a_reason(tape: list[Frame], seed: int) -> None:
    rng = random.Random(seed)
    bad = mutant(rng.choice(tape), tape, rng)
    found = decode(bad.topic, bad.payload)
    assert not isinstance(found, Malformed) or (found.reason.value and len(found.text) < 1_000)
