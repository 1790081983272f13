"""Shelves as what they are to the eye: boards, a back and two sides, with open air between.

The plates of a store say where the boards of each gondola are. A fixture that carries plates is taken for its shelves;
any other fixture is solid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.store import Fixture, Plates, Store

BOARD_M: Final = 0.03
PANEL_M: Final = 0.02
TOUCH_M: Final = 0.05  # what lies so close to a board is not hidden by it
TOP_M: Final = 0.15  # of a back above the highest board, where no fixture tells


@dataclass(frozen=True, slots=True, eq=False)
class Shelving:
    """One gondola: b boxes along its own axes, width, depth and up."""

    origin: Floats  # (2,) m
    axes: Floats  # (2, 2) width and depth axis
    low: Floats  # (b, 3) m
    high: Floats  # (b, 3) m


@dataclass(frozen=True, slots=True, eq=False)
class Obstacles:
    """All of a store that blocks sight and stands still."""

    solid: tuple[Fixture, ...]
    shelves: tuple[Shelving, ...]


@lru_cache(maxsize=8)
def obstacles_of(store: Store) -> Obstacles:
    """Return what blocks sight in a store; made once a store."""
    plates = store.plates
    names = np.array(plates.gondola)
    solid, height = [], np.zeros(len(names))
    for fixture in store.fixtures:
        carried = inside(plates.centre[:, :2], fixture.outline)
        height[carried] = fixture.height_m
        if not carried.any():
            solid.append(fixture)
    groups = [np.flatnonzero(names == name) for name in dict.fromkeys(plates.gondola)]
    return Obstacles(tuple(solid), tuple(_shelving(plates, rows, float(height[rows].max())) for rows in groups))


def behind_shelves(place: Floats, points: Floats, shelves: Sequence[Shelving]) -> Bools:
    """Return which points, (m, 3) m, a camera at `place`, (3,) m, cannot see for boards and panels."""
    hidden = np.zeros(len(points), dtype=bool)
    if not len(points):
        return hidden
    ray = points - place
    length = np.linalg.norm(ray, axis=1)
    reach = np.maximum(1.0 - TOUCH_M / np.maximum(length, TOUCH_M), 0.0)
    for shelf in shelves:
        start = _local(place - np.append(shelf.origin, 0.0), shelf.axes)
        low, high = shelf.low.min(axis=0), shelf.high.max(axis=0)
        if np.linalg.norm(np.maximum(np.maximum(low - start, start - high), 0.0)) > length.max():
            continue
        # Most sight lines miss the gondola altogether.
        way = _local(ray, shelf.axes)
        near = np.flatnonzero(_crossed(start, way, low, high, reach) & ~hidden)
        hidden[near] = _crossed(start, way[near, None], shelf.low, shelf.high, reach[near, None]).any(axis=1)
    return hidden


def _crossed(start: Floats, way: Floats, low: Floats, high: Floats, reach: Floats) -> Bools:
    """Return which sight lines, (..., 3) from start, cross which boxes, (..., 3), before their end: the slab method."""
    enter, leave = np.zeros(()), reach
    for axis in range(3):
        step = way[..., axis]
        step = np.where(np.abs(step) < 1e-9, 1e-9, step)
        one, other = (low[..., axis] - start[axis]) / step, (high[..., axis] - start[axis]) / step
        enter = np.maximum(enter, np.minimum(one, other))
        leave = np.minimum(leave, np.maximum(one, other))
    crossed: Bools = enter < leave
    return crossed


def _local(vectors: Floats, axes: Floats) -> Floats:
    """Turn vectors, (..., 3), into a gondola's own axes."""
    return np.concatenate([vectors[..., :2] @ axes.T, vectors[..., 2:]], axis=-1)


def _shelving(plates: Plates, rows: Ints, height_m: float) -> Shelving:
    """Build the boxes of one gondola from its plates."""
    yaw = np.deg2rad(plates.yaw_deg[rows[0]])
    axes = np.array([[np.cos(yaw), np.sin(yaw)], [-np.sin(yaw), np.cos(yaw)]])
    origin = plates.centre[rows[0], :2]
    middle = (plates.centre[rows, :2] - origin) @ axes.T
    half = plates.size[rows] / 2.0
    (left, front), (right, back) = (middle - half).min(axis=0), (middle + half).max(axis=0)
    z = plates.centre[rows, 2]
    top = max(height_m, float(z.max()) + TOP_M)
    boxes = [
        ((left, back, 0.0), (right, back + PANEL_M, top)),
        ((left - PANEL_M, front, 0.0), (left, back, top)),
        ((right, front, 0.0), (right + PANEL_M, back, top)),
        ((left, front, 0.0), (right, back, float(z.min()))),  # the plinth below the lowest board
    ]
    boxes += [
        ((left, front, level - BOARD_M), (right, back, level))
        for level in np.unique(z.round(2))
        if level > z.min() + BOARD_M
    ]
    low, high = (np.array(side) for side in zip(*boxes, strict=True))
    return Shelving(origin, axes, low, high)


def inside(points: Floats, outline: Floats) -> Bools:
    """Return which points, (p, 2), lie in a polygon, (v, 2): an odd number of its edges is to their right."""
    found = np.zeros(len(points), dtype=bool)
    x, y = points.T
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y0 != y1:
            spans = (y0 > y) != (y1 > y)
            found ^= spans & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return found
