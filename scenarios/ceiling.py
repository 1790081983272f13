"""Cameras hung over a floor on a grid, each turned to where the floor is seen least so far.

They look aslant, as the ceilings of shops are too low to see much straight down.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from fusion.arrays import Bools, Floats
from scenarios.paths import is_free
from scenarios.plan import SIZE_PX, CeilingCamera, Point, Shop
from sensors.occlusion import behind_fixtures
from sensors.optics import Eye, look_at, project

HEAD_M: Final = 1.58
HIGH_SHARE: Final = 0.85  # over head height, of the side of the floor's square that one camera is there for
AHEAD_SHARE: Final = 0.9  # from under a camera to where it looks, of its height over heads
FROM_WALL_M: Final = 0.4
WIDER: Final = 1.15  # cameras are hung a little off their plan: so much wider a view must not see what is hidden
KINDS: Final = ("depth", "image")
FAR_SHARE: Final = 4.0  # of its height over heads, as far as a camera counts as seeing
TURN_DEG: Final = 45
WORTH: Final = np.array([3.0, 2.0, 0.4, 0.1])  # of one more camera, by how many see a place already
SPACING_M: Final = 0.5


def hang_cameras(shop: Shop, count: int) -> Shop:
    """Return a plan with so many cameras, both kinds mixed; none looks into the place "nook"."""
    over_m = HIGH_SHARE * float(np.sqrt(shop.size[0] * shop.size[1] / count))
    heads, hidden = _heads(shop), _heads_about(shop.places["nook"].stand)
    seen = np.zeros(len(heads), dtype=np.int64)
    cameras = []
    for at, place in enumerate(_places(shop.size, count)):
        x, y = np.clip(place, FROM_WALL_M, np.array(shop.size) - FROM_WALL_M).round(3).tolist()
        hung = CeilingCamera(f"cam-{at + 1:03d}", KINDS[at % 2], (x, y, round(HEAD_M + over_m, 2)), (x, y, HEAD_M))
        ways = [_aimed(hung, yaw_deg) for yaw_deg in range(0, 360, TURN_DEG)]
        blind = [camera for camera in ways if not _sees_past(camera, shop, hidden)]
        near = np.flatnonzero(np.linalg.norm(heads[:, :2] - (x, y), axis=1) < FAR_SHARE * over_m)
        views = [near[_framed(camera, heads[near])] for camera in blind]
        best = int(np.argmax([WORTH[np.minimum(seen[view], len(WORTH) - 1)].sum() for view in views]))
        cameras.append(blind[best])
        seen[views[best]] += 1
    return replace(shop, cameras=tuple(cameras))


def _heads(shop: Shop) -> Floats:
    """Return heads of people all over the floor, (m, 3) m."""
    wide, deep = (np.arange(SPACING_M / 2, edge, SPACING_M) for edge in shop.size)
    floor = np.stack(np.meshgrid(wide, deep), axis=-1).reshape(-1, 2)
    outline = np.array([[0.0, 0.0], [shop.size[0], 0.0], [*shop.size], [0.0, shop.size[1]]])
    floor = floor[is_free(floor, outline, [block.fixture for block in shop.blocks])]
    return np.column_stack([floor, np.full(len(floor), HEAD_M)])


def _places(size: Point, count: int) -> list[Point]:
    """Return points spread over a floor, one in each of equal cells: rows that differ by one camera at most."""
    rows = max(1, round(float(np.sqrt(count * size[1] / size[0]))))
    share = np.diff(np.round(np.linspace(0, count, rows + 1)).astype(int))
    return [
        (size[0] * (at + 0.5) / many, size[1] * (row + 0.5) / rows)
        for row, many in enumerate(share.tolist())
        for at in range(many)
    ]


def _aimed(camera: CeilingCamera, yaw_deg: float) -> CeilingCamera:
    """Return the camera looking aslant one way."""
    x, y, z = camera.place
    ahead_m, yaw = AHEAD_SHARE * (z - HEAD_M), float(np.deg2rad(yaw_deg))
    return replace(camera, target=(x + ahead_m * np.cos(yaw), y + ahead_m * np.sin(yaw), HEAD_M))


def _framed(camera: CeilingCamera, points: Floats, wider: float = 1.0) -> Bools:
    """Tell which points, (m, 3) m, a camera has in view, fixtures aside."""
    rotation, shift = look_at(np.array(camera.place), np.array(camera.target))
    size = np.array(SIZE_PX)
    K = np.array([camera.focal_px / wider, camera.focal_px / wider, *(size / 2)])
    return project(Eye(size, K, np.zeros(5), rotation, shift), points)[1]


def _sees_past(camera: CeilingCamera, shop: Shop, points: Floats) -> bool:
    """Tell whether a camera, were its view a little wider, would see any of some points past the fixtures."""
    framed = points[_framed(camera, points, WIDER)]
    if not len(framed):
        return False
    hidden = behind_fixtures(np.array(camera.place), framed, [block.fixture for block in shop.blocks])
    return not bool(hidden.all())


def _heads_about(stand: Floats) -> Floats:
    """Return where heads can be, (m, 3) m, of people short and tall who stand about a point."""
    offsets = [(x, y, z) for x in (-0.2, 0.0, 0.2) for y in (-0.15, 0.0, 0.15) for z in (1.0, 1.6, 1.9)]
    return np.array([*stand, 0.0]) + np.array(offsets)
