"""Two hands at one shelf at one moment: which plates that changed together bore different goods."""

import numpy as np

from fusion.shelf.beside import plates_beside, plates_of_shelf
from fusion.shelf.levels import Levels, PlateChange, dark_plates
from fusion.store import Store

BRIDGE = 0.1  # share of a change that a plate between may hide, for one package to lie on both sides of it
ASIDE = 0.15  # less than this share of another load beside it is no package of its own


def apart(
    group: list[PlateChange], hidden: tuple[tuple[int, float, float], ...], levels: Levels, store: Store
) -> list[list[PlateChange]]:
    """Split a group where a plate between stayed at rest: no package lies on both sides of it, two hands took two.

    Only where all plates moved one way; what went down here and up there may be one thing that was shifted. A plate
    that says nothing at all may bear the middle of a package.
    """
    if len(group) < 2 or len({c.after_g > c.before_g for c in group}) > 1:
        return [group]
    total_g = sum(c.after_g - c.before_g for c in group)
    covered = {plate for plate, _, var in hidden if var > (BRIDGE * total_g) ** 2}
    if len(_connected(group, covered, store)) == 1:
        return [group]
    on = plates_of_shelf(store.plates)
    near = [plate for shelf in {store.plates.shelf[c.plate] for c in group} for plate in on[shelf]]
    dark = dark_plates(levels, max(c.settled_ns for c in group), np.array(near))
    parts = _connected(group, covered | set(dark.tolist()), store)
    heavy = [sum(abs(c.after_g - c.before_g) for c in part) for part in parts]
    return parts if min(heavy) > ASIDE * max(heavy) else [group]  # shelves tilt: a little of one load shows further off


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
