"""How well the cameras of a store see its floor: by how many a head is seen, place by place."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.store import Cameras, Store
from scenarios.paths import is_free
from sensors.occlusion import behind_fixtures
from sensors.optics import eye_of, project

HEAD_M: Final = 1.58  # centre of the head of a person of usual height
NOOK_M: Final = 0.9  # how far a nook goes about its middle
ENOUGH: Final = 2  # cameras: fewer cannot tell which of two people a hand belongs to


def floor_points(store: Store, spacing_m: float = 0.25) -> Floats:
    """Return the places of a store, (m, 2), where a body can stand, on a grid."""
    low, high = store.outline.min(axis=0), store.outline.max(axis=0)
    x, y = (np.arange(low[axis] + spacing_m / 2, high[axis], spacing_m) for axis in range(2))
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return points[is_free(points, store.outline, store.fixtures)]


def cameras_seeing(store: Store, points: Floats) -> Ints:
    """Return how many cameras see each point, (m, 3) m, past fixtures, in a store without people."""
    seen = np.zeros(len(points), dtype=np.int64)
    for row in range(len(store.cameras.camera_id)):
        seen[_framed(store.cameras, row, points, store)] += 1
    return seen


def _framed(cameras: Cameras, row: int, points: Floats, store: Store) -> Ints:
    """Return the rows of the points that one camera sees."""
    eye = eye_of(cameras, row)
    rows = np.flatnonzero(project(eye, points)[1])
    return rows[~behind_fixtures(eye.place, points[rows], store.fixtures)]


def share_seen(
    store: Store, *, cameras: int = ENOUGH, height_m: float = HEAD_M, apart_from: Sequence[Floats] = ()
) -> float:
    """Return the share of the walkable floor where at least so many cameras see a head; nooks can be left out."""
    floor = floor_points(store)
    for nook in apart_from:
        floor = floor[np.linalg.norm(floor - nook, axis=1) > NOOK_M]
    heads = np.column_stack([floor, np.full(len(floor), height_m)])
    return float((cameras_seeing(store, heads) >= cameras).mean())
