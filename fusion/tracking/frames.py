"""Camera frames of one slice as flat arrays, in the units the filter wants: one compiled pass takes them all."""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from fusion.arrays import Bools, Floats, Ints, Singles
from fusion.config import TrackingConfig
from fusion.messages import Boxes, Held, People
from fusion.store import Cameras
from fusion.tracking.camera import free_of_lenses
from fusion.tracking.sightings import Sightings, unit_looks


@dataclass(frozen=True, slots=True, eq=False)
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


def frames_of(
    messages: Sequence[People | Boxes], rows: Sequence[int], cameras: Cameras, config: TrackingConfig
) -> Frames:
    """Gather messages, and the row of the camera of each: images free of distortion and pixels."""
    camera = np.array(rows, np.int64)
    is_depth = np.array([isinstance(message, People) for message in messages], np.bool_)
    first = np.zeros(len(messages) + 1, np.int64)
    np.cumsum([len(message.head) for message in messages], out=first[1:])
    shown = [message for message in messages if len(message.head)]
    depth = [message for message in shown if isinstance(message, People)]
    image = [message for message in shown if isinstance(message, Boxes)]
    n = int(first[-1])
    head, foot, hands = np.full((n, 3), np.nan), np.full((n, 2), np.nan), np.full((n, 2, 3), np.nan)
    with np.errstate(invalid="ignore"):  # a NaN that signals is one like any other
        sd = np.concatenate([message.sd for message in shown], dtype=np.float64) if shown else np.zeros(0)
        deep = np.repeat(is_depth, np.diff(first))
        if depth:
            head[deep] = np.concatenate([message.head for message in depth])
            hands[deep] = np.concatenate([message.hands for message in depth])
            sd[deep] = np.maximum(sd[deep], config.sd_m_min)
        if image:
            flat = ~deep
            head[flat, :2] = np.concatenate([message.head for message in image])
            foot[flat] = np.concatenate([message.foot for message in image])
            hands[flat, :, :2] = np.concatenate([message.hands for message in image])
            of = np.repeat(camera, np.diff(first))
            free_of_lenses(head, foot, hands, of, deep, cameras.K, cameras.dist)
            K = cameras.K[of[flat]]
            sd[flat] = np.maximum(sd[flat], config.sd_px_min) / np.sqrt(K[:, 0] * K[:, 1])
    _leave_out_parts(head, foot, hands, deep)
    ids = [0 if k is None else crc32(k.encode()) + 1 for message in shown for k in message.ids]
    t_ns = np.array([message.t_ns for message in messages], np.int64)
    look = unit_looks([message.look for message in shown])
    held = tuple(message.held for message in messages)
    return Frames(t_ns, camera, is_depth, first, head, foot, hands, sd, look, np.array(ids, np.int64), held)


def _leave_out_parts(head: Floats, foot: Floats, hands: Floats, deep: Bools) -> None:
    """Make points NaN, in place, of which a coordinate is unknown or without bound: they are no places."""
    for points, is_deep in ((head, deep), (foot, None), (hands, deep[:, None])):
        part = ~np.isfinite(points[..., :2]).all(axis=-1)
        if is_deep is not None:
            part |= is_deep & ~np.isfinite(points[..., 2])
        points[part] = np.nan


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
