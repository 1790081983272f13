"""Levels of the last seconds, half a second apart: what goes slowly from a shaking shelf is found against them.

A piece that is lifted within seconds from a shelf that a crowd shakes moves its plate by less from block to block than
the noise does, and takes the level with it. Against the level of a while ago it stands out once it is gone.
"""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.config import SECOND_NS, ShelfConfig

EVERY_NS = SECOND_NS // 2
RECENT = 5  # blocks whose mean is the level of now
STRAY_BLOCKS = 3.0  # a level is believed to be as certain as the mean of three blocks


@dataclass(frozen=True, slots=True, eq=False)
class Slow:
    """One row a plate; columns from the oldest to the latest. NaN: the plate was disturbed, or not heard of."""

    g: Floats  # (p, n) mean of half a second
    var: Floats  # (p, n) g2, of one block, as believed then
    ns: Ints  # (p, n)
    since_ns: Ints  # (p,) the last change of the plate: levels from before it tell nothing
    since_g: Floats  # (p,) where it went
    since_var: Floats  # (p,) g2, of one block then


COLUMNS = tuple(f.name for f in fields(Slow))


def no_levels(p: int, config: ShelfConfig) -> Slow:
    """Return the state before the first sample."""
    n = int(2 * config.slow_s * SECOND_NS / EVERY_NS) + 2
    unknown = np.full((p, n), np.nan)
    never = np.zeros((p, n), np.int64)
    return Slow(unknown, unknown, never, never[:, 0], unknown[:, 0], unknown[:, 0])


def thawed(slow: Slow) -> Slow:
    """Return a copy to be written, once a slice."""
    return Slow(*[getattr(slow, name).copy() for name in COLUMNS])


def change(slow: Slow, rows: Ints, t_ns: int, level_g: Floats, noise_var: Floats) -> None:
    """Begin anew, in place, after a change of some plates (r,), at the level they went to; NaN where not known."""
    slow.since_ns[rows], slow.since_g[rows], slow.since_var[rows] = t_ns, level_g, noise_var


def while_ago(slow: Slow, row: int, now_ns: int, config: ShelfConfig) -> tuple[float, float]:
    """Return the level of between slow_s and twice that ago, and the variance of a block then; NaN where unknown.

    Of a plate that has changed since, it is the level it went to.
    """
    since = int(slow.since_ns[row]), float(slow.since_g[row]), float(slow.since_var[row])
    ago, var = _ago(slow.g[row], slow.var[row], slow.ns[row], *since, now_ns, config.slow_s * SECOND_NS)
    return float(ago), float(var)


def look(
    slow: Slow,
    rows: Ints,
    disturbed: Bools,
    level_blocks: Ints,
    noise_var: Floats,
    history_g: Floats,
    t_ns: int,
    config: ShelfConfig,
) -> tuple[Bools, Floats, Floats]:
    """Add the means of the last blocks of some plates, in place; tell which (r,) have gone to another level.

    The other columns are of Levels. Returns also whence they went, (r,) g, and the variance of a block, (r,) g2. The
    level that goes teaches the plate to be noisy: what it was before, and what the last blocks stray by, tell better.
    While it goes on, it is told later.
    """
    over, before_g, noise = np.empty(len(rows), np.bool_), np.empty(len(rows)), np.empty(len(rows))
    pace = _Pace(
        config.slow_s * SECOND_NS, config.noise_sd_g_min**2, config.disturbed_sds, config.slow_rest,
        drift_var(2 * config.slow_s, config),
    )  # fmt: skip
    _look(
        slow.g, slow.var, slow.ns, slow.since_ns, slow.since_g, slow.since_var, rows, disturbed, level_blocks,
        noise_var, history_g, t_ns, pace, over, before_g, noise,
    )  # fmt: skip
    return over, before_g, noise


class _Pace(NamedTuple):
    slow_ns: float
    noise_var_min: float
    disturbed_sds: float
    slow_rest: float
    drift_var: float


@njit(cache=True)
def _look(
    g: Floats,
    var: Floats,
    ns: Ints,
    since_ns: Ints,
    since_g: Floats,
    since_var: Floats,
    rows: Ints,
    disturbed: Bools,
    level_blocks: Ints,
    noise_var: Floats,
    history_g: Floats,
    t_ns: int,
    pace: _Pace,
    over: Bools,
    before_g: Floats,
    noise: Floats,
) -> None:
    last = g.shape[1] - 1
    strays = np.empty(2 * RECENT)
    for r in range(len(rows)):
        row = rows[r]
        for k in range(last):
            g[row, k], var[row, k], ns[row, k] = g[row, k + 1], var[row, k + 1], ns[row, k + 1]
        history = history_g[row]
        recent = history[len(history) - 2 * RECENT :]
        resting = not disturbed[row] and level_blocks[row] >= RECENT
        g[row, last] = sum_of(recent[RECENT:]) / RECENT if resting else np.nan
        var[row, last], ns[row, last] = noise_var[row], t_ns
        mean = sum_of(recent) / len(recent)
        for k in range(len(recent)):
            strays[k] = (recent[k] - mean) * (recent[k] - mean)
        rest_var = sum_of(strays) / (len(strays) - 1)
        before_g[r], before_var = _ago(
            g[row], var[row], ns[row], since_ns[row], since_g[row], since_var[row], t_ns, pace.slow_ns
        )
        noise[r] = max(_least(noise_var[row], _most(before_var, rest_var)), pace.noise_var_min)
        step = abs(g[row, last] - before_g[r])
        far = pace.disturbed_sds * np.sqrt(2.0 / STRAY_BLOCKS * noise[r] + pace.drift_var)
        over[r] = step > far and abs(g[row, last] - g[row, last - 1]) < pace.slow_rest * step


@njit(cache=True)
def _ago(
    g: Floats, var: Floats, ns: Ints, since_ns: int, since_g: float, since_var: float, now_ns: int, slow_ns: float
) -> tuple[float, float]:
    begin_ns = now_ns - 2 * slow_ns
    if since_ns > begin_ns - EVERY_NS:
        return since_g, since_var
    n, levels, noises, strays = 0, np.zeros(len(g)), np.zeros(len(g)), np.zeros(len(g))
    for k in range(len(g)):
        if ns[k] <= now_ns - slow_ns and ns[k] >= begin_ns and np.isfinite(g[k]):
            levels[k], noises[k] = g[k], var[k]
            n += 1
    if not n:
        return np.nan, np.nan
    mean = sum_of(levels) / n
    for k in range(len(g)):
        if ns[k] <= now_ns - slow_ns and ns[k] >= begin_ns and np.isfinite(g[k]):
            strays[k] = (g[k] - mean) * (g[k] - mean)
    # Shelves sway for longer than a block lasts: what the means strayed by is no less the noise of a level.
    return mean, _most(sum_of(noises) / n, STRAY_BLOCKS * (sum_of(strays) / n))


@njit(cache=True)
def _most(a: float, b: float) -> float:
    return b if np.isnan(a) or b > a else a


@njit(cache=True)
def _least(a: float, b: float) -> float:
    return b if np.isnan(a) or b < a else a


@njit(cache=True)
def sum_of(values: Floats) -> float:
    """Add up at most 128 numbers in the order in which numpy does: eight sums side by side, then these in pairs."""
    n = len(values)
    whole = n - n % 8
    total = 0.0
    if whole:
        side = values[:8].copy()
        for k in range(8, whole):
            side[k % 8] += values[k]
        total = ((side[0] + side[1]) + (side[2] + side[3])) + ((side[4] + side[5]) + (side[6] + side[7]))
    for k in range(whole, n):
        total += values[k]
    return total


def difference_var(noise_var: float, config: ShelfConfig) -> float:
    """Return the variance, g2, of the difference of two levels so long apart: three blocks each, and drift."""
    return 2.0 / STRAY_BLOCKS * noise_var + drift_var(2 * config.slow_s, config)


def drift_var(seconds: float, config: ShelfConfig) -> float:
    """Return how far a level may have drifted, g2."""
    return config.drift_g_per_sqrt_s**2 * seconds


def step_of(slow: Slow, row: int, after_g: float, by_g: float) -> int:
    """Return when a plate was last nearer to where it came from than to where it went, after what it did before, ns."""
    with np.errstate(invalid="ignore"):
        away = np.abs(slow.g[row] - after_g) > 0.5 * abs(by_g)
    last = np.flatnonzero(away)[-1] if away.any() else -1
    return max(int(slow.ns[row, last]), int(slow.since_ns[row]))
