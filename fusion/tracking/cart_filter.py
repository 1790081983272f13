"""The Kalman filter of one cart, state (x, y, vx, vy): piecewise constant white acceleration, places measured.

It was filterpy's, and is the same to the last bit; the tests hold it to that. Loading filterpy takes 0.75 s, for all of
scipy.stats, and each of its calls twice as long.
"""

import numpy as np

from fusion.arrays import Floats

PLACE = np.eye(2, 4)  # H: of the state, what a report measures


def predict(mean: Floats, cov: Floats, dt_s: float, accel_var: float) -> tuple[Floats, Floats]:
    """Return mean (4,) and cov (4, 4) moved dt_s ahead: F x, F P F' + Q."""
    F, Q = np.eye(4), np.zeros((4, 4))
    F[0, 2] = F[1, 3] = dt_s
    for axis in range(2):
        Q[axis, axis] = 0.25 * dt_s**4
        Q[axis, axis + 2] = Q[axis + 2, axis] = 0.5 * dt_s**3
        Q[axis + 2, axis + 2] = dt_s**2
    return F @ mean, F @ cov @ F.T + Q * accel_var


def correct(mean: Floats, cov: Floats, place: Floats, R: Floats) -> tuple[Floats, Floats]:
    """Return mean (4,) and cov (4, 4) after a place (2,) of covariance R (2, 2), in Joseph's form."""
    H = PLACE
    K = cov @ H.T @ np.linalg.inv(H @ cov @ H.T + R)
    keep = np.eye(4) - K @ H
    return mean + K @ (place - H @ mean), keep @ cov @ keep.T + K @ R @ K.T
