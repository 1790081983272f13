"""What goods and hands do to load plates: steps with ringing and creep, presses, cross-talk to the neighbours.

Measured when a bottle of 622 g was taken from a real plate: a hand first leaned on it with 50 g, growing for 0.25 s;
the load was gone within five samples; no ringing above 1 % and no creep above 0.1 % in the next four seconds; two
plates beside it lost 1.4 and 1.1 % of the step, a third nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.store import Plates
from sensors.world import World

GAIN_SD: Final = 0.003  # what calibration leaves
CROSS_MAX: Final = 0.014  # of a step, felt by a plate right beside it
CROSS_FAR: Final = 0.5  # of that, one plate further
CROSS_REACH: Final = 2  # plates
CREEP_S: Final = (3.0, 40.0)
CREEP_SHARE: Final = (0.0006, 0.0015)  # of a step, at the median
CREEP_SPREAD: Final = 0.5  # of the logarithm
RING_HZ: Final = (8.0, 16.0)
RING_DECAY_S: Final = 0.12
RING_ENDS_S: Final = 1.5
RING_TAKEN: Final = 0.02  # of a step; what is set down strikes the plate, what is taken slips off it
RING_SET_DOWN: Final = 0.1
RING_RAMP_S: Final = 0.15  # slower than this hardly rings
LEAN_MAX: Final = 0.35  # of a press, felt by the plate on one side: a hand is as wide as a plate
TREMBLE: Final = 0.25  # of a press
TREMBLE_HZ: Final = (2.0, 6.0)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """How the load cells of one controller answer to weight."""

    rows: Ints  # (p,) in the store's plates
    columns: Mapping[str, Ints]  # of each shelf
    gain: Floats  # (p,)
    cross: Floats  # (p,) share of a step on the next plate
    creep: Floats  # (p, 2) share of a step that comes late, by time constant
    ring_hz: Floats  # (p,)


def draw_cells(plates: Plates, rows: Ints, rng: np.random.Generator) -> Cells:
    """Draw what is particular about each load cell."""
    shelves = [plates.shelf[row] for row in rows]
    return Cells(
        rows=rows,
        columns={name: np.flatnonzero([own == name for own in shelves]) for name in dict.fromkeys(shelves)},
        gain=1.0 + rng.normal(0.0, GAIN_SD, rows.size),
        cross=rng.uniform(0.0, CROSS_MAX, rows.size),
        creep=CREEP_SHARE * np.exp(rng.normal(0.0, CREEP_SPREAD, (rows.size, 1))),
        ring_hz=rng.uniform(*RING_HZ, rows.size),
    )


def add_steps(g: Floats, world: World, cells: Cells, t_s: Floats) -> None:
    """Add all weight that came and went for good."""
    steps = world.steps
    for t, plate, delta, ramp in zip(steps.t_s, steps.plate, steps.delta_g, steps.ramp_s, strict=True):
        columns, shares = _felt_by(cells, world.store.plates, int(plate))
        first = int(np.searchsorted(t_s, t - 0.5 * ramp))
        since = t_s[first:] - t
        for column, share in zip(columns, shares, strict=True):
            g[first:, column] += delta * share * _answer(cells, int(column), since, float(ramp), delta > 0.0)


def _answer(cells: Cells, column: int, since: Floats, ramp: float, is_set_down: bool) -> Floats:
    """Return what a plate shows of a step of one gram: the load, late load, and a swing that dies away."""
    x = np.clip(since / ramp + 0.5, 0.0, 1.0)
    settled = np.maximum(since - 0.5 * ramp, 0.0)
    shape = x * x * (3.0 - 2.0 * x)
    for share, slow_s in zip(cells.creep[column], CREEP_S, strict=True):
        shape += share * -np.expm1(-settled / slow_s)
    ringing = settled[: np.searchsorted(settled, RING_ENDS_S)]
    strength = (RING_SET_DOWN if is_set_down else RING_TAKEN) * np.exp(-ramp / RING_RAMP_S)
    swing = np.exp(-ringing / RING_DECAY_S) * np.sin(2.0 * np.pi * cells.ring_hz[column] * ringing)
    shape[: ringing.size] += strength * swing
    return shape


def add_presses(g: Floats, world: World, cells: Cells, t_s: Floats, rng: np.random.Generator) -> None:
    """Add all weight of hands, which lean on one neighbour too."""
    presses = world.presses
    count = presses.t0_s.size
    hz, phase = rng.uniform(*TREMBLE_HZ, count), rng.uniform(0.0, 2.0 * np.pi, count)
    side, lean = rng.choice([-1, 1], count), rng.uniform(0.0, LEAN_MAX, count)
    for at in range(count):
        first, last = np.searchsorted(t_s, [presses.t0_s[at], presses.t1_s[at]])
        columns, shares = _felt_by(cells, world.store.plates, int(presses.plate[at]), float(side[at] * lean[at]))
        if not columns.size or last == first:
            continue  # another controller's plate, or after the last sample
        x = (t_s[first:last] - presses.t0_s[at]) / (presses.t1_s[at] - presses.t0_s[at])
        # A hand never presses evenly: one slow swell, and a tremble of a few hertz on it.
        tremble = 1.0 + TREMBLE * np.sin(2.0 * np.pi * hz[at] * t_s[first:last] + phase[at])
        swell = presses.peak_g[at] * np.sin(np.pi * x) ** 2 * tremble
        g[first:last, columns] += swell[:, None] * shares


def _felt_by(cells: Cells, plates: Plates, plate: int, lean: float = 0.0) -> tuple[Ints, Floats]:
    """Return which columns feel weight on a plate, and which share of it.

    `lean` is the further share of the plate next to it, to the right where positive, to the left where negative.
    """
    columns = cells.columns.get(plates.shelf[plate], np.zeros(0, dtype=np.int64))
    yaw = np.deg2rad(plates.yaw_deg[plate])
    away_m = (plates.centre[cells.rows[columns], :2] - plates.centre[plate, :2]) @ [np.cos(yaw), np.sin(yaw)]
    apart = np.rint(away_m / plates.size[plate, 0])
    columns, apart = columns[np.abs(apart) <= CROSS_REACH], apart[np.abs(apart) <= CROSS_REACH]
    shares = cells.cross[columns] * np.where(np.abs(apart) > 1.0, CROSS_FAR, 1.0)
    shares[(np.abs(apart) == 1.0) & (apart * lean > 0.0)] += abs(lean)
    shares = np.where(cells.rows[columns] == plate, 1.0, shares)
    return columns, shares * cells.gain[columns]
