"""What health does to changes of plates: none from plates that say nothing, wider ones from plates that are off."""

import numpy as np

from fusion.arrays import Bools, Ints
from fusion.config import SECOND_NS
from fusion.frozen import replace
from fusion.health.gains import Gains
from fusion.health.plates import PlateHealth
from fusion.health.repeats import rests
from fusion.health.settings import HealthConfig
from fusion.shelf import Levels, PlateChange, ShelfChange
from fusion.shelf.tails import last

LAG_S = 2.0  # a level is the mean of so much: by so much later is the walk of a drifting plate


def trusted(changes: tuple[PlateChange, ...], health: PlateHealth, gains: Gains) -> tuple[tuple[PlateChange, ...], int]:
    """Return changes as far as their plates are to be trusted, and how many are left out.

    A plate that said nothing for a while comes back at another level: when and by whom that changed nobody knows.
    """
    wrong = dict(gains.wrong)
    out = []
    for one in changes:
        dark = any(
            alarms.on[one.plate] or alarms.ended_ns[one.plate] > one.onset_ns
            for alarms in (health.silent, health.still)
        )
        if dark:
            continue
        var = one.var
        if health.drifting.on[one.plate]:
            lasted_s = (one.settled_ns - one.onset_ns) / SECOND_NS + LAG_S
            var += (float(health.rate[one.plate]) * lasted_s) ** 2
        if one.plate in wrong:
            var += (wrong[one.plate] * (one.after_g - one.before_g)) ** 2
        out.append(one if var == one.var else replace(one, var=var))
    return tuple(out), len(changes) - len(out)


def moved_goods(
    changes: tuple[ShelfChange, ...], levels: Levels, health: PlateHealth, config: HealthConfig
) -> tuple[tuple[ShelfChange, ...], tuple[int, ...]]:
    """Return changes without the shares of plates that have shown the same to the last bit since, and those plates.

    A cell that died went from its load to what it shows for ever: no goods moved.
    """
    out, dead = [], list[int]()
    for one in changes:
        rows = np.array(one.plates, np.int64)
        stays = rests(health.repeats, config)[rows] | ~_stands(levels, rows, config)
        dead += rows[~stays].tolist()
        if stays.all():
            out.append(one)
        elif stays.any():
            keep = np.flatnonzero(stays).tolist()
            out.append(
                replace(
                    one,
                    plates=tuple(one.plates[i] for i in keep),
                    delta_g=tuple(one.delta_g[i] for i in keep),
                    var=tuple(one.var[i] for i in keep),
                    trace=tuple(one.trace[i] for i in keep) if one.trace else (),
                )
            )
    return tuple(out), tuple(dead)


def _stands(levels: Levels, rows: Ints, config: HealthConfig) -> Bools:
    (g,), ns = last(levels.history, rows, config.still_blocks)
    return np.asarray((g == g[:, -1:]).all(axis=1) & (ns[:, 0] > 0))
