"""Bytes that no sensor should send stop nothing: some thousand mutants through a whole session."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fuzz.feeding import feed_mutants
from bench.fuzz.mutations import mutant
from fusion.cli import main
from fusion.messages import Frame, Health, Malformed
from fusion.recording import read_recording
from fusion.session import Session
from fusion.store import load_store
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


def test_mutants_stop_nothing_and_what_is_charged_stays_balanced(case: Path, tmp_path: Path) -> None:
    done = feed_mutants(case, tmp_path / "out", count=4_000, seed=7)
    assert done.fed == 4_000 == done.rejected.total() + done.taken
    assert done.taken > 100 and len(done.rejected) >= 5  # else the mutants are too crude to find anything
    assert done.ledger == ""


def test_a_clock_that_begins_in_1970_stops_nothing(case: Path, tape: list[Frame], tmp_path: Path) -> None:
    session = Session(load_store(case / "store"), tmp_path)
    for t_ns in (0, 60_000_000, 999_999_999):
        session.feed(Frame("health/cam-01", encode(Health("cam-01", t_ns, t_ns, "ok", "")), tape[0].arrival_ns))
    for frame in tape:
        session.feed(frame)
    session.finish()
    session.close()
    assert (tmp_path / "receipts.jsonl").read_text().count("\n") == 1


@given(seed=st.integers(0, 2**32 - 1))
def test_a_mutant_is_a_message_or_is_refused_for_a_reason(tape: list[Frame], seed: int) -> None:
    rng = random.Random(seed)
    bad = mutant(rng.choice(tape), tape, rng)
    found = decode(bad.topic, bad.payload)
    assert not isinstance(found, Malformed) or (found.reason.value and len(found.text) < 1_000)
