"""Compile the numba kernels once and leave them in the cache: `python -m fusion.tracking.warm` in `make setup`."""

import numpy as np

from fusion.tracking.appearance import add_witnesses, learn_looks, look_nats
from fusion.tracking.association import birth, place_costs, solve_and_update
from fusion.tracking.camera import undistort
from fusion.tracking.kalman import predict, update


def warm() -> None:
    """Call every kernel with the types the engine calls it with."""
    R, T, nan = np.eye(3), np.array([0.0, 0.0, 3.0]), np.full((1, 2), np.nan)
    undistort(np.zeros((1, 2)), np.array([900.0, 900.0, 640.0, 360.0]), np.zeros(5))
    mean, cov, sd = np.zeros((1, 5)), np.eye(5)[None].copy(), np.full(1, 0.1)
    predict(mean, cov, 0.1, 1.0, 0.01)
    update(mean, cov, np.zeros((1, 2)), np.eye(5)[:2].copy(), np.eye(2)[None].copy())
    for is_depth, head in ((True, np.zeros((1, 3))), (False, np.zeros((1, 2)))):
        geometry = (is_depth, head, nan, sd, R, T, 0.05)
        cost, _ = place_costs(mean, cov, *geometry, 16.0, 4.0)
        looks = look_nats(np.zeros((1, 64)), np.zeros((1, 64)), (0.8, 0.1, 0.2, 0.2, 8.0))
        ids = np.zeros(1, np.int64)
        add_witnesses(cost, looks, ids, ids, 2.0, -1.0)
        learn_looks(np.zeros((1, 64)), ids.copy(), ids, np.ones((1, 64)), ids, 0.1)
        solve_and_update(cost, mean, cov, *geometry)
        birth(is_depth, head[0], nan[0], 0.1, R, T, 1.5, 0.2, 0.05, 0.8)


if __name__ == "__main__":
    warm()
