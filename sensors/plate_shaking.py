"""What shakes a gondola: people who walk by, doors, shoves.

Measured in a real store while its shopper walked past at 0.65 m/s, 0.9 to 2.5 m off: the SD of the plates rose to
1.4 to 3.6 times the idle one, most in the resonances between 6 and 22 Hz, and to 2 to 7 times for three seconds
when she left by the door. Nothing of it stays.
"""

from typing import Final

import numpy as np

from fusion.arrays import Floats, Ints
from sensors.world import RATE_HZ, World

RUMBLE: Final = 2.5  # idle SDs, of somebody who walks at 1 m/s in 1 m distance
NEAR_M: Final = 0.7
STRIDE_M: Final = 0.7  # from one footfall to the next
DOOR: Final = 3.0  # idle SDs
DOOR_DECAY_S: Final = 1.0
SHELF_SPREAD: Final = 0.4  # of the logarithm: some shelves are flimsy
PLATE_SPREAD: Final = 0.3
SWING_HZ: Final = (6.0, 9.0)  # of a whole gondola
SWING_DECAY_S: Final = 0.4
SWING_ENDS_S: Final = 4.0
FALLOFF_M: Final = 0.8
EVERY: Final = 3  # of the bodies' samples: 20 Hz follow footfalls well
HZ: Final = RATE_HZ / EVERY
SMOOTH: Final = 5  # of these, over which speed is taken


def rumble(world: World, rows: Ints, shelf: Ints, t_s: Floats, rng: np.random.Generator) -> Floats:
    """Return how much people on their way shake each plate, (samples, plates) in its idle SDs."""
    flimsy = np.exp(rng.normal(0.0, SHELF_SPREAD, shelf.max() + 1))
    own = flimsy[shelf] * np.exp(rng.normal(0.0, PLATE_SPREAD, rows.size))
    gondolas = [world.store.plates.gondola[row] for row in rows]
    out = np.empty((t_s.size, rows.size))
    steps = _footfalls(world)
    for gondola in dict.fromkeys(gondolas):
        here = np.array([name == gondola for name in gondolas])
        shaken = _from_steps(world, steps, world.store.plates.centre[rows[here], :2].mean(axis=0), t_s)
        out[:, here] = (shaken + _from_doors(world, t_s))[:, None] * own[here]
    return out


def _footfalls(world: World) -> Floats:
    """Return how hard each person treads at 20 Hz, (people, samples): speed, in pulses of one a stride."""
    foot, present = world.bodies.foot[:, ::EVERY], world.bodies.present[:, ::EVERY]
    moved = np.diff(foot, axis=1, prepend=foot[:, :1])
    way = np.linalg.norm(moved, axis=2) * present
    padded = np.pad(np.cumsum(way, axis=1), ((0, 0), (SMOOTH, 0)), mode="edge")
    speed = (padded[:, SMOOTH:] - padded[:, :-SMOOTH]) * (HZ / SMOOTH)
    pulse = 0.5 + np.sin(np.pi * padded[:, SMOOTH:] / STRIDE_M) ** 2
    treads: Floats = np.minimum(speed, 2.0) * pulse * present
    return treads


def _from_steps(world: World, treads: Floats, place: Floats, t_s: Floats) -> Floats:
    away = np.linalg.norm(world.bodies.foot[:, ::EVERY] - place, axis=2)
    felt = np.sqrt(((treads / np.maximum(away, NEAR_M)) ** 2).sum(axis=0))
    shaken: Floats = RUMBLE * np.interp(t_s, np.arange(felt.size) / HZ, felt)
    return shaken


def _from_doors(world: World, t_s: Floats) -> Floats:
    shaken = np.zeros(t_s.size)
    for crossing in world.crossings:
        since = t_s - crossing.t_s
        shaken += np.where(since > 0.0, DOOR * np.exp(-np.maximum(since, 0.0) / DOOR_DECAY_S), 0.0)
    return shaken


def add_bumps(g: Floats, world: World, rows: Ints, t_s: Floats, rng: np.random.Generator) -> None:
    """Let gondolas swing after each shove, most where somebody stood nearest."""
    plates, bumps = world.store.plates, world.bumps
    gondolas = np.array([plates.gondola[row] for row in rows])
    swing_hz = rng.uniform(*SWING_HZ, len(bumps.gondola))
    phase = rng.normal(0.0, 0.5, rows.size)
    for t, gondola, peak, hz in zip(bumps.t_s, bumps.gondola, bumps.peak_g, swing_hz, strict=True):
        own = np.flatnonzero(gondolas == gondola)
        first, last = np.searchsorted(t_s, [t, t + SWING_ENDS_S])
        if own.size and last > first:
            away = np.linalg.norm(plates.centre[rows[own]] - _struck(world, gondola, float(t)), axis=1)
            since = t_s[first:last, None] - t
            wave = np.exp(-since / SWING_DECAY_S) * np.cos(2.0 * np.pi * hz * since + phase[own])
            g[first:last, own] += peak * np.exp(-away / FALLOFF_M) * wave


def _struck(world: World, gondola: str, t_s: float) -> Floats:
    """Return the plate of a gondola nearest to anybody at a time, (3,) m; its first one in an empty store."""
    plates = world.store.plates
    centres = plates.centre[[name == gondola for name in plates.gondola]]
    at = int(world.rows_at(np.array(t_s)))
    hands = world.bodies.hands[world.bodies.present[:, at], at].reshape(-1, 3)
    if not hands.size:
        return centres[0]
    return centres[np.linalg.norm(centres[:, None] - hands, axis=2).min(axis=1).argmin()]
