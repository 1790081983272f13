"""Sensor clocks, and the way from a sensor to its listener."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.arrays import Floats

OFFSET_SD_S: Final = 0.015  # of a clock that network time keeps
OFFSET_MAX_S: Final = 0.05
LOOSE_SHARE: Final = 0.08  # of sensors whose network time does not work
LOOSE_MAX_S: Final = 0.25  # contract section 1: what an engine must still understand
DRIFT_SD_PPM: Final = 15.0
DRIFT_MAX_PPM: Final = 50.0
SLOW_SHARE: Final = 0.2  # of packets that meet a busy network
SLOW_MEAN_S: Final = 0.06
DELAY_MAX_S: Final = 0.37


@dataclass(frozen=True, slots=True)
class Clock:
    """How one sensor's clock is wrong; a fault plan may step it besides, after a restart."""

    offset_s: float
    drift_ppm: float

    def read_ns(self, t_s: float, epoch_ns: int) -> int:
        """Return what this clock shows t_s seconds after the scenario began."""
        return epoch_ns + round((t_s * (1.0 + 1e-6 * self.drift_ppm) + self.offset_s) * 1e9)


def draw_clock(rng: np.random.Generator) -> Clock:
    """Draw a clock: most have network time and are right within tens of milliseconds, a few are 0.25 s off."""
    close_s = float(np.clip(rng.normal(0.0, OFFSET_SD_S), -OFFSET_MAX_S, OFFSET_MAX_S))
    loose_s = float(rng.uniform(-LOOSE_MAX_S, LOOSE_MAX_S))
    offset_s = loose_s if rng.random() < LOOSE_SHARE else close_s
    drift_ppm = float(np.clip(rng.normal(0.0, DRIFT_SD_PPM), -DRIFT_MAX_PPM, DRIFT_MAX_PPM))
    return Clock(offset_s, drift_ppm)


def draw_delays(count: int, rng: np.random.Generator) -> Floats:
    """Draw network delays, (count,) s: a few milliseconds mostly, with a long tail that reorders messages."""
    quick = np.abs(rng.normal(0.003, 0.001, count))
    slow = np.where(rng.random(count) < SLOW_SHARE, rng.exponential(SLOW_MEAN_S, count), 0.0)
    delays: Floats = np.minimum(quick + slow, DELAY_MAX_S)
    return delays
