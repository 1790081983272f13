"""Plates that show the same to the last bit: whether for longer than a plate that is well does.

A cell whose noise is wide against the step of its converter hardly shows a value twice. One whose noise is narrow
rests on a value for seconds, longest where the load lies amid a step; how long, only itself can show: by stretches
that ended with a step too small for goods to have moved.
"""

from dataclasses import dataclass

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.config import SECOND_NS
from fusion.health.settings import HealthConfig


@dataclass(frozen=True, slots=True, eq=False)
class Repeats:
    """One row a plate, in the store's plate order."""

    last_g: Floats  # (p,) the last sample
    since_ns: Ints  # (p,) of the first sample since which it has shown just that
    longest_ns: Ints  # (p,) that it has shown the same and was well
    repeated: Floats  # (p,) samples that were as the one before, of stretches that are over
    samples: Floats  # (p,) of how many
    tenths: Bools  # (p,) has shown nothing but whole tenths of a gram: may rest for ever


def no_repeats(p: int) -> Repeats:
    """Return p plates of which nothing is known."""
    none = np.zeros(p, np.int64)
    return Repeats(np.full(p, np.nan), none, none, np.zeros(p), np.zeros(p), np.ones(p, np.bool_))


def follow_repeats(
    repeats: Repeats, rows: Ints, g: Floats, t_ns: int, dt_ns: int, hidden_g: Floats, learns: Bools
) -> Repeats:
    """Follow samples g (n, k) of plates rows (k,) from t_ns on, dt_ns apart.

    hidden_g (k,) is a step too small for goods to have moved; learns (k,) are the plates that are thought to be well.
    """
    before = repeats.last_g[rows]
    same = np.vstack([before, g[:-1]]) == g
    breaks = ~same
    broken = breaks.any(axis=0)
    first = np.argmax(breaks, axis=0)
    last = len(g) - 1 - np.argmax(breaks[::-1], axis=0)
    since_ns = repeats.since_ns[rows]
    lasted_ns = t_ns + first * dt_ns - since_ns
    each = np.arange(len(rows))
    with np.errstate(invalid="ignore"):
        lawful = broken & learns & (since_ns > 0) & (np.abs(g[first, each] - before) < hidden_g)
    # Samples count when their stretch is over: one that is stuck must not make repeating look usual.
    over = np.where(lawful, np.rint(lasted_ns / max(dt_ns, 1)), 0.0)
    whole = np.where(broken, last + 1 - first, 0)
    count = np.cumsum(same, axis=0)
    again = np.where(broken, count[last, each] - count[first, each], 0)
    out = Repeats(
        last_g=repeats.last_g.copy(),
        since_ns=repeats.since_ns.copy(),
        longest_ns=repeats.longest_ns.copy(),
        repeated=repeats.repeated.copy(),
        samples=repeats.samples.copy(),
        tenths=repeats.tenths.copy(),
    )
    out.last_g[rows] = g[-1]
    out.since_ns[rows] = np.where(broken, t_ns + last * dt_ns, since_ns)
    out.longest_ns[rows] = np.where(lawful, np.maximum(out.longest_ns[rows], lasted_ns), out.longest_ns[rows])
    out.repeated[rows] += over + again
    out.samples[rows] += over + whole
    with np.errstate(invalid="ignore"):
        out.tenths[rows] &= (np.isnan(g) | (np.abs(10.0 * g - np.rint(10.0 * g)) < 1e-3)).all(axis=0)
    return out


def rests(repeats: Repeats, config: HealthConfig) -> Bools:
    """Return which plates (p,) show the same value again and again while they are well, as far as is known."""
    unknown = repeats.samples < config.rests_samples
    return np.asarray(repeats.tenths | unknown | (repeats.repeated > config.rests_share * repeats.samples))


def stuck(repeats: Repeats, last_ns: Ints, config: HealthConfig) -> Bools:
    """Return which plates (p,), last heard at last_ns (p,), have shown the same for longer than they do while well."""
    still_s = np.where(rests(repeats, config), config.rests_s, config.still_s)
    need_ns = np.maximum(still_s * SECOND_NS, config.rests_longer * repeats.longest_ns)
    return np.asarray(~repeats.tenths & (repeats.since_ns > 0) & (last_ns - repeats.since_ns > need_ns))
