"""Which camera sees a head over which part of the floor, by its picture and by what stands between."""

from functools import lru_cache

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.frozen import record
from fusion.store import Store
from fusion.tracking.camera import camera_centre, picture_bounds
from fusion.tracking.geometry import inside

HEAD_M = 1.55  # what has to be seen of somebody
FAR_M = 14.0  # people further from a camera are too small
ROUNDING_M = 1e-6
SIGHTS = 24  # points along a line of sight that are asked whether something stands there


@record(eq=False)
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
    hidden, share = np.zeros(len(points), np.bool_), np.linspace(0.0, 1.0, SIGHTS)
    for fixture in store.fixtures:
        stands_between(points, eye, share, fixture.outline, fixture.height_m, hidden)
    return hidden


@njit(cache=True)
def stands_between(points: Floats, eye: Floats, share: Floats, outline: Floats, height_m: float, hidden: Bools) -> None:
    """Note, in place, which points (n, 3) a fixture, outline (v, 2), hides from an eye (3,).

    Lines of sight are asked at each share (k,) of the way; those that come nowhere near the fixture are not.
    """
    least0, most0 = outline[:, 0].min() - ROUNDING_M, outline[:, 0].max() + ROUNDING_M
    least1, most1 = outline[:, 1].min() - ROUNDING_M, outline[:, 1].max() + ROUNDING_M
    spot = np.empty((1, 2))
    for i in range(len(points)):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        if hidden[i] or max(x, eye[0]) < least0 or min(x, eye[0]) > most0:
            continue
        if max(y, eye[1]) < least1 or min(y, eye[1]) > most1:
            continue
        for k in range(len(share)):
            spot[0, 0], spot[0, 1] = x + share[k] * (eye[0] - x), y + share[k] * (eye[1] - y)
            if not (least0 <= spot[0, 0] <= most0 and least1 <= spot[0, 1] <= most1):
                continue
            if z + share[k] * (eye[2] - z) < height_m and inside(spot, outline)[0]:
                hidden[i] = True
                break


def in_the_open(xy: Floats, store: Store, area_m: float) -> Bools:
    """Return which cameras see a head over each of some places (n, 2), (n, c); off the grid none does."""
    floor = coverage(store, area_m)
    cell = np.floor((xy - floor.least) / area_m).astype(np.int64)
    out, size = np.zeros((len(xy), floor.seen.shape[1]), np.bool_), floor.cell.max(axis=0, initial=0) + 1
    on = np.flatnonzero(((cell >= 0) & (cell < size)).all(axis=1))
    known, asked = (one[:, 1] * size[0] + one[:, 0] for one in (floor.cell, cell[on]))  # cells are sorted by row
    at = np.searchsorted(known, asked)
    free = at < len(known)
    free[free] = known[at[free]] == asked[free]
    out[on[free]] = floor.seen[at[free]]
    return out
