"""The store that a plan and a seed make: shelves, plates, cameras, gates, portals."""

from typing import Final

import numpy as np

from fusion.arrays import Floats
from fusion.store import Cameras, Fixture, Gates, Plates, Store
from scenarios.catalogue import products
from scenarios.plan import BOARD_M, PLATE_CAPACITY_G, PLATE_DEPTH_M, SIZE_PX, Gondola, Shop
from scenarios.planogram import fill_shelves
from sensors.optics import look_at

TAX: Final = (("alcohol", 0.1025), ("deposit", 0.0), ("general", 0.0825), ("grocery", 0.0), ("prepared", 0.0825))


def build_store(shop: Shop, rng: np.random.Generator) -> Store:
    """Return the store that stands after the plan; the seed moves cameras a little and fills the shelves."""
    wide, deep = shop.size
    return Store(
        store_id=shop.store_id,
        currency="USD",
        timezone="America/Los_Angeles",
        handover="holder",
        outline=np.array([[0.0, 0.0], [wide, 0.0], [wide, deep], [0.0, deep]]),
        fixtures=_fixtures_of(shop),
        gates=Gates(
            tuple(door.gate_id for door in shop.doors),
            tuple(door.kind for door in shop.doors),
            np.array([[[door.x, door.from_y], [door.x, door.to_y]] for door in shop.doors]),
        ),
        cameras=_cameras(shop, rng),
        carts=shop.carts,
        portals=_portals(shop),
        tax_rates=TAX,
        plates=_plates(shop),
        products=products(),
        facings=fill_shelves(shop, rng),
    )


def axes(yaw_deg: float) -> tuple[Floats, Floats]:
    """Return the width and the depth axis, (2,) each, of what is turned by yaw from world +x."""
    yaw = np.deg2rad(yaw_deg)
    width = np.round(np.array([np.cos(yaw), np.sin(yaw)]), 12)
    return width, np.array([-width[1], width[0]])


def _fixtures_of(shop: Shop) -> tuple[Fixture, ...]:
    """Return what blocks walking and sight."""
    alone = [_fixture(gondola) for gondola in shop.gondolas if not gondola.stands_in]
    return (*alone, *(block.fixture for block in shop.blocks))


def _fixture(gondola: Gondola) -> Fixture:
    width, depth = axes(gondola.yaw_deg)
    across, back = gondola.width_m * width, (PLATE_DEPTH_M + BOARD_M) * depth
    front = np.array(gondola.corner)
    outline = np.array([front, front + across, front + across + back, front + back])
    return Fixture(gondola.gondola_id, outline.round(4), gondola.height_m)


def _portals(shop: Shop) -> tuple[tuple[str, str], ...]:
    out = [door.gate_id for door in shop.doors if door.kind != "entry"]
    return tuple(("exit-rfid" if len(out) == 1 else f"rfid-{gate}", gate) for gate in out)


def _plates(shop: Shop) -> Plates:
    """Return all plates; each gondola has one controller, channels run along its shelves from the lowest."""
    names: list[tuple[str, str, str, str]] = []
    channel, centre, yaw, size = [], [], [], []
    for gondola in shop.gondolas:
        width, depth = axes(gondola.yaw_deg)
        middle = np.array(gondola.corner) + 0.5 * PLATE_DEPTH_M * depth
        for level, z in enumerate(gondola.shelf_z):
            shelf = f"{gondola.gondola_id}-s{level + 1}"
            for at in range(gondola.plates):
                names.append((f"{shelf}-p{at + 1:02d}", gondola.gondola_id, shelf, f"ctl-{gondola.gondola_id}"))
                xy = middle + (BOARD_M + (at + 0.5) * gondola.plate_width_m) * width
                channel.append(level * gondola.plates + at)
                centre.append([*xy.round(4), z])
                yaw.append(gondola.yaw_deg)
                size.append([gondola.plate_width_m, PLATE_DEPTH_M])
    plate, unit, shelf_of, controller = zip(*names, strict=True)
    return Plates(
        plate_id=plate,
        gondola=unit,
        shelf=shelf_of,
        controller=controller,
        channel=np.array(channel, dtype=np.int64),
        centre=np.array(centre),
        yaw_deg=np.array(yaw),
        size=np.array(size),
        capacity_g=np.full(len(names), PLATE_CAPACITY_G),
    )


def _cameras(shop: Shop, rng: np.random.Generator) -> Cameras:
    K, dist, R, T = [], [], [], []
    for camera in shop.cameras:
        place = np.array(camera.place) + rng.normal(0.0, 0.02, 3)
        rotation, shift = look_at(place, np.array(camera.target) + rng.normal(0.0, 0.03, 3))
        # Eight decimals, as the folder holds them: the store in memory and the one on disk are the same.
        R.append(rotation.round(8))
        T.append(shift.round(8))
        focal = camera.focal_px * (1.0 + rng.normal(0.0, 0.002, 2))
        middle = np.array(SIZE_PX) / 2 + rng.normal(0.0, 6.0, 2)
        K.append(np.concatenate([focal, middle]).round(3))
        k1 = rng.uniform(-0.05, -0.01)
        dist.append(np.array([k1, -k1 / 4, *rng.normal(0.0, 3e-4, 2), 0.0]).round(6))
    return Cameras(
        camera_id=tuple(camera.camera_id for camera in shop.cameras),
        is_depth=np.array([camera.kind == "depth" for camera in shop.cameras]),
        size_px=np.tile(SIZE_PX, (len(shop.cameras), 1)),
        K=np.array(K),
        dist=np.array(dist),
        R=np.array(R),
        T=np.array(T),
        fps=np.array([camera.fps for camera in shop.cameras]),
    )
