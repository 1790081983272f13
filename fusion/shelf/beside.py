"""Which plates lie near enough to each other to move together: asked of every change, worked out once a store."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from fusion.store import Facings, Plates, facings_of_plate


@lru_cache(maxsize=8)
def plates_of_shelf(plates: Plates) -> Mapping[str, list[int]]:
    """Return the plates of each shelf, sorted: none of two shelves lie beside each other."""
    on: dict[str, list[int]] = {}
    for row, shelf in enumerate(plates.shelf):
        on.setdefault(shelf, []).append(row)
    return on


@lru_cache(maxsize=8)
def plates_beside(plates: Plates, neighbours: float) -> tuple[frozenset[int], ...]:
    """Return per plate the others of its shelf that are near enough for one package to lie on both.

    neighbours is how many plates apart they may be, counted in widths of the wider of two.
    """
    beside: list[frozenset[int]] = [frozenset()] * len(plates.shelf)
    for rows in plates_of_shelf(plates).values():
        at, width = plates.centre[rows, :2], plates.size[rows, 0]
        gap = np.linalg.norm(at[:, None] - at[None, :], axis=-1)
        near = gap <= (neighbours + 0.5) * np.maximum(width[:, None], width[None, :])
        for k, row in enumerate(rows):
            beside[row] = frozenset(rows[other] for other in np.flatnonzero(near[k]) if other != k)
    return tuple(beside)


@lru_cache(maxsize=8)
def company_of_plate(plates: Plates, facings: Facings, neighbours: float) -> Mapping[int, tuple[int, ...]]:
    """Return per plate the others that may change by the same move of goods: beside it, or under the same facing."""
    rows, beside = facings_of_plate(facings), plates_beside(plates, neighbours)
    company = {}
    for plate, near in enumerate(beside):
        goods = {other for row in rows.get(plate, ()) for other in facings.plates[row]}
        company[plate] = tuple(sorted((near | goods) - {plate}))
    return company


@lru_cache(maxsize=8)
def bay_of_plate(plates: Plates, facings: Facings, neighbours: float) -> tuple[int, ...]:
    """Return per plate the first plate of its bay: what happens to plates of two bays is never one move of goods."""
    company = company_of_plate(plates, facings, neighbours)
    bay = [-1] * len(plates.shelf)
    for first in range(len(bay)):
        reached = [first] if bay[first] < 0 else []
        while reached:
            plate = reached.pop()
            if bay[plate] < 0:
                bay[plate] = first
                reached += company[plate]
    return tuple(bay)
