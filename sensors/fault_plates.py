"""Faults of single load cells, played onto the batches of their controller."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.messages import Frame, Kind, Plates
from fusion.store import Store
from fusion.wire import decode, encode
from sensors.fault_chance import Chance, Timed, source_of
from sensors.faults import Fault, matching

DEAD_G: Final = (0.0, np.nan)  # a cell without signal reads zero, or nothing at all


@dataclass(slots=True, eq=False)
class _Cells:
    """The cells of one controller, c of them, that have a fault."""

    columns: Ints  # (c,) ascending
    dead_g: Floats  # (c,) what each would show if it were dead
    rng: np.random.Generator
    held_g: Floats | None = None  # (c,) the last that was shown before the fault, the first in it if nothing was
    begun_ns: int = 0  # time of the first batch in the fault
    since_s: float = 0.0  # from there to this batch
    step_s: float = 0.0  # between its samples
    jump_s: float | None = None  # from the first batch in the fault to a jump


Show: TypeAlias = Callable[[Floats, _Cells, Fault], Floats]  # (n, c) g to (n, c) g


def cells_at_fault(timed: Iterable[Timed], chance: Chance, store: Store) -> Iterator[Timed]:
    """Alter what the plates show that have this fault."""
    cells: dict[str, _Cells] = {}
    for t_s, frame in timed:
        if not frame.topic.startswith(f"{Kind.PLATES}/") or not chance.reaches(frame):
            yield t_s, frame
            continue
        src = source_of(frame)
        if src not in cells:
            cells[src] = _cells(src, chance.fault, store, chance.rng(frame))
        yield t_s, _altered(t_s, frame, cells[src], chance.fault)


def _cells(src: str, fault: Fault, store: Store, rng: np.random.Generator) -> _Cells:
    """Return a controller's cells that have the fault: for a lasting one, p is the chance of each."""
    plates = store.plates
    meant = {plate for pattern in fault.plates for plate in matching(pattern, plates.plate_id)}
    rows = [row for row, plate in enumerate(plates.plate_id) if plate in meant and plates.controller[row] == src]
    columns = np.sort(plates.channel[rows]).astype(np.int64)
    if fault.kind != "spiking":
        columns = columns[rng.random(columns.size) < fault.p]
    return _Cells(columns, rng.choice(DEAD_G, columns.size), rng)


def _altered(t_s: float, frame: Frame, cells: _Cells, fault: Fault) -> Frame:
    if not cells.columns.size or t_s >= fault.to_s:
        return frame
    message = decode(frame.topic, frame.payload)
    if not isinstance(message, Plates) or cells.columns[-1] >= message.g.shape[1]:
        return frame  # no message, or one of a controller that the store knows otherwise
    own = message.g[:, cells.columns].astype(np.float64)
    if t_s < fault.from_s:
        cells.held_g = own[-1]
        return frame
    if cells.held_g is None:
        cells.held_g = own[0]
    cells.begun_ns = cells.begun_ns or message.t_ns
    cells.since_s, cells.step_s = max(0, message.t_ns - cells.begun_ns) * 1e-9, message.dt_ns * 1e-9
    g = message.g.copy()
    g[:, cells.columns] = SHOW[fault.kind](own, cells, fault)
    return replace(frame, payload=encode(replace(message, g=g)))


def _stuck(own: Floats, cells: _Cells, fault: Fault) -> Floats:
    assert cells.held_g is not None
    return np.broadcast_to(cells.held_g, own.shape)


def _dead(own: Floats, cells: _Cells, fault: Fault) -> Floats:
    return np.broadcast_to(cells.dead_g, own.shape)


def _gain(own: Floats, cells: _Cells, fault: Fault) -> Floats:
    assert cells.held_g is not None
    return cells.held_g + (1.0 + fault.size) * (own - cells.held_g)


def _spiking(own: Floats, cells: _Cells, fault: Fault) -> Floats:
    """Throw one sample of a batch off, up or down."""
    samples, count = own.shape
    spike_g = np.where(cells.rng.random(count) < fault.p, fault.size, 0.0) * cells.rng.choice((-1.0, 1.0), count)
    out = own.copy()
    out[cells.rng.integers(samples, size=count), np.arange(count)] += spike_g
    return out


def _drifting(own: Floats, cells: _Cells, fault: Fault) -> Floats:
    """Walk away from the truth at an even pace, batch after batch."""
    seconds = (cells.since_s + np.arange(1, len(own) + 1) * cells.step_s)[:, None]
    return own + fault.size * seconds


def _jumping(own: Floats, cells: _Cells, fault: Fault) -> Floats:
    """Go to another level and stay there: a loose contact, a converter whose zero has moved."""
    if cells.jump_s is None:  # amid a batch like anywhere else
        cells.jump_s = float(cells.rng.uniform(0.0, len(own) * cells.step_s))
    gone_s = cells.since_s + np.arange(len(own)) * cells.step_s - cells.jump_s
    reached = np.clip(gone_s / fault.seconds, 0.0, 1.0) if fault.seconds > 0.0 else (gone_s >= 0.0).astype(np.float64)
    return own + fault.size * reached[:, None]


SHOW: Final[dict[str, Show]] = {
    "stuck": _stuck,
    "dead": _dead,
    "gain": _gain,
    "spiking": _spiking,
    "drifting": _drifting,
    "jumping": _jumping,
}
