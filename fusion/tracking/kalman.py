"""The batched Kalman filter: one row a track, state (x, y, vx, vy, h).

x, y (m) is the floor point, vx, vy (m/s) its velocity, h (m) the height of the head's centre. Motion is continuous
white-noise acceleration in the plane (Bar-Shalom, Li, Kirubarajan 2001, section 6.2.2), so that it does not matter how
many cameras take how many frames, and a slow random walk in h.
All loops are compiled; the tests hold every row against filterpy's filter. The correction by a detection, linear or
not, stands in measurement.py.
"""

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.tracking.measurement import STATE


@njit(cache=True, error_model="numpy")
def predict(mean: Floats, cov: Floats, dt_s: float, accel_density: float, height_var_per_s: float) -> None:
    """Move every row dt_s ahead, in place: x = F x, P = F P F' + Q.

    mean (n, 5), cov (n, 5, 5). F couples position and velocity only, so the products are written out.
    """
    predict_rows(np.arange(mean.shape[0]), mean, cov, dt_s, accel_density, height_var_per_s)


@njit(cache=True, error_model="numpy")
def predict_rows(
    rows: Ints, mean: Floats, cov: Floats, dt_s: float, accel_density: float, height_var_per_s: float
) -> None:
    """Do so with some rows."""
    q_pos = accel_density * dt_s**3 / 3
    q_mix = accel_density * dt_s**2 / 2
    q_vel = accel_density * dt_s
    for i in rows:
        for axis in range(2):
            mean[i, axis] += dt_s * mean[i, axis + 2]
        for axis in range(2):
            for k in range(STATE):
                cov[i, axis, k] += dt_s * cov[i, axis + 2, k]
        for k in range(STATE):
            for axis in range(2):
                cov[i, k, axis] += dt_s * cov[i, k, axis + 2]
        for axis in range(2):
            cov[i, axis, axis] += q_pos
            cov[i, axis, axis + 2] += q_mix
            cov[i, axis + 2, axis] += q_mix
            cov[i, axis + 2, axis + 2] += q_vel
        cov[i, 4, 4] += height_var_per_s * dt_s
