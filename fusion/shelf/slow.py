"""Levels of the last seconds, half a second apart: what goes slowly from a shaking shelf is found against them.

A piece that is lifted within seconds from a shelf that a crowd shakes moves its plate by less from block to block than
the noise does, and takes the level with it. Against the level of a while ago it stands out once it is gone.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.config import SECOND_NS, ShelfConfig
from fusion.frozen import record
from fusion.shelf.tails import Tail, last_of, no_tail, with_room

EVERY_NS = SECOND_NS // 2
RECENT = 5  # blocks whose mean is the level of now
STRAY_BLOCKS = 3.0  # a level is believed to be as certain as the mean of three blocks
PATIENT = 4  # means of half a second that tell a level apart from what is little beside the noise of a block
SWAY = 3.0  # such means stray together: a mean of some of them is so much less certain than that of as many that do not


@record(eq=False)
class Slow:
    """One row a plate."""

    tail: Tail  # values: mean of half a second, g, NaN where it was disturbed or not heard of; variance of a block, g2
    since_ns: Ints  # (p,) the last change of the plate: levels from before it tell nothing
    since_g: Floats  # (p,) where it went
    since_var: Floats  # (p,) g2, of one block then


def no_levels(p: int, config: ShelfConfig) -> Slow:
    """Return the state before the first sample."""
    return Slow(no_tail(2, p, columns(config)), np.zeros(p, np.int64), np.full(p, np.nan), np.full(p, np.nan))


def thawed(slow: Slow, blocks: int) -> Slow:
    """Return a copy to be written, once a slice that has so many blocks of a plate."""
    return Slow(with_room(slow.tail, blocks), slow.since_ns.copy(), slow.since_g.copy(), slow.since_var.copy())


def change(slow: Slow, rows: Ints, t_ns: int, level_g: Floats, noise_var: Floats) -> None:
    """Begin anew, in place, after a change of some plates (r,), at the level they went to; NaN where not known."""
    slow.since_ns[rows], slow.since_g[rows], slow.since_var[rows] = t_ns, level_g, noise_var


def while_ago(slow: Slow, row: int, now_ns: int, config: ShelfConfig) -> tuple[float, float]:
    """Return the level of between slow_s and twice that ago, and the variance of a block then; NaN where unknown.

    Of a plate that has changed since, it is the level it went to.
    """
    since = int(slow.since_ns[row]), float(slow.since_g[row]), float(slow.since_var[row])
    (g, var), ns = last_of(slow.tail, row)
    ago, block_var, _, _ = _ago(g, var, ns, *since, now_ns, config.slow_s * SECOND_NS)
    return float(ago), float(block_var)


def look(
    slow: Slow,
    rows: Ints,
    disturbed: Bools,
    level_blocks: Ints,
    noise_var: Floats,
    history: Tail,
    t_ns: int,
    config: ShelfConfig,
) -> tuple[Bools, Floats, Floats, Floats]:
    """Add the means of the last blocks of some plates, in place; tell which (r,) have gone to another level.

    The other columns are of Levels. Returns also whence and where they went, (r,) g, and the variance of that
    difference, (r,) g2. The level that goes teaches the plate to be noisy: what it was before, and what the last blocks
    stray by, tell better. While it goes on, it is told later.
    """
    over, before_g, after_g, var = np.empty(len(rows), np.bool_), *(np.empty(len(rows)) for _ in range(3))
    pace, tail = pace_of(config), slow.tail
    look_at(
        tail.values[0], tail.values[1], tail.ns, tail.end, tail.written, slow.since_ns, slow.since_g, slow.since_var,
        rows, disturbed, level_blocks, noise_var, history.values[0], history.end, t_ns, pace, over, before_g, after_g,
        var,
    )  # fmt: skip
    return over, before_g, after_g, var


class Pace(NamedTuple):
    """See ShelfConfig; and how many columns there are."""

    slow_ns: float
    noise_var_min: float
    disturbed_sds: float
    slow_rest: float
    drift_var: float
    kept: int


@lru_cache(maxsize=8)
def pace_of(config: ShelfConfig) -> Pace:
    """Return the configuration as the kernel takes it."""
    return Pace(
        config.slow_s * SECOND_NS, config.noise_sd_g_min**2, config.disturbed_sds, config.slow_rest,
        drift_var(2 * config.slow_s, config), columns(config),
    )  # fmt: skip


def columns(config: ShelfConfig) -> int:
    """Return how many levels of each plate are kept."""
    return int(2 * config.slow_s * SECOND_NS / EVERY_NS) + 2


@njit(cache=True, error_model="numpy")
def look_at(
    all_g: Floats,
    all_var: Floats,
    all_ns: Ints,
    ends: Ints,
    written: Ints,
    since_ns: Ints,
    since_g: Floats,
    since_var: Floats,
    rows: Ints,
    disturbed: Bools,
    level_blocks: Ints,
    noise_var: Floats,
    history_g: Floats,
    history_end: Ints,
    t_ns: int,
    pace: Pace,
    over: Bools,
    before_g: Floats,
    after_g: Floats,
    gone_var: Floats,
) -> bool:
    """Do what `look` says with some plates (r,); tell whether any of them has gone to another level.

    A light piece is little beside the noise of a block, but not beside what means of half a second stray by: what two
    seconds of them say is asked as well.
    """
    last, any_over = pace.kept - 1, False
    drifts_g = pace.disturbed_sds * np.sqrt(pace.drift_var)
    strays = np.empty(2 * RECENT)
    for r in range(len(rows)):
        row = rows[r]
        end = ends[row] + 1
        ends[row] = written[row] = end
        g, var, ns = (
            all_g[row, end - pace.kept : end],
            all_var[row, end - pace.kept : end],
            all_ns[row, end - pace.kept : end],
        )
        recent = history_g[row, history_end[row] - 2 * RECENT : history_end[row]]
        resting = not disturbed[row] and level_blocks[row] >= RECENT
        g[last] = sum_of(recent[RECENT:]) / RECENT if resting else np.nan
        var[last], ns[last] = noise_var[row], t_ns
        mean = sum_of(recent) / len(recent)
        for k in range(len(recent)):
            strays[k] = (recent[k] - mean) * (recent[k] - mean)
        rest_var = sum_of(strays) / (len(strays) - 1)
        before_g[r], before_var, means, stray_var = _ago(
            g, var, ns, since_ns[row], since_g[row], since_var[row], t_ns, pace.slow_ns
        )
        noise = max(_least(noise_var[row], _most(before_var, rest_var)), pace.noise_var_min)
        after_g[r], gone_var[r] = g[last], 2.0 / STRAY_BLOCKS * noise + pace.drift_var
        step = abs(g[last] - before_g[r])
        over[r] = (
            step > pace.disturbed_sds * np.sqrt(gone_var[r]) and abs(g[last] - g[last - 1]) < pace.slow_rest * step
        )
        if not over[r] and means >= PATIENT and np.isfinite(g[last]) and step > drifts_g:
            after, patient_var = _patiently(g, before_g[r], means, stray_var, pace)
            if patient_var > 0.0:
                over[r], after_g[r], gone_var[r] = True, after, patient_var
        any_over |= over[r]
    return any_over


@njit(cache=True, error_model="numpy")
def _patiently(g: Floats, before_g: float, means: int, stray_var: float, pace: Pace) -> tuple[float, float]:
    """Return the level of the last two seconds, and the variance of what it is off before_g by; 0 where that is noise.

    before_g is the mean of so many means that strayed by stray_var, g2.
    """
    recent = g[len(g) - PATIENT :]
    late = 0.5 * (recent[PATIENT - 1] + recent[PATIENT - 2])
    after = 0.5 * (late + 0.5 * (recent[1] + recent[0]))
    if not np.isfinite(after):
        return after, 0.0
    strays = (means - 1) * stray_var
    for k in range(PATIENT):
        strays += (recent[k] - after) * (recent[k] - after)
    var = SWAY * strays / (means + PATIENT - 2) * (1.0 / means + 1.0 / PATIENT) + pace.drift_var
    step = abs(after - before_g)
    is_over = step > pace.disturbed_sds * np.sqrt(var) and 2.0 * abs(late - after) < pace.slow_rest * step
    return after, var if is_over else 0.0


@njit(cache=True, error_model="numpy")
def _ago(
    g: Floats, var: Floats, ns: Ints, since_ns: int, since_g: float, since_var: float, now_ns: int, slow_ns: float
) -> tuple[float, float, int, float]:
    """Return the level of a while ago and the variance of a block then; how many means it is of, and of one of them."""
    begin_ns = now_ns - 2 * slow_ns
    if since_ns > begin_ns - EVERY_NS:
        return since_g, since_var, 0, np.nan
    n, levels, noises, strays = 0, np.zeros(len(g)), np.zeros(len(g)), np.zeros(len(g))
    for k in range(len(g)):
        if ns[k] <= now_ns - slow_ns and ns[k] >= begin_ns and np.isfinite(g[k]):
            levels[k], noises[k] = g[k], var[k]
            n += 1
    if not n:
        return np.nan, np.nan, 0, np.nan
    mean = sum_of(levels) / n
    for k in range(len(g)):
        if ns[k] <= now_ns - slow_ns and ns[k] >= begin_ns and np.isfinite(g[k]):
            strays[k] = (g[k] - mean) * (g[k] - mean)
    # Shelves sway for longer than a block lasts: what the means strayed by is no less the noise of a level.
    total = sum_of(strays)
    return mean, _most(sum_of(noises) / n, STRAY_BLOCKS * (total / n)), n, total / max(n - 1, 1)


@njit(cache=True, error_model="numpy")
def _most(a: float, b: float) -> float:
    return b if np.isnan(a) or b > a else a


@njit(cache=True, error_model="numpy")
def _least(a: float, b: float) -> float:
    return b if np.isnan(a) or b < a else a


@njit(cache=True, error_model="numpy")
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
    (g, _), ns = last_of(slow.tail, row)
    with np.errstate(invalid="ignore"):
        away = np.abs(g - after_g) > 0.5 * abs(by_g)
    last = np.flatnonzero(away)[-1] if away.any() else -1
    return max(int(ns[last]), int(slow.since_ns[row]))
