"""A recording read by a process of its own brings what it brings when the engine's process reads it."""

import json
from pathlib import Path

import pytest

from bench.golden import NAMES, STORE, tape_of
from fusion.ahead import Span, read_ahead
from fusion.config import Config
from fusion.messages import Frame
from fusion.recording import RecordingError, RecordingWriter, read_recording
from fusion.replay import run_through
from fusion.session import Session
from fusion.store import load_store

TAPE = tape_of(NAMES[0])
SAID = ("receipts.jsonl", "events.jsonl", "evidence.jsonl", "rejected.jsonl")


def run(recording: Path, out: Path, span: Span) -> tuple[object, ...]:
    """Return what a run says and counts; `seconds` apart."""
    session = Session(load_store(STORE), out)
    run_through(session, read_recording(recording), span)
    session.finish()
    record = session.close()
    return (*((out / name).read_bytes() for name in SAID), json.dumps(record | {"seconds": 0}))


def with_noise(path: Path) -> Path:
    """Write a tape anew, with bytes of no message every now and then, and cut off at its end."""
    with RecordingWriter(path, "noisy") as writer:
        for i, frame in enumerate(read_recording(TAPE)):
            writer.write(frame, 0, i)
            if i % 50 == 0:
                writer.write(Frame("plates/x", b"\x93", frame.arrival_ns), 0, 0)
    path.write_bytes(path.read_bytes()[:-2000])
    return path


@pytest.mark.parametrize("span", [Span(), Span(2.0, 30.0)])
def test_a_recording_read_ahead_says_and_counts_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, span: Span
) -> None:
    recording = with_noise(tmp_path / "noisy.mcap")
    here = run(recording, tmp_path / "here", span)
    monkeypatch.setattr("fusion.ahead.BYTES_MIN", 1)  # else a short recording is read here
    assert run(recording, tmp_path / "ahead", span) == here


def test_a_process_that_ends_before_the_recording_is_told_of() -> None:
    with (
        pytest.raises(RecordingError, match=r"^nowhere\.mcap: reading ahead: "),
        read_ahead(Path("nowhere.mcap"), Span(), Config().intake) as found,
    ):
        list(found)
