"""The eye of a camera: pinhole with OpenCV's five distortion terms, and how to aim it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.arrays import Bools, Floats
from fusion.store import Cameras

NEAR_M: Final = 0.25
FIELD_MAX: Final = 1.4  # tangent off the axis; beyond it the distortion terms mean nothing


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """One calibrated camera."""

    size_px: Floats  # (2,)
    K: Floats  # (4,) fx fy cx cy
    dist: Floats  # (5,) k1 k2 p1 p2 k3
    R: Floats  # (3, 3) world to camera
    T: Floats  # (3,) m

    @property
    def place(self) -> Floats:
        """The camera's own place in the store, (3,) m."""
        place: Floats = -self.R.T @ self.T
        return place


def eye_of(cameras: Cameras, row: int) -> Eye:
    """Return one row of the store's cameras."""
    return Eye(cameras.size_px[row], cameras.K[row], cameras.dist[row], cameras.R[row], cameras.T[row])


def look_at(place: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Return R, (3, 3), and T, (3,), of an upright camera at `place` that looks at `target`."""
    forward = (target - place) / np.linalg.norm(target - place)
    # A camera that looks straight down has no upright; world +y is then the top of its image.
    up = np.array([0.0, 0.0, 1.0]) if abs(forward[2]) < 0.999 else np.array([0.0, 1.0, 0.0])
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    rotation = np.vstack([right, np.cross(forward, right), forward])
    return rotation, -rotation @ place


def project(eye: Eye, points: Floats) -> tuple[Floats, Bools]:
    """Return image points, (..., 2) px, and which of the world points, (..., 3) m, fall inside the image."""
    camera = points @ eye.R.T + eye.T
    depth = np.maximum(camera[..., 2], NEAR_M)
    x, y = camera[..., 0] / depth, camera[..., 1] / depth
    k1, k2, p1, p2, k3 = eye.dist
    r2 = x * x + y * y
    radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    u = x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x)
    v = y * radial + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y
    px = np.stack([eye.K[0] * u + eye.K[2], eye.K[1] * v + eye.K[3]], axis=-1)
    framed = ((px >= 0.0) & (px < eye.size_px)).all(axis=-1)
    return px, framed & (camera[..., 2] > NEAR_M) & (r2 < FIELD_MAX**2)
