"""Plates whose level jumps though no goods moved: a loose contact, a converter whose zero moves, a package that tips.

Two things tell. Goods leave a cell, or come to it, over several samples, pressed before and ringing after: a level that
goes from one sample to the next, at rest before and after, was moved by no hand. And a change that is nobody's: nobody
was there, or nobody had such a thing. Either may happen to a plate that is well, seldom; what speaks against a plate is
summed change by change as for carts and portals (doubts.py), and changes that are somebody's speak for it. Of a plate
that jumps nothing is left out, for goods go from it as ever; but whoever its grams charge waits for a person, whatever
their hands hold: they may well hold such a thing, from beside it. What a filter makes of a single jump just when a hand
is beside looks like goods, as a jump does among samples that differ by as much, and nothing tells.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field, fields
from typing import TypeAlias

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.attribution.settled import Settled
from fusion.config import SECOND_NS
from fusion.frozen import record
from fusion.health.doubts import Doubt, doubted
from fusion.health.settings import HealthConfig
from fusion.shelf import ShelfChange

REST_NS = SECOND_NS // 10  # before and after a jump, on which a plate rests from sample to sample
PACE_NS = SECOND_NS // 50  # samples further apart than this may well step over a hand
REST_SDS = 12.0  # in noise of a block, a third or less of what samples differ by: between two of a plate that rests
JUMP_SDS = 20.0  # a jump, at least
ALIKE = 0.1  # of a jump: what a change may differ from it that is nothing else
CLEAR_P = 0.8  # of a change's being nobody's, or somebody's, to speak against its plates, or for them


@record(eq=False)
class Sharp:
    """Levels that went from one sample to the next; one row a plate, in the store's plate order."""

    rest_ns: Ints  # (p,) for how long it has rested
    last_ns: Ints  # (p,) of the last sample
    waits_g: Floats  # (p,) by what it went since which it rests, not yet for long; 0 where it did not
    jump_g: Floats  # (p,) its latest jump, 0 before there was one
    jump_ns: Ints  # (p,)


COLUMNS = tuple(f.name for f in fields(Sharp))


def not_sharp(p: int) -> Sharp:
    """Return p plates of which nothing is known."""
    none = np.zeros(p, np.int64)
    return Sharp(none, none, np.zeros(p), np.zeros(p), none)


def thawed(sharp: Sharp) -> Sharp:
    """Return a copy to be written."""
    return Sharp(*[getattr(sharp, name).copy() for name in COLUMNS])


@njit(cache=True)
def follows(last_ns: int, t_ns: int, dt_ns: int) -> bool:
    """Tell whether a batch follows on the last sample without a gap, at a pace that shows a hand."""
    gap_ns = t_ns - last_ns
    return dt_ns <= PACE_NS and 0 < gap_ns <= 1.5 * dt_ns


@njit(cache=True)
def follow_jumps(
    rest_ns: Ints,
    last_ns: Ints,
    waits_g: Floats,
    jump_g: Floats,
    jump_ns: Ints,
    row: int,
    before_g: float,
    g: Floats,
    t_ns: int,
    dt_ns: int,
    rest_g: float,
    least_g: float,
) -> None:
    """Follow samples g (n,) of one plate, in place; the columns are of Sharp, before_g is the sample before.

    Between samples at rest there are at most rest_g; a jump is of least_g or more.
    """
    was, rested, waits = before_g, rest_ns[row], waits_g[row]
    if not follows(last_ns[row], t_ns, dt_ns):
        was, rested, waits = np.nan, 0, 0.0
    last_ns[row] = t_ns + (len(g) - 1) * dt_ns
    if dt_ns > PACE_NS:
        rest_ns[row], waits_g[row] = 0, 0.0
        return
    for k in range(len(g)):
        step = g[k] - was
        was = g[k]
        if abs(step) <= rest_g:
            rested += dt_ns
            if waits != 0.0 and rested >= REST_NS:
                jump_g[row], jump_ns[row] = waits, t_ns + k * dt_ns - rested
                waits = 0.0
            continue
        waits = step if abs(step) >= least_g and rested >= REST_NS else 0.0  # nor where it is NaN
        rested = 0
    rest_ns[row], waits_g[row] = rested, waits


@record()
class Jumpy:
    """What speaks against plates."""

    of: Mapping[int, Doubt] = field(default_factory=dict)  # plate -> doubt
    most_g: Mapping[int, float] = field(default_factory=dict)  # plate -> its largest jump since it was last well


Said: TypeAlias = tuple[int, float, bool, int]  # plate; by how many g it changed; whether no goods did that; when, ns
Times: TypeAlias = Mapping[int, tuple[int, int]]  # plate -> from when to when, ns, both included


def jumped(jumpy: Jumpy) -> frozenset[int]:
    """Return the plates whose level jumps."""
    return frozenset(plate for plate, one in jumpy.of.items() if one.on)


def check_sharp(
    jumpy: Jumpy, changes: Iterable[ShelfChange], sharp: Sharp, wrong: Times, config: HealthConfig
) -> Jumpy:
    """Weigh plates by changes that have just been found: which went from one sample to the next.

    Those that are wrong in other ways are not asked, from when to when.
    """
    said = (
        (plate, g, True, change.step_ns)
        for change in changes
        for plate, g in zip(change.plates, change.delta_g, strict=True)
        if _is_sharp(plate, g, change, sharp)
    )
    return _weighed(jumpy, said, wrong, config.jump_sharp_p, config)


def check_settled(
    jumpy: Jumpy, settled: Iterable[Settled], least_g: Floats, wrong: Times, config: HealthConfig
) -> Jumpy:
    """Weigh plates by changes whose reading is final, of half a piece or more; least_g (p,) is that of the lightest."""
    said = list[Said]()
    for one in settled:
        p = sum(p for reading, p in ((one.reading, one.p), *one.others) if not any(part.trip for part in reading.parts))
        if CLEAR_P > p > 1.0 - CLEAR_P:
            continue
        for plate, g in zip(one.change.plates, one.change.delta_g, strict=True):
            said += [(plate, g, p >= CLEAR_P, one.change.step_ns)] if abs(g) >= 0.5 * least_g[plate] else []
    return _weighed(jumpy, said, wrong, config.jump_nobody_p, config)


def _weighed(
    jumpy: Jumpy, said: Iterable[Said], times: Times, wrong_p: tuple[float, float], config: HealthConfig
) -> Jumpy:
    """Return what speaks against plates after some changes."""
    of, most_g = dict(jumpy.of), dict(jumpy.most_g)
    for plate, g, wrong, t_ns in said:
        since, until = times.get(plate, (0, -1))
        if since <= t_ns <= until:
            continue
        of[plate] = doubted(of.get(plate, Doubt()), wrong, wrong_p, config.jump_nats, t_ns)
        most_g[plate] = max(most_g.get(plate, 0.0), abs(g) if wrong else 0.0) if of[plate].wrong else 0.0
    return jumpy if of == jumpy.of else Jumpy(of, most_g)


def _is_sharp(plate: int, g: float, change: ShelfChange, sharp: Sharp) -> bool:
    """Tell whether a plate went by its share of a change from one sample to the next."""
    in_time = change.t0_ns - SECOND_NS <= sharp.jump_ns[plate] <= change.t1_ns + SECOND_NS
    return bool(in_time and abs(g - sharp.jump_g[plate]) <= ALIKE * abs(sharp.jump_g[plate]))
