"""The journal: whatever happens to its last segment, everything before stands; what is lost elsewhere has a name."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journal_frames import people

from fusion.cli import main
from fusion.journal import Damage, Journal, JournalError, Origin, Record, read_journal
from fusion.journal.record import Kind, pack
from fusion.journal.retention import Limits, Sealed, forget_looks, remove, sealed_of, to_forget, to_remove, visited
from fusion.journal.segment import HEAD_BYTES, head, name_of, segments_of
from fusion.messages import Frame, Gate, People
from fusion.recording import read_recording
from fusion.wire import decode, encode

NUMBERS = st.integers(0, 2**64 - 1)
ORIGINS = st.builds(Origin, st.text(st.characters(codec="utf-8"), min_size=1, max_size=9), NUMBERS, NUMBERS, NUMBERS)
RECORDS = st.lists(
    st.builds(
        Record,
        st.builds(
            Frame,
            topic=st.text(st.characters(codec="utf-8"), max_size=40),
            payload=st.binary(max_size=120),
            arrival_ns=st.integers(-(2**63), 2**63 - 1),
        ),
        st.none() | ORIGINS,
        st.sampled_from(Kind),
    ),
    max_size=6,
)
SMALL = 200  # bytes of a segment: a few records each
NEVER_NS = 2**70


@contextmanager
def journal_of(records: list[Record], segment_bytes: int = 1 << 20) -> Iterator[Path]:
    """Give the folder of a closed journal that holds these records."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "journal"
        with Journal(folder, segment_bytes=segment_bytes, segment_ns=NEVER_NS) as journal:
            for record in records:
                journal.append(record)
        yield folder


def read(folder: Path, start: int = 0) -> tuple[list[Record], list[Damage]]:
    """Return the records of a journal and what could not be read."""
    reader = read_journal(folder, start)
    return [record for _, record in reader], reader.damage


@given(RECORDS, st.sampled_from([SMALL, 1 << 20]), st.integers(0, 7))
def test_any_records_come_back_as_they_were_from_any_offset(records: list[Record], size: int, start: int) -> None:
    with journal_of(records, size) as folder:
        assert read(folder, min(start, len(records))) == (records[start:], [])


@given(RECORDS, st.sampled_from([SMALL, 1 << 20]), st.data())
def test_whatever_happens_to_the_last_segment_all_before_is_kept_and_the_rest_is_named(
    records: list[Record], size: int, data: st.DataObject
) -> None:
    with journal_of(records, size) as folder:
        last = segments_of(folder)[-1]
        tape = bytearray(last.read_bytes())
        place = data.draw(st.integers(0, len(tape) - 1), label="place")
        if data.draw(st.booleans(), label="cut"):
            tape = tape[:place]
        else:
            tape[place] ^= data.draw(st.integers(1, 255), label="bits")
        last.write_bytes(tape)
        ends = [HEAD_BYTES]
        for record in records[int(last.stem) :]:
            ends.append(ends[-1] + len(pack(record)))
        whole = max(sum(end <= place for end in ends) - 1, 0)
        kept = records[: int(last.stem) + whole]
        found, damage = read(folder)
        assert found == kept
        assert bool(damage) == (len(tape) not in ends or len(tape) == max(ends))
        with Journal(folder) as again:
            assert again.end == len(kept) and (again.dropped is not None) == bool(damage)
            again.append(Frame("gate/door", b"next", 1))
        assert read(folder) == ([*kept, Record(Frame("gate/door", b"next", 1))], [])
        assert b"".join(path.read_bytes() for path in folder.glob("*.torn-*")) == (
            bytes(tape[ends[whole] :]) if place >= HEAD_BYTES else bytes(tape)
        )


@given(RECORDS.filter(bool), st.sampled_from([SMALL, 1 << 20]), st.data())
def test_offsets_of_records_that_are_lost_are_not_used_again(
    records: list[Record], size: int, data: st.DataObject
) -> None:
    """Whoever had read them went on behind them, and took nothing that was written there since."""
    with journal_of(records, size) as folder:
        last = segments_of(folder)[-1]
        last.write_bytes(last.read_bytes()[: data.draw(st.integers(0, last.stat().st_size), label="cut")])
        known = data.draw(st.integers(0, len(records)), label="known")
        following = Record(Frame("gate/door", b"next", 1))
        with Journal(folder) as again:
            kept = again.end
            again.skip_to(known)
            assert again.append(following) == max(kept, known)
        assert read(folder, max(kept, known)) == ([following], [])
        found, damage = read(folder)
        assert found == [*records[:kept], following]
        assert [(one.first, one.until) for one in damage] == ([(kept, known)] if kept < known else [])


@given(RECORDS.filter(lambda records: len(records) >= 3), st.data())
def test_damage_in_an_older_segment_is_named_and_what_follows_is_read(
    records: list[Record], data: st.DataObject
) -> None:
    with journal_of(records, 1) as folder:  # a segment each
        paths = segments_of(folder)
        row = data.draw(st.integers(0, len(paths) - 2), label="segment")
        tape = bytearray(paths[row].read_bytes())
        place = data.draw(st.integers(0, len(tape) - 1), label="place")
        how = data.draw(st.sampled_from(["cut", "flip", "remove"]))
        if how == "remove":
            paths[row].unlink()
        elif how == "cut":
            paths[row].write_bytes(tape[:place])
        else:
            tape[place] ^= data.draw(st.integers(1, 255), label="bits")
            paths[row].write_bytes(tape)
        found, damage = read(folder)
        assert found == [*records[:row], *records[row + 1 :]]
        assert [(one.first, one.until) for one in damage] == [(row, row + 1)]
        assert f"records {row} to {row} lost" in str(damage[0]) and "expected" in str(damage[0])


@given(RECORDS, st.lists(st.integers(0, 6)), st.sampled_from([1, SMALL]))
def test_a_reader_beside_the_writer_sees_each_durable_record_once(
    records: list[Record], syncs: list[int], size: int
) -> None:
    with TemporaryDirectory() as name, Journal(Path(name), segment_bytes=size, segment_ns=NEVER_NS) as journal:
        reader, seen = read_journal(Path(name)), []
        for number, record in enumerate(records):
            journal.append(record)
            if number in syncs:
                journal.sync()
                seen += [one for _, one in reader.until(journal.end)]
                assert seen == records[: number + 1]
        journal.sync()
        assert [*seen, *(one for _, one in reader.until(journal.end))] == records
        assert reader.damage == []


def test_a_torn_end_that_was_cut_off_is_not_seen_by_a_reader_that_stood_before_it(tmp_path: Path) -> None:
    frames = [Frame("gate/door", bytes([i]) * 10, i) for i in range(4)]
    with Journal(tmp_path) as journal:
        journal.append(frames[0])
        journal.sync()
        reader = read_journal(tmp_path)
        with segments_of(tmp_path)[0].open("ab") as other:
            other.write(b"torn end of a killed writer")
        assert [one.frame for _, one in reader.until(1)] == frames[:1]
    with Journal(tmp_path) as journal:
        journal.append(frames[1])
        journal.sync()
        assert [one.frame for _, one in reader.until(2)] == frames[1:2]


def test_zeros_left_by_a_power_loss_are_no_records(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.append(Frame("gate/door", b"payload", 5))
    with segments_of(tmp_path)[0].open("ab") as file:
        file.write(bytes(4096))
    found, damage = read(tmp_path)
    assert len(found) == 1 and "received 0; record 1 on lost" in str(damage[0])


def test_a_folder_that_is_no_journal_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "song.seg").write_bytes(b"ID3 something else entirely")
    with pytest.raises(JournalError, match=r"song\.seg: expected a segment named"):
        read(tmp_path)
    with pytest.raises(JournalError, match="nowhere: expected the folder of a journal"):
        read(tmp_path / "nowhere")


def test_a_full_disk_keeps_what_was_durable_and_writing_goes_on_when_there_is_room() -> None:
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with TemporaryDirectory() as name, Journal(Path(name)) as journal:
            journal.append(Frame("gate/door", b"kept", 1))
            journal.sync()
            resource.setrlimit(resource.RLIMIT_FSIZE, (150, before[1]))
            journal.append(Frame("gate/door", bytes(500), 2))
            with pytest.raises(OSError, match="too large"):
                journal.sync()
            assert journal.end == 1
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            journal.append(Frame("gate/door", b"later", 3))
            journal.sync()
            assert [record.frame.payload for record in read(Path(name))[0]] == [b"kept", b"later"]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_new_segment_begins_with_its_notes(tmp_path: Path) -> None:
    note = Record(Frame("seen", b"state", 0), None, Kind.NOTE)
    with Journal(tmp_path, segment_bytes=1, notes=lambda: (note, note)) as journal:
        for number in range(3):
            journal.append(Frame("gate/door", bytes([number]), number))
    assert [record.kind for record in read(tmp_path)[0]] == [1, 2, 2, 1, 2, 2, 1]
    assert [frame.payload for frame in read_journal(tmp_path).frames()] == [b"\0", b"\1", b"\2"]


# What may live how long

SEALED = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 1000), st.integers(0, 100)), max_size=8)


def sealed(rows: list[tuple[int, int, int]]) -> list[Sealed]:
    """Return sealed segments of (records, bytes, ns) each."""
    out, base, newest_ns = [], 0, 0
    for records, size, later in rows:
        newest_ns += later
        out.append(Sealed(Path(name_of(base)), base, base + records, size, newest_ns))
        base += records
    return out


@given(SEALED, st.none() | st.integers(0, 500), st.none() | st.integers(0, 5000), st.integers(0, 400))
def test_the_oldest_go_until_the_rest_is_young_and_small_enough_or_needed(
    rows: list[tuple[int, int, int]], age_ns: int | None, size: int | None, needed: int
) -> None:
    segments, now_ns = sealed(rows), 800
    gone = to_remove(segments, Limits(age_ns, size), now_ns, needed)
    rest = segments[len(gone) :]
    assert gone == segments[: len(gone)]
    assert all(one.end <= needed for one in gone)
    if rest and rest[0].end <= needed:
        assert age_ns is None or now_ns - rest[0].newest_ns <= age_ns
        assert size is None or sum(one.size_bytes for one in rest) <= size


@given(SEALED, st.integers(0, 500), st.integers(0, 400))
def test_only_segments_from_before_everybody_here_came_in_are_forgotten(
    rows: list[tuple[int, int, int]], before_ns: int, needed: int
) -> None:
    segments = sealed(rows)
    expected = [one for one in segments if one.newest_ns <= before_ns and one.end <= needed]
    assert to_forget(segments, before_ns, needed) == expected


@given(SEALED, st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), max_size=4), st.integers(0, 400))
def test_segments_in_which_somebody_was_who_has_left_are_forgotten(
    rows: list[tuple[int, int, int]], visits: list[tuple[int, int]], needed: int
) -> None:
    segments, spans = sealed(rows), [(first, first + count) for first, count in visits]
    seen = {offset for first, behind in spans for offset in range(first, behind)}
    expected = [one for one in segments if one.end <= needed and seen & set(range(one.base, one.end))]
    assert visited(segments, spans, needed) == expected


def test_looks_die_and_everything_else_stays_at_its_offset(tmp_path: Path) -> None:
    frames = [people(seq) for seq in range(6)]
    frames[2] = Frame("gate/door", encode(Gate("door", 0, 5, "door", "enter", "ann", 1, "shopper")), 5)
    frames[3] = Frame("people/cam", b"\xc1 rubbish", 6)
    with Journal(tmp_path, segment_bytes=1) as journal:
        for frame in frames:
            journal.append(Record(frame, Origin("cam", 7, frame.arrival_ns, 0)))
    before, _ = read(tmp_path)
    assert main(["journal", "forget", str(tmp_path)]) == 0
    after, damage = read(tmp_path)
    assert damage == [] and [one.origin for one in after] == [one.origin for one in before]
    for row, (old, new) in enumerate(zip(before, after, strict=True)):
        was, now = decode(old.frame.topic, old.frame.payload), decode(new.frame.topic, new.frame.payload)
        if isinstance(was, People) and row < len(before) - 1:  # the last segment is still open
            assert isinstance(now, People) and was.look.size and not now.look.size
            assert now.head.tobytes() == was.head.tobytes() and now.held == was.held and now.ids == was.ids
        elif row == 3:
            assert new.frame.payload == b""
        else:
            assert new == old
    assert to_forget(sealed_of(tmp_path), 2**63, len(frames)) == []


def test_a_damaged_segment_is_not_written_anew(tmp_path: Path) -> None:
    with Journal(tmp_path, segment_bytes=1) as journal:
        for seq in range(2):
            journal.append(people(seq))
    path = segments_of(tmp_path)[0]
    path.write_bytes(path.read_bytes()[:-1])
    spoiled = path.read_bytes()
    assert forget_looks(path) == 0
    assert path.read_bytes() == spoiled and not list(tmp_path.glob("*.part"))


def test_removed_segments_are_not_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Journal(tmp_path, segment_bytes=1) as journal:
        for seq in range(4):
            journal.append(people(seq))
    remove(sealed_of(tmp_path)[:2])
    assert main(["journal", "info", str(tmp_path)]) == 0
    assert "records 2 to 3, 2 whole" in capsys.readouterr().out
    assert main(["journal", "info", str(tmp_path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["first"], said["next"], said["whole"], said["segments"], said["damage"]) == (2, 4, 2, 2, [])
    assert main(["journal", "retain", str(tmp_path), "--size", "0"]) == 0
    assert len(segments_of(tmp_path)) == 1
    assert main(["journal", "retain", str(tmp_path), "--age", "soon"]) == 2


def test_a_recording_is_made_from_a_journal_and_damage_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "journal", tmp_path / "out.mcap"
    frames = [people(seq) for seq in range(3)]
    with Journal(folder, segment_bytes=1) as journal:
        for frame in frames:
            journal.append(frame)
    assert main(["export", str(folder), "--out", str(out)]) == 0
    assert list(read_recording(out)) == frames
    segments_of(folder)[1].write_bytes(head(1))
    assert main(["export", str(folder), "--out", str(out)]) == 1
    assert "records 1 to 1 lost" in capsys.readouterr().err
    assert list(read_recording(out)) == [frames[0], frames[2]]
    shutil.rmtree(folder)
    assert main(["export", str(folder), "--out", str(out)]) == 2
