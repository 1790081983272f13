"""Errors that last: noise that is much the same a moment later."""

import numpy as np
from scipy.signal import lfilter

from fusion.arrays import Floats, Ints


def wander(shape: tuple[int, ...], step_s: float, tau_s: float, rng: np.random.Generator) -> Floats:
    """Draw noise of unit variance, (steps, ...), that forgets itself over `tau_s` (Ornstein and Uhlenbeck)."""
    keep = float(np.exp(-step_s / tau_s))
    shocks = rng.normal(size=shape)
    shocks[1:] *= np.sqrt(1.0 - keep**2)  # the first sample is drawn as if it had always been going on
    out: Floats = lfilter([1.0], [1.0, -keep], shocks, axis=0)
    return out


def spells(steps: int, step_s: float, mean_on_s: float, mean_off_s: float, rng: np.random.Generator) -> Ints:
    """Draw when something is the case, (e, 2) steps from and to: spells of exponential length."""
    on_off = rng.exponential((mean_off_s, mean_on_s), (int(2 + 4 * steps * step_s / (mean_on_s + mean_off_s)), 2))
    # Begin inside an ordinary gap, not with one.
    edges = np.cumsum(on_off.ravel()) - rng.uniform(0.0, mean_off_s)
    rows = np.clip(np.rint(edges.reshape(-1, 2) / step_s), 0, steps).astype(np.int64)
    out: Ints = rows[rows[:, 1] > rows[:, 0]]
    return out
