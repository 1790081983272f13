"""Camera frames of one slice as flat arrays, in the units the filter wants: one compiled pass takes them all."""

from collections.abc import Sequence

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints, Singles
from fusion.config import TrackingConfig
from fusion.frozen import record
from fusion.intake.pictures import SD, Pictures
from fusion.messages import Held
from fusion.store import Cameras
from fusion.tracking.camera import straightened
from fusion.tracking.sightings import Sightings, unit_looks


@record(eq=False)
class Frames:
    """F frames with N detections in all, one frame behind the other.

    Of an image camera `head`, `foot` and `hands` are normalised image points in their first two columns and `sd` their
    noise in the same unit; of a depth camera `head` and `hands` are m and so is `sd`. NaN is what is not seen.
    """

    t_ns: Ints  # (F,)
    camera: Ints  # (F,) row in Cameras
    is_depth: Bools  # (F,)
    first: Ints  # (F + 1,) the first detection of each frame, and of the one behind the last
    head: Floats  # (N, 3)
    foot: Floats  # (N, 2)
    hands: Floats  # (N, 2, 3)
    sd: Floats  # (N,)
    look: Singles  # (N, LOOK_DIM), zero where unknown; (N, 0) where no camera knows looks
    device_id: Ints  # (N,) hash of the device-local id, 0 where there is none
    held: tuple[tuple[Held, ...], ...]  # per frame

    def sightings(self, frame: int) -> Sightings:
        """Return one frame."""
        a, b = int(self.first[frame]), int(self.first[frame + 1])
        is_depth = bool(self.is_depth[frame])
        axes = 3 if is_depth else 2
        return Sightings(
            int(self.t_ns[frame]), int(self.camera[frame]), is_depth, self.head[a:b, :axes], self.foot[a:b],
            self.hands[a:b, :, :axes], self.sd[a:b], self.look[a:b], self.device_id[a:b], self.held[frame],
        )  # fmt: skip


def frames_of(pictures: Pictures, rows: Ints, cameras: Cameras, config: TrackingConfig) -> Frames:
    """Take frames, and the row of the camera of each, (F,): images free of distortion and pixels."""
    head, foot, hands, sd = _straight(
        pictures.first, rows, pictures.is_depth, pictures.points, cameras.K, cameras.dist, config.sd_m_min,
        config.sd_px_min,
    )  # fmt: skip
    longest = int(pictures.look_dim.max(initial=0))
    look = unit_looks(pictures.look[:, :longest].astype(np.float32))
    return Frames(
        pictures.t_ns, rows, pictures.is_depth, pictures.first, head, foot, hands, sd, look, pictures.device_id,
        pictures.held,
    )  # fmt: skip


@njit(cache=True, error_model="numpy")
def _straight(
    first: Ints,
    camera: Ints,
    is_depth: Bools,
    points: Singles,
    K: Floats,
    dist: Floats,
    sd_m_min: float,
    sd_px_min: float,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return head, foot, hands and sd of Frames; points are as in Pictures, K and dist by camera.

    Points of which a coordinate is unknown or without bound are no places.
    """
    n = first[-1]
    head, foot, hands, sd = np.full((n, 3), np.nan), np.full((n, 2), np.nan), np.full((n, 2, 3), np.nan), np.empty(n)
    for f in range(len(is_depth)):
        k, d = K[camera[f]], dist[camera[f]]
        for i in range(first[f], first[f + 1]):
            own = points[i]
            if is_depth[f]:
                sd[i] = max(own[SD], sd_m_min)
                _put_place(head[i], own[0], own[1], own[2])
                _put_place(hands[i, 0], own[3], own[4], own[5])
                _put_place(hands[i, 1], own[6], own[7], own[8])
                continue
            sd[i] = max(own[SD], sd_px_min) / np.sqrt(k[0] * k[1])
            _put_image(head[i], own[0], own[1], k, d)
            _put_image(hands[i, 0], own[3], own[4], k, d)
            _put_image(hands[i, 1], own[6], own[7], k, d)
            _put_image(foot[i], own[9], own[10], k, d)
    return head, foot, hands, sd


@njit(cache=True, error_model="numpy")
def _put_place(out: Floats, x: float, y: float, z: float) -> None:
    if np.isfinite(x) and np.isfinite(y) and np.isfinite(z):
        out[0], out[1], out[2] = x, y, z


@njit(cache=True, error_model="numpy")
def _put_image(out: Floats, u_px: float, v_px: float, k: Floats, dist: Floats) -> None:
    x, y = straightened(u_px, v_px, k, dist)
    if np.isfinite(x) and np.isfinite(y):
        out[0], out[1] = x, y


def frames_from(each: Sequence[Sightings]) -> Frames:
    """Gather frames that are sightings already."""
    first = np.zeros(len(each) + 1, np.int64)
    np.cumsum([len(one.sd) for one in each], out=first[1:])
    n = int(first[-1])
    head, hands = np.full((n, 3), np.nan), np.full((n, 2, 3), np.nan)
    wide = max(one.look.shape[1] for one in each)
    look = np.zeros((n, wide), np.float32)
    for a, one in zip(first.tolist(), each, strict=False):
        m, axes = len(one.sd), one.head.shape[1]
        head[a : a + m, :axes], hands[a : a + m, :, :axes] = one.head, one.hands
        look[a : a + m, : one.look.shape[1]] = one.look
    return Frames(
        np.array([one.t_ns for one in each], np.int64),
        np.array([one.camera for one in each], np.int64),
        np.array([one.is_depth for one in each], np.bool_),
        first,
        head,
        np.concatenate([one.foot for one in each]),
        hands,
        np.concatenate([one.sd for one in each]),
        look,
        np.concatenate([one.device_id for one in each]),
        tuple(one.held for one in each),
    )
