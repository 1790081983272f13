"""Two hands at one shelf at one moment: which plates that changed together bore different goods."""

from itertools import chain

import numpy as np

from fusion.config import SECOND_NS, ShelfConfig
from fusion.shelf.beside import plates_beside, plates_of_shelf
from fusion.shelf.levels import Levels, PlateChange, dark_plates
from fusion.store import Store

BRIDGE = 0.1  # share of a change that a plate between may hide, for one package to lie on both sides of it
SHIFTED = 0.15  # what was shifted weighs as much where it lay as where it lies, but for so much of it
ASIDE = 0.15  # less than this share of another load beside it is no package of its own


def apart(
    group: list[PlateChange],
    hidden: tuple[tuple[int, float, float], ...],
    levels: Levels,
    store: Store,
    config: ShelfConfig,
) -> list[list[PlateChange]]:
    """Split a group where one thing cannot have moved all its plates: two hands moved two.

    What went down on some and up on others may be one thing that was shifted, unless the one came well after the other.
    Else no package lies on both sides of a plate between that stayed at rest; one that says nothing at all may bear its
    middle.
    """
    if len(group) < 2:
        return [group]
    ways = [[c for c in group if c.after_g > c.before_g], [c for c in group if c.after_g <= c.before_g]]
    if all(ways) and _in_turn(ways[0], ways[1], config):
        return list(chain(*(apart(w, hidden, levels, store, config) for w in ways)))
    ways_g = [sum(_gone_g(c) for c in way) for way in ways]
    if min(ways_g) > (1.0 - SHIFTED) * max(ways_g):
        return [group]
    covered = {plate for plate, _, var in hidden if var > (BRIDGE * max(ways_g)) ** 2}
    if len(_connected(group, covered, store)) == 1:
        return [group]
    on = plates_of_shelf(store.plates)
    near = [plate for shelf in {store.plates.shelf[c.plate] for c in group} for plate in on[shelf]]
    dark = dark_plates(levels, max(c.settled_ns for c in group), np.array(near))
    parts = _connected(group, covered | set(dark.tolist()), store)
    return parts if _are_packages(parts) else [group]


def _in_turn(up: list[PlateChange], down: list[PlateChange], config: ShelfConfig) -> bool:
    """Tell whether all of one way came well before all of the other."""
    if any(c.is_slow for c in (*up, *down)):  # nobody knows just when
        return False
    first, second = sorted([[c.step_ns for c in up], [c.step_ns for c in down]])
    return min(second) - max(first) > config.apart_s * SECOND_NS and _are_packages([up, down])


def _are_packages(parts: list[list[PlateChange]]) -> bool:
    """Tell whether each part weighs enough beside the heaviest: a little of a load shows on plates further off."""
    heavy = [sum(map(_gone_g, part)) for part in parts]
    return min(heavy) > ASIDE * max(heavy)


def _gone_g(change: PlateChange) -> float:
    return abs(change.after_g - change.before_g)


def _connected(group: list[PlateChange], bridges: set[int], store: Store) -> list[list[PlateChange]]:
    """Return the parts of a group whose plates lie beside each other, or have bridges alone between them."""
    next_to = plates_beside(store.plates, 1)
    plates, out = {c.plate: c for c in group}, list[list[PlateChange]]()
    while plates:
        seen, edge = set[int](), [min(plates)]
        while edge:
            plate = edge.pop()
            seen.add(plate)
            edge += [p for p in next_to[plate] if p not in seen and (p in plates or p in bridges)]
        out.append([c for plate, c in sorted(plates.items()) if plate in seen])
        plates = {plate: c for plate, c in plates.items() if plate not in seen}
    return out
