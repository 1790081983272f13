"""Two hands that take from one shelf in turn, sooner after each other than a plate both goods lay on comes to rest.

Its two steps were one change by the time it was quiet. A plate beside it that stepped the same way between shows where
one ended and the other began, if the first had come to a level by then and nothing had been tilted onto that plate.
"""

import numpy as np

from fusion.config import SECOND_NS, ShelfConfig
from fusion.frozen import replace
from fusion.shelf.beside import plates_beside
from fusion.shelf.grouping import is_tilted
from fusion.shelf.levels import PlateChange
from fusion.store import Store

PLATEAU = 3  # blocks of the level between
SMALL = 0.05  # of the whole change: less is no package of its own


def interleaved(changes: list[PlateChange], store: Store, config: ShelfConfig) -> list[PlateChange]:
    """Return changes, sorted by step, with those split that a plate beside shows to be two."""
    beside, out = plates_beside(store.plates, config.neighbours), list[PlateChange]()
    on_plate: dict[int, list[PlateChange]] = {}
    for one in changes:
        on_plate.setdefault(one.plate, []).append(one)
    for one in changes:
        others = (c for plate in sorted(beside[one.plate]) if plate != one.plate for c in on_plate.get(plate, ()))
        parts = next((found for other in others if (found := _split(one, other, config))), None)
        out += parts or (one,)
    return sorted(out, key=lambda c: (c.step_ns, c.plate)) if len(out) > len(changes) else changes


def _split(one: PlateChange, other: PlateChange, config: ShelfConfig) -> tuple[PlateChange, PlateChange] | None:
    """Return one change as what went before the other stepped and what went with it; None where it is one."""
    way = np.sign(one.after_g - one.before_g)
    late = one.onset_ns + config.apart_s * SECOND_NS <= other.onset_ns and other.step_ns <= one.settled_ns
    if one.is_slow or other.is_slow or not late or np.sign(other.after_g - other.before_g) != way:
        return None
    shown = [(t_ns, g) for t_ns, g in one.trace if one.onset_ns <= t_ns < other.onset_ns]
    level = [g for _, g in shown][-PLATEAU:]
    if len(level) < PLATEAU:
        return None
    middle = float(np.median(level))
    var = one.var + (0.5 * float(np.ptp(level))) ** 2  # of three numbers
    first_g, rest_g = middle - one.before_g, one.after_g - middle
    least_g = max(config.change_sds * np.sqrt(var), SMALL * abs(first_g + rest_g))
    step_ns = max((t_ns for t_ns, g in shown if abs(g - middle) > 0.5 * abs(first_g)), default=one.onset_ns)
    if min(way * first_g, way * rest_g) <= least_g or is_tilted(other, step_ns, first_g):
        return None
    return (
        replace(one, after_g=middle, step_ns=step_ns, settled_ns=other.onset_ns, var=var),
        replace(one, before_g=middle, onset_ns=other.onset_ns, step_ns=other.step_ns, var=var, is_rest=True),
    )
