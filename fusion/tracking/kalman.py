"""The batched Kalman filter: one row a track, state (x, y, vx, vy, h).

x, y (m) is the floor point, vx, vy (m/s) its velocity, h (m) the height of the head's centre. Motion is white-noise
acceleration in the plane (Bar-Shalom, Li, Kirubarajan 2001, section 6.3.2, discrete form) and a slow random walk in h.
All loops are compiled; the tests hold every row against filterpy's filter.
"""

import numpy as np
from numba import njit

from fusion.arrays import Floats

STATE = 5


@njit(cache=True)
def predict(mean: Floats, cov: Floats, dt_s: float, accel_var: float, height_var_per_s: float) -> None:
    """Move every row dt_s ahead, in place: x = F x, P = F P F' + Q.

    mean (n, 5), cov (n, 5, 5). F couples position and velocity only, so the products are written out.
    """
    q_pos = accel_var * dt_s**4 / 4
    q_mix = accel_var * dt_s**3 / 2
    q_vel = accel_var * dt_s**2
    for i in range(mean.shape[0]):
        P = cov[i]
        for axis in range(2):
            mean[i, axis] += dt_s * mean[i, axis + 2]
        for axis in range(2):
            for k in range(STATE):
                P[axis, k] += dt_s * P[axis + 2, k]
        for axis in range(2):
            for k in range(STATE):
                P[k, axis] += dt_s * P[k, axis + 2]
        for axis in range(2):
            P[axis, axis] += q_pos
            P[axis, axis + 2] += q_mix
            P[axis + 2, axis] += q_mix
            P[axis + 2, axis + 2] += q_vel
        P[4, 4] += height_var_per_s * dt_s


@njit(cache=True)
def innovation_cov(P: Floats, H: Floats, R: Floats) -> Floats:
    """Return S = H P H' + R, (m, m)."""
    return H @ P @ H.T + R


@njit(cache=True)
def update_row(x: Floats, P: Floats, y: Floats, H: Floats, R: Floats) -> None:
    """Correct one row in place by innovation y (m,), H (m, 5), R (m, m).

    K = P H' S^-1, x += K y, P = (I - K H) P (I - K H)' + K R K' (Joseph form: stays symmetric and positive).
    """
    K = np.linalg.solve(innovation_cov(P, H, R), H @ P).T
    x += K @ y
    A = np.eye(STATE) - K @ H
    P[:] = A @ P @ A.T + K @ R @ K.T


@njit(cache=True)
def update(mean: Floats, cov: Floats, z: Floats, H: Floats, R: Floats) -> None:
    """Correct every row by its own linear measurement z (n, m) with one H (m, 5) and R (n, m, m), in place."""
    for i in range(mean.shape[0]):
        update_row(mean[i], cov[i], z[i] - H @ mean[i], H, R[i])
