"""Rows of an AiFi NanoStore test case: what its two streams say, checked and typed.

Coordinates, scores and ids that are zero are left out of the files. Targets are in inches, along the axes
and from the origin of the planogram, which is in metres.
"""

import base64
import binascii
import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fusion.arrays import Floats, Singles
from sensors.aifi_lines import Line, dig, fault, named, number_of, point_of, read_lines, time_of

INCH_M = 0.0254
ARRIVALS_HELD = 256  # rows within which the export may be out of the order of arrival


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
    newest_ns = time_of(line, "document.header.t_origin")
    gondola = dig(line, "document.plate_data.plate_id.shelf_id.gondola_id.id", int, 0)
    return Packet(
        arrival_ns=time_of(line, "date_time.$date"),
        t_ns=newest_ns - (samples - 1) * dt_ns,
        dt_ns=dt_ns,
        gondola=gondola,
        g=np.frombuffer(raw, "<f4").reshape(samples, shelves, plates),
    )


def _sighting(line: Line) -> Sighting:
    rows = dig(line, "document.targets.targets", list, [])
    targets = [_target(Line(line.file, line.number, row)) for row in rows]
    return Sighting(
        arrival_ns=time_of(line, "date_time.$date"),
        t_ns=time_of(line, "document.header.t_origin"),
        # A target is carried along for a moment after its head was last found: that is no sighting.
        targets=tuple(target for target in targets if np.isfinite(target.head).all()),
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
    """Return where a part of the body was, m; NaN when it was not seen."""
    point = part.get("point") if isinstance(part, dict) else None
    # One coordinate left out is a 0; all three left out is a part that was not found.
    return INCH_M * point_of(line, point) if isinstance(point, dict) and point else np.full(3, np.nan)
