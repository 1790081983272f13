"""Sightings: the detections of one camera frame as arrays, in the units the filter wants."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from fusion.arrays import Floats, Ints, Singles
from fusion.config import TrackingConfig
from fusion.messages import Boxes, Held, People
from fusion.store import Cameras
from fusion.tracking.camera import undistort

LOOK_DIM = 64  # appearance vectors are padded to this; longer ones are cut and scaled again


@dataclass(frozen=True, slots=True, eq=False)
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
    score: Floats  # (n,)
    look: Singles  # (n, LOOK_DIM), zero where unknown; (n, 0) of a camera that knows no looks
    device_id: Ints  # (n,) hash of the device-local id, 0 where there is none
    held: tuple[Held, ...]


def from_people(message: People, camera: int, config: TrackingConfig) -> Sightings:
    """Take a depth camera's frame as it is, rows without a place left out of reach by NaN."""
    return Sightings(
        t_ns=message.t_ns,
        camera=camera,
        is_depth=True,
        head=_whole(message.head.astype(np.float64)),
        foot=np.full((len(message.head), 2), np.nan),
        hands=_whole(message.hands.astype(np.float64)),
        sd=np.maximum(message.sd.astype(np.float64), config.sd_m_min),
        score=message.score.astype(np.float64),
        look=_padded(message.look),
        device_id=_hashes(message.ids),
        held=message.held,
    )


def from_boxes(message: Boxes, camera: int, cameras: Cameras, config: TrackingConfig) -> Sightings:
    """Free an image camera's frame of distortion and pixels."""
    n = len(message.head)
    K, dist = cameras.K[camera], cameras.dist[camera]
    px = np.concatenate([message.head, message.foot, message.hands.reshape(-1, 2)]).astype(np.float64)
    points = _whole(undistort(px, K, dist))
    return Sightings(
        t_ns=message.t_ns,
        camera=camera,
        is_depth=False,
        head=points[:n],
        foot=points[n : 2 * n],
        hands=points[2 * n :].reshape(n, 2, 2),
        sd=np.maximum(message.sd.astype(np.float64), config.sd_px_min) / float(np.sqrt(K[0] * K[1])),
        score=message.score.astype(np.float64),
        look=_padded(message.look),
        device_id=_hashes(message.ids),
        held=message.held,
    )


def _whole(points: Floats) -> Floats:
    """Return points (..., m), those with a coordinate that is unknown or without bound all NaN: they are no places."""
    finite = np.isfinite(points)
    return points if finite.all() else np.where(finite.all(axis=-1, keepdims=True), points, np.nan)


def _padded(look: Singles) -> Singles:
    if not look.size:
        return np.zeros((len(look), 0), np.float32)
    out = np.zeros((len(look), LOOK_DIM), np.float32)
    out[:, : look.shape[1]] = look[:, :LOOK_DIM]
    norm = np.sqrt((out * out).sum(axis=1, keepdims=True))
    # A vector with a NaN, or of no length, says nothing.
    return np.where(norm > 1e-6, out / np.maximum(norm, 1e-6), 0.0).astype(np.float32)


def _hashes(ids: tuple[str | None, ...]) -> Ints:
    return np.array([0 if k is None else crc32(k.encode()) + 1 for k in ids], dtype=np.int64)
