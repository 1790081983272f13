"""The tape: whatever happens to its end, everything before stands."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.journal import MAGIC, Journal, JournalError, read_journal
from fusion.messages import Frame

FRAMES = st.lists(
    st.builds(
        Frame,
        topic=st.text(st.characters(codec="utf-8"), max_size=40),
        payload=st.binary(max_size=120),
        arrival_ns=st.integers(-(2**63), 2**63 - 1),
    ),
    max_size=6,
)


def tape_of(frames: list[Frame]) -> bytes:
    """Return the bytes of a closed tape holding these frames."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tape"
        with Journal(path) as journal:
            for frame in frames:
                journal.append(frame)
        return path.read_bytes()


def frames_of(tape: bytes) -> tuple[list[Frame], str | None, int]:
    """Return what reading these bytes gives: frames, damage, bytes that are whole."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tape"
        path.write_bytes(tape)
        reader = read_journal(path)
        return list(reader), reader.damage, reader.bytes_whole


@given(FRAMES)
def test_any_frames_come_back_as_they_were(frames: list[Frame]) -> None:
    tape = tape_of(frames)
    assert frames_of(tape) == (frames, None, len(tape))


@given(FRAMES, st.data())
def test_a_cut_at_any_byte_keeps_exactly_the_whole_records_before_it(frames: list[Frame], data: st.DataObject) -> None:
    tape = tape_of(frames)
    ends = [len(tape_of(frames[:count])) for count in range(len(frames) + 1)]
    cut = data.draw(st.integers(0, len(tape)), label="cut")
    whole = sum(end <= cut for end in ends) - 1  # -1: not even the opening line is whole
    kept, damage, bytes_whole = frames_of(tape[:cut])
    assert kept == frames[: max(whole, 0)]
    assert (damage is None) == (cut in ends)
    assert bytes_whole == (ends[whole] if whole >= 0 else 0)


@given(FRAMES.filter(bool), st.data())
def test_a_flipped_byte_in_the_last_record_drops_only_that_record(frames: list[Frame], data: st.DataObject) -> None:
    tape = bytearray(tape_of(frames))
    place = data.draw(st.integers(len(tape_of(frames[:-1])), len(tape) - 1), label="place")
    tape[place] ^= data.draw(st.integers(1, 255), label="bits")
    kept, damage, _ = frames_of(bytes(tape))
    assert kept == frames[:-1]
    assert damage is not None and "expected" in damage and "received" in damage


@given(FRAMES, st.binary(min_size=1, max_size=60))
def test_rubbish_after_the_last_record_adds_no_frame(frames: list[Frame], rubbish: bytes) -> None:
    kept, damage, _ = frames_of(tape_of(frames) + rubbish)
    assert kept == frames
    assert damage is not None


def test_zeros_left_by_a_power_loss_are_no_records() -> None:
    frames = [Frame("gate/door", b"payload", 5)]
    kept, damage, _ = frames_of(tape_of(frames) + bytes(4096))
    assert kept == frames
    assert damage is not None and damage.endswith("received 0")


def test_a_file_that_is_no_tape_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(b"ID3 something else entirely")
    with pytest.raises(JournalError, match=r"song\.mp3: byte 0: expected a tape"):
        list(read_journal(path))


def test_an_existing_tape_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "tape"
    Journal(path).close()
    with pytest.raises(FileExistsError):
        Journal(path)
    assert path.read_bytes() == MAGIC


def test_frames_are_readable_after_sync_while_the_tape_is_still_open(tmp_path: Path) -> None:
    frame = Frame("gate/door", b"payload", 5)
    with Journal(tmp_path / "tape") as journal:
        journal.append(frame)
        journal.sync()
        assert list(read_journal(journal.path)) == [frame]
