"""Load plates under a shelf: weight, hands, zero, drift, noise and the converter's steps.

A controller samples all its plates together at 60 Hz and sends twelve samples at a time. Its zero is unknown
and its drift is slow, so only differences mean anything. Noise differs by shelf: some stand on a shaky board.
"""

from typing import Final

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.messages import Plates
from sensors.clocks import Clock
from sensors.sending import Sent
from sensors.world import World

PLATE_HZ: Final = 60
DT_NS: Final = 16_666_667
BATCH: Final = 12
STEP_G: Final = 0.241  # of the converter
ZERO_SD_G: Final = 250.0
DRIFT_SD_G_PER_S: Final = 0.003
DRIFT_WAVE_G: Final = 0.4
NOISE_MEDIAN_G: Final = 0.65
NOISE_SPREAD: Final = 0.6  # of the logarithm
RING_HZ: Final = 9.0  # a plate swings after its load changed
RING_DECAY_S: Final = 0.12
RING_SHARE: Final = 0.1


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
    """Return what the plates show, (samples, plates) g."""
    g = world.opening_g[rows] + rng.normal(0.0, ZERO_SD_G, rows.size) + _drift(t_s, rows.size, rng)
    column = {int(row): at for at, row in enumerate(rows)}
    _add_steps(g, world, column, t_s)
    _add_presses(g, world, column, t_s, rng)
    g += _noise(world, rows, t_s.size, rng)
    rounded: Floats = np.round(g / STEP_G) * STEP_G
    return rounded


def _drift(t_s: Floats, plates: int, rng: np.random.Generator) -> Floats:
    rate = rng.normal(0.0, DRIFT_SD_G_PER_S, plates)
    period_s = rng.uniform(60.0, 300.0, plates)
    phase = rng.uniform(0.0, 2.0 * np.pi, plates)
    wave: Floats = np.sin(2.0 * np.pi * t_s[:, None] / period_s + phase)
    return rate * t_s[:, None] + DRIFT_WAVE_G * wave


def _add_steps(g: Floats, world: World, column: dict[int, int], t_s: Floats) -> None:
    steps = world.steps
    for t, plate, delta, ramp in zip(steps.t_s, steps.plate, steps.delta_g, steps.ramp_s, strict=True):
        if int(plate) not in column:
            continue  # another controller's plate
        since = t_s - t
        x = np.clip(since / ramp + 0.5, 0.0, 1.0)
        settled_s = np.maximum(since - 0.5 * ramp, 0.0)
        ring = np.exp(-settled_s / RING_DECAY_S) * np.sin(2.0 * np.pi * RING_HZ * settled_s)
        g[:, column[int(plate)]] += delta * (x * x * (3.0 - 2.0 * x) + RING_SHARE * ring)


def _add_presses(g: Floats, world: World, column: dict[int, int], t_s: Floats, rng: np.random.Generator) -> None:
    presses = world.presses
    for t0, t1, plate, peak in zip(presses.t0_s, presses.t1_s, presses.plate, presses.peak_g, strict=True):
        if int(plate) not in column:
            continue
        x = np.clip((t_s - t0) / (t1 - t0), 0.0, 1.0)
        # A hand never presses evenly: one slow swell, and a tremble of a few hertz on it.
        tremble = 1.0 + 0.25 * np.sin(2.0 * np.pi * rng.uniform(2.0, 5.0) * t_s + rng.uniform(0.0, 6.0))
        g[:, column[int(plate)]] += peak * np.sin(np.pi * x) ** 2 * tremble


def _noise(world: World, rows: Ints, samples: int, rng: np.random.Generator) -> Floats:
    """Return white noise with the spread of each shelf, and a hum that all plates of a shelf share."""
    plates = world.store.plates
    shelves = [plates.shelf[row] for row in rows]
    out = np.empty((samples, rows.size))
    for shelf in dict.fromkeys(shelves):
        own = np.array([name == shelf for name in shelves])
        sd = np.clip(NOISE_MEDIAN_G * np.exp(rng.normal(0.0, NOISE_SPREAD)), 0.3, 2.6)
        spread = sd * np.exp(rng.normal(0.0, 0.2, int(own.sum())))
        hum = 0.3 * sd * np.sin(2.0 * np.pi * rng.uniform(5.0, 25.0) * np.arange(samples) / PLATE_HZ)
        out[:, own] = rng.normal(0.0, 1.0, (samples, int(own.sum()))) * spread + hum[:, None]
    return out
