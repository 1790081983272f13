"""Where a cart believes it is: visual localisation, with errors that last and outages of seconds.

What the camera recognises changes slowly as the cart rolls, so its error of one report is much like that of the
one before: an autoregressive walk (AR(1)) with a time constant of seconds, of just the spread that the cart reports.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.signal import lfilter
from scipy.special import ndtr

from fusion.arrays import Bools, Floats
from sensors.world import RATE_HZ

SD_M: Final = (0.1, 0.2)  # in a place full of marks, in a bare one
SD_LASTS_S: Final = 6.0  # correlation time of how many marks are in view
ERROR_LASTS_S: Final = 2.0  # correlation time of the error
OUTAGE_EVERY_S: Final = 40.0  # mean time between two outages
OUTAGE_MEAN_S: Final = 1.8


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a cart believes it is at each of its k reports."""

    xy: Floats  # (k, 2) m
    sd_m: Floats  # (k,) per coordinate
    lost: Bools  # (k,) it does not know

    def position(self, at: int) -> tuple[float, float] | None:
        """Return the position of one report in the precision of the wire, None where the cart is lost."""
        x, y = self.xy[at].astype(np.float32).tolist()
        return None if self.lost[at] else (x, y)


def localise(true_xy: Floats, t_s: Floats, rng: np.random.Generator) -> Place:
    """Return where a cart believes it is at times (k,) s, `true_xy`, (n, 2) m, sampled at RATE_HZ."""
    # Both walks live on the grid of an even half second, whatever reports are left out of it.
    grid_s = np.arange(0.0, len(true_xy) / RATE_HZ + 1.0, 0.5)
    quality = ndtr(_walk(grid_s, 1, SD_LASTS_S, rng)[:, 0])
    sd_m = np.interp(t_s, grid_s, SD_M[0] + (SD_M[1] - SD_M[0]) * quality)
    error = _walk(grid_s, 2, ERROR_LASTS_S, rng)[np.searchsorted(grid_s, t_s)] * sd_m[:, None]
    rows = np.clip(np.rint(t_s * RATE_HZ), 0, len(true_xy) - 1).astype(np.int64)
    return Place(true_xy[rows] + error, sd_m, _lost(t_s, rng))


def _walk(t_s: Floats, columns: int, lasts_s: float, rng: np.random.Generator) -> Floats:
    """Return a stationary AR(1) walk of unit variance on an even grid, (k, columns)."""
    a = float(np.exp(-(t_s[1] - t_s[0]) / lasts_s))
    shocks = rng.normal(0.0, 1.0, (t_s.size, columns))
    shocks[1:] *= np.sqrt(1.0 - a * a)
    walk: Floats = lfilter([1.0], [1.0, -a], shocks, axis=0)
    return walk


def _lost(t_s: Floats, rng: np.random.Generator) -> Bools:
    """Return which times fall into an outage; outages come as they like and last about as they like."""
    span_s = float(t_s[-1]) if t_s.size else 0.0
    count = int(rng.poisson(span_s / OUTAGE_EVERY_S))
    start_s = rng.uniform(0.0, span_s, count)
    end_s = start_s + rng.gamma(2.0, 0.5 * OUTAGE_MEAN_S, count)
    lost: Bools = ((t_s[:, None] >= start_s) & (t_s[:, None] < end_s)).any(axis=1)
    return lost
