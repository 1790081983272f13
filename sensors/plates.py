"""Load plates under a shelf: weight, hands, zero, drift, noise, shaking and the converter's steps.

A controller samples all its plates together at 60 Hz and sends twelve samples at a time. Its zero is unknown
and its drift is slow, so only differences mean anything. What the parts are modelled on stands in plate_loads.py,
plate_noise.py and plate_shaking.py.
"""

from typing import Final

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.messages import Plates
from sensors.clocks import Clock
from sensors.plate_loads import add_presses, add_steps, draw_cells
from sensors.plate_noise import PLATE_HZ, draw_character, drift, idle_noise, resonance
from sensors.plate_shaking import add_bumps, rumble
from sensors.sending import Sent
from sensors.world import World

DT_NS: Final = 16_666_667
BATCH: Final = 12
STEP_G: Final = 0.24097  # of the converter: real readings lie on this grid
HELD_SHARE: Final = 0.05  # of real samples repeat the one before, on each plate at other moments
ZERO_SD_G: Final = 250.0
ZERO_FAR_SHARE: Final = 0.02  # of real plates read kilograms off: -3,007 and -5,019 g among 240
ZERO_FAR_G: Final = 5_000.0


def controller_messages(
    world: World, controller: str, clock: Clock, epoch_ns: int, rng: np.random.Generator
) -> list[Sent]:
    """Return what one shelf controller sends over the whole scenario."""
    plates = world.store.plates
    rows = [row for row, name in enumerate(plates.controller) if name == controller]
    rows.sort(key=lambda row: int(plates.channel[row]))
    batches = int((world.seconds - 0.5) * PLATE_HZ) // BATCH
    t_s = rng.uniform(0.0, BATCH / PLATE_HZ) + np.arange(batches * BATCH, dtype=np.float64) * (DT_NS * 1e-9)
    g = read(world, np.array(rows, dtype=np.int64), t_s, rng).astype("<f4")
    delay_s = rng.uniform(0.004, 0.012, batches)
    sent: list[Sent] = []
    for batch in range(batches):
        block = g[batch * BATCH : (batch + 1) * BATCH]
        block.setflags(write=False)
        t_ns = clock.read_ns(float(t_s[batch * BATCH]), epoch_ns)
        sent_s = float(t_s[(batch + 1) * BATCH - 1] + delay_s[batch])
        sent.append((sent_s, Plates(controller, 0, t_ns, DT_NS, block)))
    return sent


def read(world: World, rows: Ints, t_s: Floats, rng: np.random.Generator) -> Floats:
    """Return what the plates show sampled at 60 Hz, (samples, plates) g."""
    character, cells = draw_character(world, rows, rng), draw_cells(world.store.plates, rows, rng)
    swing = np.stack([resonance(t_s.size, rng) for _ in range(character.shelf.max() + 1)])
    g = drift(t_s, rows.size, rng)
    g += world.opening_g[rows] * cells.gain + _zero(rows.size, rng)
    g += idle_noise(world, character, swing, rumble(world, rows, character.shelf, t_s, rng), t_s, rng)
    add_steps(g, world, cells, t_s)
    add_presses(g, world, cells, t_s, rng)
    add_bumps(g, world, rows, t_s, rng)
    return _convert(g, world.store.plates.capacity_g[rows], rng)


def _zero(plates: int, rng: np.random.Generator) -> Floats:
    near = rng.normal(0.0, ZERO_SD_G, plates)
    far = rng.uniform(-ZERO_FAR_G, ZERO_FAR_G, plates)
    return np.where(rng.random(plates) < ZERO_FAR_SHARE, far, near)


def _convert(g: Floats, capacity_g: Floats, rng: np.random.Generator) -> Floats:
    """Return readings as the converter gives them: inside its range, in its steps, some of them late."""
    fresh = rng.random(g.shape, dtype=np.float32) >= HELD_SHARE
    newest = np.maximum.accumulate(np.where(fresh, np.arange(len(g))[:, None], 0), axis=0)
    held = np.take_along_axis(g, newest, axis=0)
    rounded: Floats = np.round(np.clip(held, -capacity_g, capacity_g) / STEP_G) * STEP_G
    return rounded
