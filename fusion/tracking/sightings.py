"""Sightings: the detections of one camera frame as arrays, in the units the filter wants."""

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints, Singles
from fusion.frozen import record
from fusion.messages import Held

LOOK_DIM = 64  # appearance vectors are padded to this; longer ones are cut and scaled again


@record(eq=False)
class Sightings:
    """One frame: n detections of one camera.

    For an image camera `head` and `foot` are normalised image points (n, 2) and `sd` their noise in the same unit; for
    a depth camera `head` is (n, 3) m and `sd` m. `hands` follows head: (n, 2, 2) or (n, 2, 3).
    """

    t_ns: int
    camera: int  # row in Cameras
    is_depth: bool
    head: Floats
    foot: Floats  # (n, 2), NaN for a depth camera
    hands: Floats
    sd: Floats  # (n,)
    look: Singles  # (n, LOOK_DIM), zero where unknown; (n, 0) of a camera that knows no looks
    device_id: Ints  # (n,) hash of the device-local id, 0 where there is none
    held: tuple[Held, ...]


def unit_looks(looks: Singles) -> Singles:
    """Return looks (n, d) as unit vectors (n, LOOK_DIM), or (n, 0) where there are none."""
    return _units(looks) if looks.size else np.zeros((len(looks), 0), np.float32)


@njit(cache=True, error_model="numpy")
def _units(looks: Singles) -> Singles:
    """Return looks (n, d) as unit vectors (n, LOOK_DIM); zero for one with a NaN, or of no length: it says nothing.

    Squares are added up eight by eight, as numpy does.
    """
    n, d = len(looks), min(looks.shape[1], LOOK_DIM)
    out, part = np.zeros((n, LOOK_DIM), np.float32), np.zeros(8, np.float32)
    for i in range(n):
        part[:] = 0.0
        for k in range(d):
            part[k % 8] += looks[i, k] * looks[i, k]
        norm = np.sqrt(((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7])))
        if norm > np.float32(1e-6):
            for k in range(d):
                out[i, k] = looks[i, k] / norm
    return out
