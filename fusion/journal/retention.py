"""What may live how long: whole segments by age and size, appearance vectors until the visit they are of is over.

A segment is removed once its newest record is older than the age wanted, or while all of them are too large. Before
that its appearance vectors go, as soon as somebody who was here during it has left: the segment is written anew
without them, record by record, so that offsets stay. Neither touches what a recovery still needs, nor the segment that
is written to, which a service therefore seals when a visit is over (`Journal.roll`).
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgpack  # type: ignore[import-untyped]

from fusion.journal.reader import JournalReader
from fusion.journal.record import Record, pack, unpack
from fusion.journal.segment import Segment, base_of, head, segments_of
from fusion.journal.writer import sync_folder
from fusion.messages import Frame
from fusion.messages import Kind as MessageKind

CAMERAS: Final = (f"{MessageKind.PEOPLE}/", f"{MessageKind.BOXES}/")
FORGOTTEN: Final = ".forgotten"  # a file beside a segment that was written anew


@dataclass(frozen=True, slots=True)
class Sealed:
    """A segment that is written to no more."""

    path: Path
    base: int
    end: int  # offset behind its last record
    size_bytes: int
    newest_ns: int  # arrival of the first record behind it: none of its own is younger


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a journal to keep; None: no limit."""

    age_ns: int | None = None
    size_bytes: int | None = None


def sealed_of(folder: Path) -> list[Sealed]:
    """Return the sealed segments of a journal, oldest first."""
    paths = segments_of(folder)
    found = []
    for path, later in pairwise(paths):
        newest_ns = _first_arrival(later)
        if newest_ns is not None:
            found.append(Sealed(path, base_of(path), base_of(later), path.stat().st_size, newest_ns))
    return found


def to_remove(sealed: Sequence[Sealed], limits: Limits, now_ns: int, needed: int, open_bytes: int = 0) -> list[Sealed]:
    """Return the segments that go: the oldest ones, never one with a record at or behind the offset `needed`."""
    left_bytes = open_bytes + sum(one.size_bytes for one in sealed)
    gone = []
    for one in sealed:
        is_old = limits.age_ns is not None and now_ns - one.newest_ns > limits.age_ns
        is_much = limits.size_bytes is not None and left_bytes > limits.size_bytes
        if one.end > needed or not (is_old or is_much):
            break
        left_bytes -= one.size_bytes
        gone.append(one)
    return gone


def to_forget(sealed: Sequence[Sealed], before_ns: int, needed: int) -> list[Sealed]:
    """Return the segments whose looks go: all that arrived before everybody who is still here came in."""
    return [
        one
        for one in sealed
        if one.end <= needed and one.newest_ns <= before_ns and not one.path.with_suffix(FORGOTTEN).exists()
    ]


def visited(sealed: Sequence[Sealed], spans: Sequence[tuple[int, int]], needed: int) -> list[Sealed]:
    """Return the segments whose looks go: somebody was here during them, in a span of offsets, who is no more."""
    return [
        one
        for one in sealed
        if one.end <= needed
        and any(first < one.end and one.base < behind for first, behind in spans)
        and not one.path.with_suffix(FORGOTTEN).exists()
    ]


def remove(segments: Sequence[Sealed]) -> None:
    """Delete segments, oldest first, so that a crash in between leaves no hole."""
    for one in segments:
        one.path.unlink()
        one.path.with_suffix(FORGOTTEN).unlink(missing_ok=True)


def forget_looks(path: Path) -> int:
    """Write a segment anew without appearance vectors, once; return how many records held some.

    The segment is replaced whole or not at all. One that is damaged is left alone and not marked: what cannot be
    read cannot be told from what must stay.
    """
    if path.with_suffix(FORGOTTEN).exists():
        return 0
    segment, part, count = Segment(path), path.with_suffix(".part"), 0
    with part.open("wb") as file:
        file.write(head(segment.base))
        for body in segment:
            record = unpack(body)
            frame = without_look(record.frame)
            count += frame is not record.frame
            file.write(pack(record._replace(frame=frame)))
        file.flush()
        os.fsync(file.fileno())
    if segment.damage:
        part.unlink()
        return 0
    part.replace(path)
    path.with_suffix(FORGOTTEN).touch()
    sync_folder(path.parent)
    return count


def without_look(frame: Frame) -> Frame:
    """Return a frame with d = 0 and an empty look, the same frame where there is none.

    A camera's payload that is no map was refused by the engine; nobody can tell what it holds, so nothing of it stays.
    """
    if not frame.topic.startswith(CAMERAS) or not frame.payload:
        return frame
    try:
        fields = msgpack.unpackb(frame.payload, strict_map_key=False)
    except ValueError:
        return replace(frame, payload=b"")
    if not isinstance(fields, dict):
        return replace(frame, payload=b"")
    if not fields.get("look") and not fields.get("d"):
        return frame
    return replace(frame, payload=msgpack.packb({**fields, "d": 0, "look": b""}))


def looks_in(folder: Path) -> Iterator[Record]:
    """Yield the records of a journal that hold an appearance vector."""
    for _, record in JournalReader(folder):
        if without_look(record.frame) is not record.frame:
            yield record


def _first_arrival(path: Path) -> int | None:
    for body in Segment(path):
        return unpack(body).frame.arrival_ns
    return None
