"""Which camera sees a head over which part of the floor, by its picture and by what stands between."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.store import Store
from fusion.tracking.camera import camera_centre, picture_bounds
from fusion.tracking.geometry import inside

HEAD_M = 1.55  # what has to be seen of somebody
FAR_M = 14.0  # people further from a camera are too small
SIGHTS = 24  # points along a line of sight that are asked whether something stands there


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Cells of the floor on a grid and who sees a head there."""

    cell: Ints  # (m, 2) column and row
    seen: Bools  # (m, c)
    area_m: float
    least: Floats  # (2,) m, the grid's corner


@lru_cache(maxsize=8)
def coverage(store: Store, area_m: float) -> Coverage:
    """Return the cells of the walkable floor, and which cameras (c,) see a head over each; made once a store."""
    least, most = store.outline.min(axis=0), store.outline.max(axis=0)
    columns, rows = (np.arange(max(1, round(float(w) / area_m))) for w in most - least)
    cell = np.array([(x, y) for y in rows.tolist() for x in columns.tolist()], np.int64).reshape(-1, 2)
    xy = least + (cell + 0.5) * area_m
    free = inside(xy, store.outline)
    for fixture in store.fixtures:
        free &= ~inside(xy, fixture.outline)
    cell, xy = cell[free], xy[free]
    cameras, edge = store.cameras, picture_bounds(store.cameras)
    seen = np.zeros((len(xy), len(cameras.camera_id)), np.bool_)
    head = np.column_stack([xy, np.full(len(xy), HEAD_M)])
    for c in range(seen.shape[1]):
        local = head @ cameras.R[c].T + cameras.T[c]
        depth = np.maximum(local[:, 2], 1e-6)
        u, v = local[:, 0] / depth, local[:, 1] / depth
        framed = (local[:, 2] > 0.3) & (local[:, 2] < FAR_M)
        framed &= (u > edge[c, 0]) & (v > edge[c, 1]) & (u < edge[c, 2]) & (v < edge[c, 3])
        at = np.flatnonzero(framed)
        seen[at, c] = ~_hidden(head[at], camera_centre(cameras.R[c], cameras.T[c]), store)
    return Coverage(cell, seen, area_m, least)


def _hidden(points: Floats, eye: Floats, store: Store) -> Bools:
    """Return which points (n, 3) have a fixture between them and the eye."""
    share = np.linspace(0.0, 1.0, SIGHTS)[None, :, None]
    line = (points[:, None, :] + share * (eye - points[:, None, :])).reshape(-1, 3)
    hidden = np.zeros(len(line), np.bool_)
    for fixture in store.fixtures:
        hidden |= inside(line[:, :2], fixture.outline) & (line[:, 2] < fixture.height_m)
    return np.asarray(hidden.reshape(len(points), SIGHTS).any(axis=1))


def in_the_open(xy: Floats, store: Store, area_m: float) -> Bools:
    """Return which cameras see a head over each of some places (n, 2), (n, c); off the grid none does."""
    floor = coverage(store, area_m)
    cell = np.floor((xy - floor.least) / area_m).astype(np.int64)
    out = np.zeros((len(xy), floor.seen.shape[1]), np.bool_)
    row, at = np.nonzero((cell[:, None, :] == floor.cell[None, :, :]).all(axis=2))
    out[row] = floor.seen[at]
    return out
