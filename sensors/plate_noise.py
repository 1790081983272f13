"""What a load plate shows when nobody touches it: noise, the sway of the building, a hum, drift.

Measured on 240 live plates of a real store over its first 4.8 s, when the only shopper stood still:
 - The idle SD of a plate goes by its shelf: shelf medians 0.39 to 0.70 g on two shelves of three, 1.0 to 2.9 g on
   the shaky rest; within a shelf the SD of its logarithm is 0.31 and the loudest plate has 6.8 g.
 - It is not white. A sway at 1.5 Hz (share of the variance 0.02 / 0.21 / 0.74 at 10 / 50 / 90 %) and a hum at 24.4 Hz
   are coherent all over the store; each shelf has a broad resonance of its own; the rest is white.
 - About 5 % of samples repeat the one before, each plate at other moments.
"""

from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np
from scipy.signal import lfilter

from fusion.arrays import Floats, Ints
from sensors.world import World, generator

PLATE_HZ: Final = 60
# The shelves of a store by their loudness: at this share of them stands this idle SD.
LEVEL_SHARE: Final = (0.0, 0.3, 0.65, 0.70, 0.85, 0.88, 1.0)
LEVEL_SD_G: Final = (0.46, 0.58, 0.78, 1.15, 1.65, 2.45, 3.4)
PLATE_SPREAD: Final = 0.31  # of the logarithm, within a shelf
SD_MIN_G: Final = 0.3
SD_MAX_G: Final = 6.8
SHARES: Final = (1.5, 0.9, 0.4, 1.2)  # Dirichlet weights of sway, hum, resonance and white in the variance
SWAY_HZ: Final = (1.4, 1.6)
HUM_HZ: Final = (22.0, 27.0)
WIDTH_HZ: Final = (0.06, 0.04)  # of sway and hum: their peaks are narrower than a window of 4.8 s can tell
LINES: Final = 6  # close together, they make a wave that waxes and wanes
SHELF_HZ: Final = (6.0, 22.0)
SHELF_WIDTH_HZ: Final = 2.0
PHASE_SPREAD: Final = 0.8  # rad; median 0.4 and 90 % 1.8 between two plates of a shelf
DRIFT_SD_G_PER_S: Final = 0.003  # 1.1 kg would take 100 h; over 8 s real levels move by less than their noise
DRIFT_WAVE_G: Final = 0.3
DRIFT_PERIOD_S: Final = (90.0, 600.0)
WARM_UP: Final = 120  # samples until a resonance has forgotten its start


@dataclass(frozen=True, slots=True, eq=False)
class Character:
    """How the plates of one controller are noisy."""

    sd_g: Floats  # (p,) when idle
    shares: Floats  # (p, 4) of sway, hum, resonance and white in the variance
    phase: Floats  # (p,) rad, against the other plates of the shelf
    shelf: Ints  # (p,) which of the controller's shelves


def draw_character(world: World, rows: Ints, rng: np.random.Generator) -> Character:
    """Draw what is particular about each plate."""
    names = [world.store.plates.shelf[row] for row in rows]
    order = {name: at for at, name in enumerate(dict.fromkeys(names))}
    level = shelf_levels(world)
    sd = np.array([level[name] for name in names]) * np.exp(rng.normal(0.0, PLATE_SPREAD, rows.size))
    return Character(
        sd_g=np.clip(sd, SD_MIN_G, SD_MAX_G),
        shares=rng.dirichlet(SHARES, rows.size),
        phase=rng.normal(0.0, PHASE_SPREAD, rows.size),
        shelf=np.array([order[name] for name in names], dtype=np.int64),
    )


def shelf_levels(world: World) -> dict[str, float]:
    """Return the idle SD that plates of each shelf have at the median, g.

    The shelves of a store are spread evenly over the measured distribution, so that a small store has quiet and
    shaky shelves too. Which is which must come out alike in every controller's process, so it is drawn from what
    the store and its first load are, not from a controller's own stream.
    """
    shelves = sorted(set(world.store.plates.shelf))
    share = (_of_the_store(world, 0).permutation(len(shelves)) + 0.5) / len(shelves)
    return dict(zip(shelves, np.interp(share, LEVEL_SHARE, LEVEL_SD_G).tolist(), strict=True))


def ground(world: World, t_s: Floats) -> tuple[Floats, Floats]:
    """Return sway and hum of the building, each (samples, 2): a wave of SD 1 and the same a quarter period later."""
    rng = _of_the_store(world, 1)
    sway, hum = (
        _narrow(t_s, rng.uniform(*band), width, rng) for band, width in zip((SWAY_HZ, HUM_HZ), WIDTH_HZ, strict=True)
    )
    return sway, hum


def resonance(samples: int, rng: np.random.Generator) -> Floats:
    """Return how a shelf swings when it is shaken all the time, (samples, 2) as for the ground."""
    turn = np.exp((2j * rng.uniform(*SHELF_HZ) - SHELF_WIDTH_HZ) * np.pi / PLATE_HZ)
    pushes = rng.normal(0.0, 1.0, (samples + WARM_UP, 2)) @ [1.0, 1.0j]
    swing = lfilter([np.sqrt(1.0 - np.abs(turn) ** 2)], [1.0, -turn], pushes)[WARM_UP:]
    return np.stack([swing.real, swing.imag], axis=1)


def idle_noise(
    world: World, character: Character, swing: Floats, rumble: Floats, t_s: Floats, rng: np.random.Generator
) -> Floats:
    """Return the noise of all plates, (samples, plates) g.

    `swing` (shelves, samples, 2) is each shelf's resonance, `rumble` (samples, plates) how much more of it there
    is while people walk, in idle SDs.
    """
    sd, root = character.sd_g, np.sqrt(character.shares)
    turned = np.stack([np.cos(character.phase), np.sin(character.phase)])
    # The sway of two plates is in any phase to each other, their hum (median 0.9 rad) nearly together.
    angle = np.stack([rng.uniform(0.0, 2.0 * np.pi, sd.size), rng.normal(0.0, PHASE_SPREAD, sd.size)])
    sway, hum = ground(world, t_s)
    out = rng.normal(0.0, 1.0, (t_s.size, sd.size)) * (sd * root[:, 3])
    out += sway @ (np.stack([np.cos(angle[0]), np.sin(angle[0])]) * sd * root[:, 0])
    out += hum @ (np.stack([np.cos(angle[1]), np.sin(angle[1])]) * sd * root[:, 1])
    for at in range(len(swing)):
        own = character.shelf == at
        out[:, own] += swing[at] @ turned[:, own] * (root[own, 2] + rumble[:, own]) * sd[own]
    return out


def drift(t_s: Floats, plates: int, rng: np.random.Generator) -> Floats:
    """Return the slow wandering of each plate's zero, (samples, plates) g."""
    rate = rng.normal(0.0, DRIFT_SD_G_PER_S, plates)
    wave_g = np.abs(rng.normal(0.0, DRIFT_WAVE_G, plates))
    period_s = rng.uniform(*DRIFT_PERIOD_S, plates)
    phase = rng.uniform(0.0, 2.0 * np.pi, plates)
    slow: Floats = rate * t_s[:, None] + wave_g * np.sin(2.0 * np.pi * t_s[:, None] / period_s + phase)
    return slow


def _narrow(t_s: Floats, middle_hz: float, width_hz: float, rng: np.random.Generator) -> Floats:
    lines_hz = middle_hz + rng.normal(0.0, width_hz, LINES)
    angle = 2.0 * np.pi * lines_hz * t_s[:, None] + rng.uniform(0.0, 2.0 * np.pi, LINES)
    return np.sqrt(2.0 / LINES) * np.stack([np.cos(angle).sum(axis=1), np.sin(angle).sum(axis=1)], axis=1)


def _of_the_store(world: World, key: int) -> np.random.Generator:
    """Return a random stream that is the same for all sensors of a store and of what stands in it at the start."""
    return generator(crc32(world.opening_g.tobytes()), crc32(world.store.store_id.encode()), key)
