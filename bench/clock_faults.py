"""Recordings with one clock set off, replayed: what the engine finds of it and what it costs."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from fusion.config import SECOND_NS
from fusion.messages import Boxes, Cart, Frame, Malformed, Message, People
from fusion.recording import read_recording
from fusion.session import Session
from fusion.store import Store, load_store
from fusion.tracking.geometry import inside, line_distance
from fusion.wire import decode, encode

NEAR_M: Final = 0.5  # a track this near is of that person
GATE_M: Final = 1.0  # nobody asks for tracks nearer to a gate
GRID_NS: Final = 100_000_000  # of tracks.parquet


@dataclass(frozen=True, slots=True)
class ClockFault:
    """One source's clock runs ahead by offset_s when the recording begins, and by drift_ppm more and more."""

    name: str
    kind: str  # "camera", "controller" or "cart"
    offset_s: float
    drift_ppm: float = 0.0

    def ahead_s(self, since_s: float) -> float:
        """Return by how much the clock is ahead so long after the beginning."""
        return self.offset_s + 1e-6 * self.drift_ppm * since_s


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One replay."""

    found: Mapping[str, tuple[list[int], list[float]]]  # source -> times (ns) and its offset (s) as believed then
    receipts: list[dict[str, Any]]
    right: float  # share of person-time whose track has the right account, NaN without truth


FAULTS: Final = (
    ClockFault("camera +200 ms", "camera", 0.2),
    ClockFault("camera -200 ms", "camera", -0.2),
    ClockFault("camera -100 ms, 50 ppm", "camera", -0.1, 50.0),
    ClockFault("controller +200 ms", "controller", 0.2),
    ClockFault("cart +200 ms", "cart", 0.2),
)


def busiest(frames: Sequence[Frame], store: Store, events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return per kind of source the one with most to say: people seen, events on its plates, places of a cart."""
    people: Counter[str] = Counter()
    carts: Counter[str] = Counter()
    for frame in frames:
        match decode(frame.topic, frame.payload):
            case People() | Boxes() as seen:
                people[seen.src] += len(seen.head)
            case Cart() as report:
                carts[report.src] += len({report.pos} - {None})
    controller_of = dict(zip(store.plates.plate_id, store.plates.controller, strict=True))
    shelves = Counter(controller_of[plate] for event in events for plate in event["plates"])
    found = {"camera": people, "controller": shelves, "cart": carts}
    return {kind: max(sorted(count), key=count.__getitem__) for kind, count in found.items() if count}


def set_off(frames: Sequence[Frame], src: str, fault: ClockFault) -> Iterator[Frame]:
    """Yield the frames as they would have come with one source's clock set off."""
    begin_ns: int | None = None
    for frame in frames:
        message = decode(frame.topic, frame.payload)
        if isinstance(message, Malformed):
            yield frame
            continue
        begin_ns = message.t_ns if begin_ns is None else begin_ns
        if message.src == src:
            ahead_ns = round(fault.ahead_s((message.t_ns - begin_ns) / SECOND_NS) * SECOND_NS)
            frame = replace(frame, payload=encode(_later(message, ahead_ns)))
        yield frame


def _later(message: Message, by_ns: int) -> Message:
    """Return a message stamped later; a cart dates its moves by the same clock."""
    if isinstance(message, Cart):
        moves = tuple(replace(move, t_ns=move.t_ns + by_ns) for move in message.moves)
        return replace(message, t_ns=message.t_ns + by_ns, moves=moves)
    return replace(message, t_ns=message.t_ns + by_ns)


def replay(case: Path, frames: Sequence[Frame] | Iterator[Frame], out: Path, progress: Callable[[], None]) -> Run:
    """Replay frames in the store of a case; `progress` is called after each frame."""
    store = load_store(case / "store")
    session = Session(store, out)
    found: dict[str, tuple[list[int], list[float]]] = {}
    for frame in frames:
        if session.feed(frame):
            _note(found, session)
        progress()
    session.finish()
    _note(found, session)
    session.close()
    return Run(found, rows_of(out / "receipts.jsonl"), right_share(case, store, out))


def _note(found: dict[str, tuple[list[int], list[float]]], session: Session) -> None:
    now_ns, clocks = session.state.now_ns, session.state.clocks
    for src in clocks.of:
        times, offsets = found.setdefault(src, ([], []))
        times.append(now_ns)
        offsets.append(clocks.offset_s(src, now_ns))


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a .jsonl file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def frames_of(case: Path) -> list[Frame]:
    """Return the frames of a case's recording."""
    return list(read_recording(case / "recording.mcap"))


def right_share(case: Path, store: Store, out: Path) -> float:
    """Return the share of person-time, off the gates, whose nearest track has the right account; NaN without truth."""
    if not (case / "truth_tracks.parquet").is_file():
        return float("nan")
    truth = pl.read_parquet(case / "truth_tracks.parquet").filter(pl.col("account").is_not_null())
    place = truth.select("x", "y").to_numpy().astype(np.float64)
    asked = inside(place, store.outline)
    for line in store.gates.line:
        asked &= line_distance(place, line) >= GATE_M
    tracks = pl.read_parquet(out / "tracks.parquet").with_columns(at=pl.col("t").floordiv(GRID_NS))
    at = {key[0]: rows for key, rows in tracks.partition_by("at", as_dict=True).items()}
    right = 0
    for t_ns, xy, account in zip(
        truth["t"].to_numpy()[asked], place[asked], truth["account"].filter(asked), strict=True
    ):
        rows = at.get((int(t_ns) + GRID_NS // 2) // GRID_NS)
        if rows is not None:
            far = np.linalg.norm(rows.select("x", "y").to_numpy() - xy, axis=1)
            right += bool(far.min() < NEAR_M and rows["account"][int(np.argmin(far))] == account)
    return right / max(int(asked.sum()), 1)
