"""JSON lines as a database exported them: read one by one, asked for keys, faults named by file and line."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from fusion.arrays import Floats
from fusion.recording import RecordingError

AXES = ("x", "y", "z")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One JSON object and where it stands."""

    file: str
    number: int
    row: Row


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


def time_of(line: Line, path: str) -> int:
    """Return a time, ns since the Unix epoch; the files know microseconds."""
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
