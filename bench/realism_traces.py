"""Traces of load plates to compare: those of a recorded real store, those of a simulated scenario."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from fusion.arrays import Bools, Floats
from fusion.messages import Plates
from fusion.store import Store
from scenarios.simulate import source_messages, staged
from sensors.aifi_rows import packets
from sensors.aifi_shelves import Slot, read_planogram, with_unplanned

HZ: Final = 60
DEAD_SHARE: Final = 0.2  # a working plate shows another value at most samples
PLATE_FILE: Final = "plate_data.json"
PLANOGRAM_FILE: Final = "planogram.json"


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """All plates of a store over the same n samples, those of a shelf beside each other from left to right."""

    name: str
    g: Floats  # (n, p)
    shelf: tuple[str, ...]  # (p,)

    @property
    def beside(self) -> Bools:
        """Tell which plates have their right neighbour in the next column, (p - 1,)."""
        return np.array([left == right for left, right in zip(self.shelf, self.shelf[1:], strict=False)])


def real_traces(folder: Path) -> Traces:
    """Read the plates of a public test case; dead ones and those that echo another are left out.

    Raises OSError without the files and sensors.aifi_lines.RecordingError for faulty ones.
    """
    batches: dict[int, list[tuple[int, Floats]]] = {}
    for packet in packets(folder / PLATE_FILE, lambda _: None):
        batches.setdefault(packet.gondola, []).append((packet.t_ns, packet.g.astype(np.float64)))
    g = {gondola: np.concatenate([block for _, block in sorted(own, key=_time)]) for gondola, own in batches.items()}
    live = {slot for gondola, block in g.items() for slot in _changing(gondola, block)}
    _, placed = read_planogram(folder / PLANOGRAM_FILE)
    slots = [slot for slot in with_unplanned(placed, live) if slot in live]
    samples = min(len(block) for block in g.values())
    columns = [g[gondola][:samples, shelf, plate] for gondola, shelf, plate in slots]
    return Traces("real", np.stack(columns, axis=1), tuple(f"{gondola}.{shelf}" for gondola, shelf, _ in slots))


def _time(batch: tuple[int, Floats]) -> int:
    return batch[0]


def _changing(gondola: int, g: Floats) -> list[Slot]:
    live = (np.isfinite(g[1:]) & (np.diff(g, axis=0) != 0.0)).mean(axis=0) > DEAD_SHARE
    return [(gondola, int(shelf), int(plate)) for shelf, plate in np.argwhere(live)]


def simulated_traces(name: str, seed: int) -> Traces:
    """Simulate the plates of a scenario; raises ValueError for an unknown name."""
    store = staged(name, seed).world.store
    controllers = {src: _sent(name, seed, src) for src in dict.fromkeys(store.plates.controller)}
    samples = min(len(g) for g in controllers.values())
    rows = _left_to_right(store)
    columns = [controllers[store.plates.controller[row]][:samples, store.plates.channel[row]] for row in rows]
    shelves = tuple(store.plates.shelf[row] for row in rows)
    return Traces(f"{name}, seed {seed}", np.stack(columns, axis=1).astype(np.float64), shelves)


def _sent(name: str, seed: int, src: str) -> Floats:
    messages = [message for _, message in source_messages(name, seed, src) if isinstance(message, Plates)]
    return np.concatenate([message.g for message in messages])


def _left_to_right(store: Store) -> list[int]:
    plates, yaw = store.plates, np.deg2rad(store.plates.yaw_deg)
    along = plates.centre[:, 0] * np.cos(yaw) + plates.centre[:, 1] * np.sin(yaw)
    return sorted(range(along.size), key=lambda row: (plates.shelf[row], along[row]))
