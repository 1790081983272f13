"""Camera geometry: pixels to rays, points to pixels, and what a sighting says about a place on the floor.

World frame as in the contract: x_cam = R X + T, z_cam forward. Image points are made free of distortion first
(OpenCV's five-parameter model), so that all later work is a plain pinhole in normalised coordinates.
"""

from functools import lru_cache

import numpy as np
from numba import njit

from fusion.arrays import Floats
from fusion.store import Cameras


@njit(cache=True, error_model="numpy")
def undistort(px: Floats, K: Floats, dist: Floats) -> Floats:
    """Turn pixels (n, 2) into normalised image points (n, 2); NaN stays NaN."""
    out = np.empty_like(px)
    for i in range(px.shape[0]):
        out[i, 0], out[i, 1] = straightened(px[i, 0], px[i, 1], K, dist)
    return out


@njit(cache=True, error_model="numpy")
def straightened(px: float, py: float, K: Floats, dist: Floats) -> tuple[float, float]:
    """Turn a pixel into a normalised image point, by fixed-point iteration; NaN stays NaN."""
    k1, k2, p1, p2, k3 = dist
    xd = (px - K[2]) / K[0]
    yd = (py - K[3]) / K[1]
    x, y = xd, yd
    for _ in range(8):
        r2 = x * x + y * y
        radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
        dx = 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
        dy = p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
        x = (xd - dx) / radial
        y = (yd - dy) / radial
    return x, y


def distort(points: Floats, K: Floats, dist: Floats) -> Floats:
    """Turn normalised image points (n, 2) into pixels (n, 2)."""
    x, y = points[:, 0], points[:, 1]
    k1, k2, p1, p2, k3 = dist
    r2 = x * x + y * y
    radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    xd = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
    yd = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
    return np.stack([K[0] * xd + K[2], K[1] * yd + K[3]], axis=1)


@lru_cache(maxsize=8)
def picture_bounds(cameras: Cameras) -> Floats:
    """Return the edges of each camera's picture as normalised image points (c, 4): least x, least y, most x, most y.

    Distortion is left out: it moves an edge by a few percent.
    """
    focal, centre = cameras.K[:, :2], cameras.K[:, 2:]
    return np.concatenate([-centre / focal, (cameras.size_px - centre) / focal], axis=1)


def to_camera(points: Floats, R: Floats, T: Floats) -> Floats:
    """Turn world points (n, 3) into camera coordinates (n, 3), m."""
    return points @ R.T + T


def project(points: Floats, K: Floats, dist: Floats, R: Floats, T: Floats) -> Floats:
    """Turn world points (n, 3) into pixels (n, 2); points behind the camera come out as NaN."""
    local = to_camera(points, R, T)
    depth = np.where(local[:, 2:] > 1e-6, local[:, 2:], np.nan)
    return distort(local[:, :2] / depth, K, dist)


def camera_centre(R: Floats, T: Floats) -> Floats:
    """Return the camera's place in the world (3,), m."""
    return -R.T @ T


def ray_directions(points: Floats, R: Floats) -> Floats:
    """Turn normalised image points (n, 2) into unit directions in the world (n, 3)."""
    local = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ R
    return np.asarray(local / np.linalg.norm(local, axis=1, keepdims=True))


@njit(cache=True, error_model="numpy")
def predict_image_point(x: float, y: float, z: float, R: Floats, T: Floats) -> tuple[Floats, Floats, float]:
    """Project a world point: normalised image point (2,), its Jacobian by the point (2, 3), depth m."""
    c = np.empty(3)
    for r in range(3):
        c[r] = R[r, 0] * x + R[r, 1] * y + R[r, 2] * z + T[r]
    depth = max(c[2], 1e-3)
    uv = np.empty(2)
    J = np.empty((2, 3))
    for r in range(2):
        uv[r] = c[r] / depth
        for k in range(3):
            J[r, k] = (R[r, k] - uv[r] * R[2, k]) / depth
    return uv, J, c[2]


@njit(cache=True, error_model="numpy")
def meet_plane(uv: Floats, z: float, R: Floats, T: Floats) -> tuple[Floats, Floats]:
    """Meet an image point's ray with the plane at height z: floor point (2,) and its slope by z (2,).

    NaN where the ray never comes down to the plane in front of the camera.
    """
    centre = np.empty(3)
    ray = np.empty(3)
    for k in range(3):
        centre[k] = -(R[0, k] * T[0] + R[1, k] * T[1] + R[2, k] * T[2])
        ray[k] = R[0, k] * uv[0] + R[1, k] * uv[1] + R[2, k]
    slope = ray[:2] / ray[2]
    step = z - centre[2]
    if abs(ray[2]) < 1e-6 or step / ray[2] <= 0.0:
        return np.full(2, np.nan), np.full(2, np.nan)
    return centre[:2] + slope * step, slope
