"""Camera frames of one slice as flat arrays, in the units the filter wants: one compiled pass takes them all."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from zlib import crc32

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints, Singles
from fusion.config import TrackingConfig
from fusion.frozen import record
from fusion.messages import F4, Boxes, Held, People, opened_look
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


def frames_of(
    messages: Sequence[People | Boxes], rows: Sequence[int], cameras: Cameras, config: TrackingConfig
) -> Frames:
    """Gather messages, and the row of the camera of each: images free of distortion and pixels."""
    camera = np.array(rows, np.int64)
    is_depth = np.array([isinstance(message, People) for message in messages], np.bool_)
    first = np.array([0, *accumulate([message.n for message in messages])], np.int64)
    shown = [message for message in messages if message.n]
    depth = [message for message in shown if isinstance(message, People)]
    image = [message for message in shown if isinstance(message, Boxes)]
    head, foot, hands, sd = _gathered(
        first,
        camera,
        is_depth,
        _opened([message.head_f4 for message in depth]).reshape(-1, 3),
        _opened([message.hands_f4 for message in depth]).reshape(-1, 2, 3),
        _opened([message.head_f4 for message in image]).reshape(-1, 2),
        _opened([message.foot_f4 for message in image]).reshape(-1, 2),
        _opened([message.hands_f4 for message in image]).reshape(-1, 2, 2),
        _opened([message.sd_f4 for message in shown]),
        cameras.K,
        cameras.dist,
        config.sd_m_min,
        config.sd_px_min,
    )
    ids = [_hash_of(k) for message in shown for k in message.ids]
    t_ns = np.array([message.t_ns for message in messages], np.int64)
    look = unit_looks(_looks(shown))
    held = tuple([message.held for message in messages])
    return Frames(t_ns, camera, is_depth, first, head, foot, hands, sd, look, np.array(ids, np.int64), held)


def _opened(raw: list[bytes]) -> Singles:
    """Return the numbers of some arrays, one behind the other."""
    return np.frombuffer(b"".join(raw), F4)


def _looks(shown: Sequence[People | Boxes]) -> Singles:
    """Return the looks of frames, one below the other, as long as the longest; zero behind those that are shorter."""
    dims = {message.look_dim for message in shown}
    if len(dims) < 2:
        people, dim = sum([message.n for message in shown]), max(dims, default=0)
        return opened_look(b"".join([message.look_f2 for message in shown]), people, dim)
    dim_of = np.repeat([message.look_dim for message in shown], [message.n for message in shown])
    looks = np.zeros((len(dim_of), max(dims)), np.float32)
    for dim in dims:
        raw = b"".join([message.look_f2 for message in shown if message.look_dim == dim])
        rows = (dim_of == dim).nonzero()[0]
        looks[rows, :dim] = opened_look(raw, len(rows), dim)
    return looks


@lru_cache(maxsize=4096)
def _hash_of(device_id: str | None) -> int:
    """Return the number that stands for a device-local id, which comes again with every frame."""
    return 0 if device_id is None else crc32(device_id.encode()) + 1


@njit(cache=True, error_model="numpy")
def _gathered(
    first: Ints,
    camera: Ints,
    is_depth: Bools,
    deep_head: Singles,
    deep_hands: Singles,
    flat_head: Singles,
    flat_foot: Singles,
    flat_hands: Singles,
    sd_of: Singles,
    K: Floats,
    dist: Floats,
    sd_m_min: float,
    sd_px_min: float,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return head, foot, hands and sd of Frames; first, camera and is_depth are of Frames, K and dist by camera.

    What depth cameras show stands by itself, (a, 3) and (a, 2, 3) m, and what image cameras do, (b, 2), (b, 2) and
    (b, 2, 2) px; sd (N,) of all in their order. Points of which a coordinate is unknown or without bound are no places.
    """
    n, a, b = first[-1], 0, 0
    head, foot, hands, sd = np.full((n, 3), np.nan), np.full((n, 2), np.nan), np.full((n, 2, 3), np.nan), np.empty(n)
    for f in range(len(is_depth)):
        k, d = K[camera[f]], dist[camera[f]]
        for i in range(first[f], first[f + 1]):
            if is_depth[f]:
                sd[i] = max(sd_of[i], sd_m_min)
                if _is_place(deep_head[a, 0], deep_head[a, 1], deep_head[a, 2]):
                    head[i, 0], head[i, 1], head[i, 2] = deep_head[a, 0], deep_head[a, 1], deep_head[a, 2]
                for h in range(2):
                    if _is_place(deep_hands[a, h, 0], deep_hands[a, h, 1], deep_hands[a, h, 2]):
                        for c in range(3):
                            hands[i, h, c] = deep_hands[a, h, c]
                a += 1
                continue
            sd[i] = max(sd_of[i], sd_px_min) / np.sqrt(k[0] * k[1])
            x, y = straightened(flat_head[b, 0], flat_head[b, 1], k, d)
            if _is_place(x, y, 0.0):
                head[i, 0], head[i, 1] = x, y
            x, y = straightened(flat_foot[b, 0], flat_foot[b, 1], k, d)
            if _is_place(x, y, 0.0):
                foot[i, 0], foot[i, 1] = x, y
            for h in range(2):
                x, y = straightened(flat_hands[b, h, 0], flat_hands[b, h, 1], k, d)
                if _is_place(x, y, 0.0):
                    hands[i, h, 0], hands[i, h, 1] = x, y
            b += 1
    return head, foot, hands, sd


@njit(cache=True, error_model="numpy")
def _is_place(x: float, y: float, z: float) -> bool:
    return bool(np.isfinite(x) and np.isfinite(y) and np.isfinite(z))


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
