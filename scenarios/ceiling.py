"""Cameras hung over a floor on a grid, looking aslant four ways in turn, so that neighbours look over each other."""

from dataclasses import replace
from typing import Final

import numpy as np

from fusion.arrays import Floats
from scenarios.plan import SIZE_PX, CeilingCamera, Point, Shop
from sensors.occlusion import behind_fixtures
from sensors.optics import Eye, look_at, project

HIGH_SHARE: Final = 0.85  # over head height, of the side of the floor's square that one camera is there for
AHEAD_SHARE: Final = 0.9  # from under a camera to where it looks, of its height over heads
HEAD_M: Final = 1.3  # from under a camera to where it looks, at head height
HEAD_M: Final = 1.58
FROM_WALL_M: Final = 0.4
WIDER: Final = 1.15  # cameras are hung a little off their plan: so much wider a view must not see what is hidden
KINDS: Final = ("depth", "image")


def hang_cameras(shop: Shop, count: int) -> Shop:
    """Return a plan with so many cameras, both kinds mixed; none looks into the place "nook"."""
    hidden = _heads_about(shop.places["nook"].stand)
    over_m = HIGH_SHARE * float(np.sqrt(shop.size[0] * shop.size[1] / count))
    cameras = [_camera(shop, at, place, over_m) for at, place in enumerate(_places(shop.size, count))]
    return replace(shop, cameras=tuple(_turn_away(camera, shop, hidden) for camera in cameras))


def _places(size: Point, count: int) -> list[Point]:
    """Return points spread over a floor, one in each of equal cells: rows that differ by one camera at most."""
    rows = max(1, round(float(np.sqrt(count * size[1] / size[0]))))
    share = np.diff(np.round(np.linspace(0, count, rows + 1)).astype(int))
    return [
        (size[0] * (at + 0.5) / many, size[1] * (row + 0.5) / rows)
        for row, many in enumerate(share.tolist())
        for at in range(many)
    ]


def _camera(shop: Shop, at: int, place: Point, over_m: float) -> CeilingCamera:
    """Return one camera over_m above heads; the kind and the way it looks alternate from one to the next."""
    x, y = np.clip(place, FROM_WALL_M, np.array(shop.size) - FROM_WALL_M).round(3).tolist()
    camera = CeilingCamera(f"cam-{at + 1:03d}", KINDS[at % 2], (x, y, round(HEAD_M + over_m, 2)), (x, y, HEAD_M))
    return _aimed(camera, shop, 90.0 * (at * 3 // 2 % 4))


def _aimed(camera: CeilingCamera, shop: Shop, yaw_deg: float) -> CeilingCamera:
    """Return the camera looking aslant one way; from beside a wall it looks the other way, into the shop."""
    way = np.array([np.cos(np.deg2rad(yaw_deg)), np.sin(np.deg2rad(yaw_deg))])
    way *= AHEAD_SHARE * (camera.place[2] - HEAD_M)
    under = np.array(camera.place[:2])
    ahead = under + way
    if (ahead < 0.0).any() or (ahead > shop.size).any():
        ahead = under - way
    return replace(camera, target=(round(float(ahead[0]), 3), round(float(ahead[1]), 3), HEAD_M))


def _turn_away(camera: CeilingCamera, shop: Shop, hidden: Floats) -> CeilingCamera:
    """Turn a camera until it sees none of the hidden points, (m, 3)."""
    for yaw_deg in range(0, 360, 45):
        if not _sees(camera, shop, hidden):
            break
        camera = _aimed(camera, shop, yaw_deg)
    return camera


def _sees(camera: CeilingCamera, shop: Shop, points: Floats) -> bool:
    """Tell whether a camera, were its view a little wider, would see any of some points past the fixtures."""
    rotation, shift = look_at(np.array(camera.place), np.array(camera.target))
    focal = camera.focal_px / WIDER
    K = np.array([focal, focal, *(0.5 * np.array(SIZE_PX))])
    eye = Eye(np.array(SIZE_PX), K, np.zeros(5), rotation, shift)
    hidden = behind_fixtures(eye.place, points, [block.fixture for block in shop.blocks])
    return bool((project(eye, points)[1] & ~hidden).any())


def _heads_about(stand: Floats) -> Floats:
    """Return where heads can be, (m, 3) m, of people short and tall who stand about a point."""
    offsets = [(x, y, z) for x in (-0.2, 0.0, 0.2) for y in (-0.15, 0.0, 0.15) for z in (1.0, 1.6, 1.9)]
    return np.array([*stand, 0.0]) + np.array(offsets)
