"""Rows of an AiFi NanoStore test case: JSON lines as its database exported them, checked and typed.

Coordinates, scores and ids that are zero are left out of the files. Targets are in inches, along the axes
and from the origin of the planogram, which is in metres.
"""

import base64
import binascii
import heapq
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from fusion.arrays import Floats, Singles
from fusion.recording import RecordingError

INCH_M = 0.0254
AXES = ("x", "y", "z")
ARRIVALS_HELD = 256  # rows within which the export may be out of the order of arrival
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One JSON object and where it stands."""

    file: str
    number: int
    row: Row


@dataclass(frozen=True, slots=True, eq=False)
class Packet:
    """A batch of samples of one gondola."""

    arrival_ns: int
    t_ns: int  # of the first sample
    dt_ns: int
    gondola: int
    g: Singles  # (samples, shelves, plates) grams; index 0 of both is unused, NaN where there is no plate


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One person as the cameras of the store saw her."""

    target_id: str
    is_valid: bool
    head: Floats  # (3,) m
    hands: Floats  # (2, 3) m, NaN where not seen
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """All targets at one time."""

    arrival_ns: int
    t_ns: int
    targets: tuple[Target, ...]


def read_lines(path: Path, step: Callable[[int], None]) -> Iterator[Line]:
    """Yield the objects of a file of JSON lines; step hears of each line's bytes. Raises RecordingError."""
    with path.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            step(len(raw))
            if not raw.strip():
                continue
            try:
                row = json.loads(raw)
            except (ValueError, RecursionError) as error:
                raise RecordingError(str(path), f"line {number}", "a JSON object", str(error)) from None
            if not isinstance(row, dict):
                received = type(row).__name__
                raise RecordingError(str(path), f"line {number}", "a JSON object", received)
            yield Line(str(path), number, row)


def dig(line: Line, path: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
    """Return what stands under keys joined by dots; without default its absence is an error."""
    value: Any = line.row
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        value = default
    if not isinstance(value, kind):
        raise fault(line, path, _name(kind), "nothing" if value is None else repr(value)[:60])
    return value


def fault(line: Line, place: str, expected: str, received: str) -> RecordingError:
    """Return the error for something wrong in a line."""
    return RecordingError(line.file, f"line {line.number}, {place}", expected, received)


def number_of(line: Line, row: Row, key: str) -> float:
    """Return a number of a row; what is left out is 0."""
    value = row.get(key, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise fault(line, key, "a finite number", repr(value)[:60])
    return float(value)


def named(line: Line, path: str) -> str:
    """Return an id in the letters the contract allows; not every id is a barcode or a number."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", dig(line, path, str))[:64]
    if not name:
        raise fault(line, path, "an id", "an empty text")
    return name


def point_of(line: Line, row: Row) -> Floats:
    """Return x, y, z of a row."""
    return np.array([number_of(line, row, axis) for axis in AXES])


def packets(path: Path, step: Callable[[int], None]) -> Iterator[Packet]:
    """Yield the batches of plate_data.json by arrival."""
    return _by_arrival(_packet(line) for line in read_lines(path, step))


def sightings(path: Path, step: Callable[[int], None]) -> Iterator[Sighting]:
    """Yield the frames of full_targets.json by arrival."""
    return _by_arrival(_sighting(line) for line in read_lines(path, step))


def _by_arrival(rows: Iterator[Any]) -> Iterator[Any]:
    held: list[tuple[int, int, Any]] = []
    for place, row in enumerate(rows):
        heapq.heappush(held, (row.arrival_ns, place, row))
        if len(held) > ARRIVALS_HELD:
            yield heapq.heappop(held)[2]
    while held:
        yield heapq.heappop(held)[2]


def _packet(line: Line) -> Packet:
    values = "document.plate_data.values"
    shape = dig(line, f"{values}.shape", list)
    if len(shape) != 3 or any(type(size) is not int or not 0 < size <= 4096 for size in shape):
        raise fault(line, f"{values}.shape", "[samples, shelves, plates]", repr(shape)[:60])
    try:
        raw = base64.b64decode(dig(line, f"{values}.data", str), validate=True)
    except (binascii.Error, ValueError) as error:
        raise fault(line, f"{values}.data", "base64", str(error)) from None
    samples, shelves, plates = shape
    if len(raw) != 4 * samples * shelves * plates:
        expected = f"{4 * samples * shelves * plates} bytes for shape {shape}"
        raise fault(line, f"{values}.data", expected, str(len(raw)))
    rate_hz = dig(line, "document.plate_data.freq_samp", (int, float))
    if not 0.1 <= rate_hz <= 10_000:
        raise fault(line, "document.plate_data.freq_samp", "a rate in Hz", repr(rate_hz))
    dt_ns = round(1e9 / rate_hz)
    # A packet leaves about 0.1 s after t_origin and spans 0.2 s: t_origin can only be its newest sample. It
    # advances by exactly one batch, while t_issue, when the packet left, jitters by 5 ms.
    newest_ns = _time_ns(line, "document.header.t_origin")
    gondola = dig(line, "document.plate_data.plate_id.shelf_id.gondola_id.id", int, 0)
    return Packet(
        arrival_ns=_time_ns(line, "date_time.$date"),
        t_ns=newest_ns - (samples - 1) * dt_ns,
        dt_ns=dt_ns,
        gondola=gondola,
        g=np.frombuffer(raw, "<f4").reshape(samples, shelves, plates),
    )


def _sighting(line: Line) -> Sighting:
    rows = dig(line, "document.targets.targets", list, [])
    return Sighting(
        arrival_ns=_time_ns(line, "date_time.$date"),
        t_ns=_time_ns(line, "document.header.t_origin"),
        targets=tuple(_target(Line(line.file, line.number, row)) for row in rows),
    )


def _target(line: Line) -> Target:
    if not isinstance(line.row, dict):
        raise fault(line, "targets", "an object", repr(line.row)[:60])
    head = dig(line, "head", dict, {})
    hands = np.full((2, 3), np.nan)
    for row, hand in enumerate(dig(line, "hands", list, [])[:2]):
        hands[row] = _place(line, hand)
    return Target(
        target_id=named(line, "target_id.id"),
        is_valid=dig(line, "target_state", str, "").startswith("TARGETSTATE_VALID"),
        head=_place(line, head),
        hands=hands,
        score=min(max(number_of(line, head, "score"), 0.0), 1.0),
    )


def _place(line: Line, part: Any) -> Floats:
    """Return where a part of the body was, m; NaN when it has no point at all."""
    point = part.get("point") if isinstance(part, dict) else None
    return np.full(3, np.nan) if not isinstance(point, dict) else INCH_M * point_of(line, point)


def _time_ns(line: Line, path: str) -> int:
    text = dig(line, path, str)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise fault(line, path, "an ISO 8601 time", repr(text)[:60]) from None
    if time.tzinfo is None or time < EPOCH:
        raise fault(line, path, "an ISO 8601 time with its zone, after 1970", repr(text)[:60])
    return (time - EPOCH) // timedelta(microseconds=1) * 1000


def _name(kind: type | tuple[type, ...]) -> str:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    words = {dict: "an object", list: "a list", str: "a text", int: "an integer", float: "a number"}
    return words[kinds[-1]]
