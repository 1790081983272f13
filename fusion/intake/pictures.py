"""Camera frames as columns: what a slice of them shows is gathered once it has closed, and travels on as few arrays.

A large store's cameras send fifteen hundred frames a second. As messages each is a dozen objects, to be made, sent from
process to process, corrected, ordered and freed; as rows of columns they are all of that at once.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import field
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from fusion.arrays import Bools, Floats, Ints, Singles
from fusion.frozen import record
from fusion.messages import F2, F4, Boxes, Held, People

Key: TypeAlias = tuple[int, str, int]  # t_ns, src, seq: the one order of the house
Halves: TypeAlias = NDArray[np.float16]
CAMERA_FRAMES: Final = (People, Boxes)
HEAD, HANDS, FOOT, SD = slice(0, 3), slice(3, 9), slice(9, 11), 11  # columns of points
POINTS: Final = 12


def _none(*shape: int, kind: Any = np.int64) -> Any:
    return field(default_factory=lambda: np.zeros(shape, kind))


@record(eq=False)
class Pictures:
    """F frames of P people in all, one frame behind the other.

    Points are as cameras measured them: m of a depth camera, px of an image camera, which knows no third coordinate;
    NaN is what was not measured.
    """

    src: tuple[str, ...] = ()  # (F,)
    seq: Ints = _none(0)  # (F,)
    t_ns: Ints = _none(0)  # (F,)
    by_s: Floats = _none(0, kind=np.float64)  # (F,) what the time was corrected by
    is_depth: Bools = _none(0, kind=np.bool_)  # (F,)
    held: tuple[tuple[Held, ...], ...] = ()  # (F,)
    first: Ints = _none(1)  # (F + 1,) the first person of each frame, and of the one behind the last
    look_dim: Ints = _none(0)  # (F,) numbers of an appearance vector, 0 where nobody is shown
    points: Singles = _none(0, POINTS, kind=F4)  # (P, POINTS) head, both hands, foot, and the noise of each
    look: Halves = _none(0, 0, kind=F2)  # (P, d) d the largest of look_dim, zero behind those that are shorter
    device_id: Ints = _none(0)  # (P,) hash of the device-local id, 0 where there is none

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.src)

    def cut(self, key: Key | tuple[int]) -> tuple["Pictures", "Pictures"]:
        """Return those before a key, or a time, and the others, of frames that are in their order."""
        if not len(self) or key[0] < self.t_ns[0]:
            return NO_PICTURES, self
        at = bisect_left(self.keys(), key)
        return self._part(0, at), self._part(at, len(self))

    def keys(self) -> list[Key]:
        """Return what orders the frames, (F,)."""
        return list(zip(self.t_ns.tolist(), self.src, self.seq.tolist(), strict=True))

    def _part(self, a: int, b: int) -> "Pictures":
        """Return frames a to b, sharing their memory."""
        if b - a in (0, len(self)):
            return self if b > a else NO_PICTURES
        people = slice(int(self.first[a]), int(self.first[b]))
        return Pictures(
            self.src[a:b], self.seq[a:b], self.t_ns[a:b], self.by_s[a:b], self.is_depth[a:b], self.held[a:b],
            self.first[a : b + 1] - self.first[a], self.look_dim[a:b], self.points[people], self.look[people],
            self.device_id[people],
        )  # fmt: skip


NO_PICTURES: Final = Pictures()


def pictures_of(messages: Sequence[People | Boxes]) -> Pictures:
    """Gather messages."""
    if not messages:
        return NO_PICTURES
    shown = [message for message in messages if message.n]
    return Pictures(
        src=tuple([message.src for message in messages]),
        seq=np.array([message.seq for message in messages], np.int64),
        t_ns=np.array([message.t_ns for message in messages], np.int64),
        by_s=np.zeros(len(messages)),
        is_depth=np.array([isinstance(message, People) for message in messages], np.bool_),
        held=tuple([message.held for message in messages]),
        first=np.array([0, *accumulate([message.n for message in messages])], np.int64),
        look_dim=np.array([message.look_dim if message.n else 0 for message in messages], np.int64),
        points=_points(shown),
        look=_looks(shown),
        device_id=np.array([_hash_of(name) for message in shown for name in message.ids], np.int64),
    )


def _points(shown: Sequence[People | Boxes]) -> Singles:
    """Return the points of frames, (P, POINTS)."""
    depth = [message for message in shown if isinstance(message, People)]
    image = [message for message in shown if isinstance(message, Boxes)]
    points = np.full((sum([message.n for message in shown]), POINTS), np.nan, F4)
    deep: slice | Bools = slice(None)
    flat: slice | Bools = slice(None)
    if depth and image:
        deep = np.repeat([isinstance(message, People) for message in shown], [message.n for message in shown])
        flat = ~deep
    if depth:
        points[deep, HEAD] = _opened([message.head_f4 for message in depth], 3)
        points[deep, HANDS] = _opened([message.hands_f4 for message in depth], 6)
    if image:
        hands = _opened([message.hands_f4 for message in image], 4)
        points[flat, 0:2] = _opened([message.head_f4 for message in image], 2)
        points[flat, 3:5], points[flat, 6:8] = hands[:, :2], hands[:, 2:]
        points[flat, FOOT] = _opened([message.foot_f4 for message in image], 2)
    points[:, SD] = np.frombuffer(b"".join([message.sd_f4 for message in shown]), F4)
    return points


def joined(parts: Sequence[Pictures]) -> Pictures:
    """Return frames one behind the other."""
    if len(parts) < 2:
        return parts[0] if parts else NO_PICTURES
    width = max(one.look.shape[1] for one in parts)
    before = [0, *accumulate([int(one.first[-1]) for one in parts])]  # people
    return Pictures(
        tuple([src for one in parts for src in one.src]),
        np.concatenate([one.seq for one in parts]),
        np.concatenate([one.t_ns for one in parts]),
        np.concatenate([one.by_s for one in parts]),
        np.concatenate([one.is_depth for one in parts]),
        tuple([held for one in parts for held in one.held]),
        np.concatenate([parts[0].first[:1], *[one.first[1:] + n for n, one in zip(before, parts, strict=False)]]),
        np.concatenate([one.look_dim for one in parts]),
        np.concatenate([one.points for one in parts]),
        np.concatenate([_as_wide(one.look, width) for one in parts]),
        np.concatenate([one.device_id for one in parts]),
    )


def taken(pictures: Pictures, rows: Sequence[int]) -> Pictures:
    """Return some of the frames, (r,) in this order."""
    if not rows:
        return NO_PICTURES
    at = np.array(rows)
    begin, n = pictures.first[at], pictures.first[at + 1] - pictures.first[at]
    first = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(n, out=first[1:])
    people = np.repeat(begin - first[:-1], n) + np.arange(first[-1])
    src, held = pictures.src, pictures.held
    return Pictures(
        tuple([src[row] for row in rows]),
        pictures.seq[at],
        pictures.t_ns[at],
        pictures.by_s[at],
        pictures.is_depth[at],
        tuple([held[row] for row in rows]),
        first,
        pictures.look_dim[at],
        pictures.points[people],
        pictures.look[people],
        pictures.device_id[people],
    )


def in_order(pictures: Pictures) -> Pictures:
    """Return frames in the order (t, src, seq), in which they mostly are."""
    keys = pictures.keys()
    if sorted(keys) == keys:
        return pictures
    return taken(pictures, sorted(range(len(keys)), key=keys.__getitem__))


def _opened(raw: list[bytes], width: int) -> Singles:
    """Return the numbers of some arrays, one below the other."""
    return np.frombuffer(b"".join(raw), F4).reshape(-1, width)


def _looks(shown: Sequence[People | Boxes]) -> Halves:
    """Return the looks of frames, one below the other, as long as the longest; zero behind those that are shorter."""
    dims = {message.look_dim for message in shown}
    if len(dims) < 2:
        people, dim = sum([message.n for message in shown]), max(dims, default=0)
        return np.frombuffer(b"".join([message.look_f2 for message in shown]), F2).reshape(people, dim)
    dim_of = np.repeat([message.look_dim for message in shown], [message.n for message in shown])
    looks = np.zeros((len(dim_of), max(dims)), F2)
    for dim in dims - {0}:
        raw = b"".join([message.look_f2 for message in shown if message.look_dim == dim])
        looks[(dim_of == dim).nonzero()[0], :dim] = np.frombuffer(raw, F2).reshape(-1, dim)
    return looks


def _as_wide(look: Halves, width: int) -> Halves:
    """Return looks (P, d) as (P, width), zero behind."""
    if look.shape[1] == width:
        return look
    wide = np.zeros((len(look), width), F2)
    wide[:, : look.shape[1]] = look
    return wide


@lru_cache(maxsize=4096)
def _hash_of(device_id: str | None) -> int:
    """Return the number that stands for a device-local id, which comes again with every frame."""
    return 0 if device_id is None else crc32(device_id.encode()) + 1
