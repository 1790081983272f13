"""Levels of the last seconds, half a second apart: what goes slowly from a shaking shelf is found against them.

A piece that is lifted within seconds from a shelf that a crowd shakes moves its plate by less from block to block than
the noise does, and takes the level with it. Against the level of a while ago it stands out once it is gone.
"""

from dataclasses import dataclass, replace

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.config import SECOND_NS, ShelfConfig

EVERY_NS = SECOND_NS // 2
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


def no_levels(p: int, config: ShelfConfig) -> Slow:
    """Return the state before the first sample."""
    n = int(2 * config.slow_s * SECOND_NS / EVERY_NS) + 2
    unknown = np.full((p, n), np.nan)
    never = np.zeros((p, n), np.int64)
    return Slow(unknown, unknown, never, never[:, 0], unknown[:, 0], unknown[:, 0])


def is_due(slow: Slow, rows: Ints, t_ns: int) -> bool:
    """Tell whether half a second has passed for the plates of one controller."""
    return len(rows) > 0 and t_ns - int(slow.ns[rows[0], -1]) >= EVERY_NS


def remembered(slow: Slow, rows: Ints, mean_g: Floats, noise_var: Floats, t_ns: int) -> Slow:
    """Add the means (r,) of some plates; NaN for those that are disturbed."""
    g, var, ns = slow.g.copy(), slow.var.copy(), slow.ns.copy()
    for table, new in ((g, mean_g), (var, noise_var), (ns, t_ns)):
        table[rows, :-1] = table[rows, 1:]
        table[rows, -1] = new
    return replace(slow, g=g, var=var, ns=ns)


def changed(slow: Slow, rows: Ints, t_ns: int, level_g: Floats, noise_var: Floats) -> Slow:
    """Begin anew after a change of some plates (r,), at the level they went to; NaN where that is not known."""
    if not len(rows):
        return slow
    since_ns, since_g, since_var = slow.since_ns.copy(), slow.since_g.copy(), slow.since_var.copy()
    since_ns[rows], since_g[rows], since_var[rows] = t_ns, level_g, noise_var
    return replace(slow, since_ns=since_ns, since_g=since_g, since_var=since_var)


def while_ago(slow: Slow, rows: Ints, now_ns: int, config: ShelfConfig) -> tuple[Floats, Floats]:
    """Return the level of between slow_s and twice that ago, and the variance of a block then; NaN where unknown.

    Of a plate that has changed since, it is the level it went to.
    """
    ns, since_ns = slow.ns[rows], slow.since_ns[rows]
    begin_ns = now_ns - 2 * config.slow_s * SECOND_NS
    old = (ns <= now_ns - config.slow_s * SECOND_NS) & (ns >= begin_ns) & np.isfinite(slow.g[rows])
    n = np.where(old.any(axis=1), old.sum(axis=1), np.nan)
    mean, var = (np.where(old, table[rows], 0.0).sum(axis=1) / n for table in (slow.g, slow.var))
    # Shelves sway for longer than a block lasts: what the means strayed by is no less the noise of a level.
    strayed = np.where(old, (slow.g[rows] - mean[:, None]) ** 2, 0.0).sum(axis=1) / n
    var = np.fmax(var, STRAY_BLOCKS * strayed)
    fresh = since_ns > begin_ns - EVERY_NS
    return np.where(fresh, slow.since_g[rows], mean), np.where(fresh, slow.since_var[rows], var)


def gone(
    slow: Slow, rows: Ints, noise_var: Floats, rest_var: Floats, t_ns: int, config: ShelfConfig
) -> tuple[Bools, Floats, Floats, Floats]:
    """Tell which of some plates (r,) have gone to another level, whence, whither, and the variance of a block, g2.

    The level that goes teaches the plate to be noisy (noise_var): what it was before, and rest_var, what the last
    blocks stray by, tell better. While it goes on, it is told later.
    """
    before_g, before_var = while_ago(slow, rows, t_ns, config)
    now_g, last_g = slow.g[rows, -1], slow.g[rows, -2]
    noise = np.maximum(np.fmin(noise_var, np.fmax(before_var, rest_var)), config.noise_sd_g_min**2)
    step = np.abs(now_g - before_g)
    with np.errstate(invalid="ignore"):
        over = step > config.disturbed_sds * np.sqrt(difference_var(noise, config))
        over &= np.abs(now_g - last_g) < config.slow_rest * step
    return over, before_g, now_g, noise


def difference_var(noise_var: Floats, config: ShelfConfig) -> Floats:
    """Return the variance, g2, of the difference of two levels so long apart: three blocks each, and drift."""
    return np.asarray(2.0 / STRAY_BLOCKS * noise_var + drift_var(2 * config.slow_s, config))


def drift_var(seconds: float, config: ShelfConfig) -> float:
    """Return how far a level may have drifted, g2."""
    return config.drift_g_per_sqrt_s**2 * seconds


def step_of(slow: Slow, row: int, after_g: float, by_g: float) -> int:
    """Return when a plate was last nearer to where it came from than to where it went, after what it did before, ns."""
    with np.errstate(invalid="ignore"):
        away = np.abs(slow.g[row] - after_g) > 0.5 * abs(by_g)
    last = np.flatnonzero(away)[-1] if away.any() else -1
    return max(int(slow.ns[row, last]), int(slow.since_ns[row]))
