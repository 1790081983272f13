"""Compile the numba kernels once and leave them in the cache: `python -m fusion.tracking.warm` in `make setup`."""

import numpy as np

from fusion.tracking.association import Passing, births, take_in
from fusion.tracking.camera import undistort
from fusion.tracking.existence import Chances
from fusion.tracking.gating import pairs_within
from fusion.tracking.hands import nearest_m
from fusion.tracking.kalman import predict
from fusion.tracking.life import Span, age, bear, remember
from fusion.tracking.measurement import View
from fusion.tracking.merging import Oneness, pairs_of_one
from fusion.tracking.tracks import COLUMNS, no_tracks, thaw


def warm() -> None:
    """Call every kernel with the types the engine calls it with."""
    R, T, nan = np.eye(3), np.array([0.0, 0.0, 3.0]), np.full((1, 2), np.nan)
    undistort(np.zeros((1, 2)), np.array([900.0, 900.0, 640.0, 360.0]), np.zeros(5))
    mean, cov, sd = np.zeros((1, 5)), np.eye(5)[None].copy(), np.full(1, 0.1)
    predict(mean, cov, 0.1, 1.0, 0.01)
    ids, by_camera, look = np.zeros(1, np.int64), np.zeros((1, 1), np.int64), np.zeros((1, 64), np.float32)
    remember(ids, ids, 0, 1, look, ids, 0.1, ids.copy(), look, ids.copy(), by_camera, by_camera, by_camera, ids.copy())
    age(ids, np.ones(1), ids, ids, 1, Span(np.ones(6, np.int64), 1, 0.1, 0.9, 1))
    for is_depth, head in ((True, np.zeros((1, 3))), (False, np.zeros((1, 2)))):
        view = View(is_depth, head, nan, sd, R, T, 0.05, np.array([-1.0, -1.0, 1.0, 1.0]))
        likeness = (0.8, 0.1, 0.2, 0.2, 8.0)
        chances = Chances(0.9, 0.03, 0.5, 0.99, 0.02, 0.9999, 16.0, 2.0, -1.0)
        exist, sight, passing = np.full(1, 0.5), np.full((1, 1), 0.5), Passing(0.1, 1.0, 0.01, 0.1, 0.9, 0.5, 5)
        row = (1, ids, mean, cov, exist, sight, look, ids, by_camera, 0)
        take_in(*row, view, look, ids, passing, chances, likeness)
        births(view, ids, 1.5, 0.2, 0.8, np.eye(3, 2), 1.0)
    born = [look.copy() if name == "look" else getattr(thaw(no_tracks(1), 1), name) for name in COLUMNS]
    bear(0, 1, ids, mean, cov, np.ones(1), 0, 1, look, ids, 0.9, *born)
    one = Oneness(0.3, 0.3, 24, 2.0, 2.0, 0.4, 0.6, 5)
    pairs_of_one(ids, mean, ids, by_camera, look, ids, 1, one)
    pairs_within(np.zeros((2, 2)), 0.1)
    nearest_m(np.zeros((2, 2, 3)))


if __name__ == "__main__":
    warm()
