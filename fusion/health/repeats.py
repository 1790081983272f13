"""Plates that show the same to the last bit: whether for longer than a plate that is well does.

A cell whose noise is wide against the step of its converter hardly shows a value twice. One whose noise is narrow
rests on a value for seconds, longest where the load lies amid a step; how long, only itself can show: by stretches
that ended with a step too small for goods to have moved.
"""

from dataclasses import fields

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.config import SECOND_NS
from fusion.frozen import record
from fusion.health.settings import HealthConfig


@record(eq=False)
class Repeats:
    """One row a plate, in the store's plate order."""

    last_g: Floats  # (p,) the last sample
    since_ns: Ints  # (p,) of the first sample since which it has shown just that
    longest_ns: Ints  # (p,) that it has shown the same and was well
    repeated: Floats  # (p,) samples that were as the one before, of stretches that are over
    samples: Floats  # (p,) of how many
    tenths: Bools  # (p,) has shown nothing but whole tenths of a gram: may rest for ever


COLUMNS = tuple(f.name for f in fields(Repeats))


def no_repeats(p: int) -> Repeats:
    """Return p plates of which nothing is known."""
    none = np.zeros(p, np.int64)
    return Repeats(np.full(p, np.nan), none, none, np.zeros(p), np.zeros(p), np.ones(p, np.bool_))


def thawed(repeats: Repeats) -> Repeats:
    """Return a copy to be written."""
    return Repeats(*[getattr(repeats, name).copy() for name in COLUMNS])


def follow_repeats(
    repeats: Repeats, rows: Ints, g: Floats, t_ns: int, dt_ns: int, hidden_g: Floats, learns: Bools
) -> Repeats:
    """Follow samples g (n, k) of plates rows (k,) from t_ns on, dt_ns apart.

    hidden_g (k,) is a step too small for goods to have moved; learns (k,) are the plates that are thought to be well.
    """
    out = thawed(repeats)
    table = [getattr(out, name) for name in COLUMNS]
    for k, row in enumerate(rows.tolist()):
        follow_plate(*table, row, np.ascontiguousarray(g[:, k]), t_ns, dt_ns, float(hidden_g[k]), bool(learns[k]))
    return out


@njit(cache=True)
def follow_plate(
    last_g: Floats,
    since_ns: Ints,
    longest_ns: Ints,
    repeated: Floats,
    samples: Floats,
    tenths: Bools,
    row: int,
    g: Floats,
    t_ns: int,
    dt_ns: int,
    hidden_g: float,
    learns: bool,
) -> None:
    """Follow samples g (n,) of one plate, in place; the columns are of Repeats, and the others as in follow_repeats."""
    before, was = last_g[row], last_g[row]
    first, last, count, again = -1, -1, 0, 0
    for k in range(len(g)):
        if g[k] == was:
            if first >= 0:
                count += 1
        else:
            if first < 0:
                first = k
            last, again = k, count
        if not (np.isnan(g[k]) or abs(10.0 * g[k] - np.rint(10.0 * g[k])) < 1e-3):
            tenths[row] = False
        was = g[k]
    last_g[row] = was
    if first < 0:
        return
    lasted_ns = t_ns + first * dt_ns - since_ns[row]
    if learns and since_ns[row] > 0 and abs(g[first] - before) < hidden_g:
        longest_ns[row] = max(longest_ns[row], lasted_ns)
        # Samples count when their stretch is over: one that is stuck must not make repeating look usual.
        over = np.rint(lasted_ns / max(dt_ns, 1))
        repeated[row] += over
        samples[row] += over
    since_ns[row] = t_ns + last * dt_ns
    repeated[row] += again
    samples[row] += last + 1 - first


def rests(repeats: Repeats, config: HealthConfig) -> Bools:
    """Return which plates (p,) show the same value again and again while they are well, as far as is known."""
    unknown = repeats.samples < config.rests_samples
    return np.asarray(repeats.tenths | unknown | (repeats.repeated > config.rests_share * repeats.samples))


def stuck(repeats: Repeats, last_ns: Ints, config: HealthConfig) -> Bools:
    """Return which plates (p,), last heard at last_ns (p,), have shown the same for longer than they do while well."""
    still_s = np.where(rests(repeats, config), config.rests_s, config.still_s)
    need_ns = np.maximum(still_s * SECOND_NS, config.rests_longer * repeats.longest_ns)
    return np.asarray(~repeats.tenths & (repeats.since_ns > 0) & (last_ns - repeats.since_ns > need_ns))
