"""Plans of shops, and the store that a plan and a seed make: shelves, plates, cameras, gate, carts."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from fusion.arrays import Floats
from fusion.store import Cameras, Facings, Fixture, Gates, Plates, Store
from scenarios.catalogue import ARTICLES, products
from sensors.optics import look_at

PLATE_WIDTH_M: Final = 0.1016
PLATE_DEPTH_M: Final = 0.4064
PLATE_CAPACITY_G: Final = 20_000.0
BOARD_M: Final = 0.03  # of a gondola beyond its plates, at each side and behind
FACING_PLATES: Final = 3  # at least, for one article
SIZE_PX: Final = (1280.0, 720.0)


@dataclass(frozen=True, slots=True)
class Gondola:
    """A shelf unit: where its front left corner stands as a shopper sees it, and which way its width runs."""

    gondola_id: str
    corner: tuple[float, float]  # m
    yaw_deg: float
    shelf_z: tuple[float, ...] = (0.35, 0.7, 1.05, 1.4)  # m
    plates: int = 12  # a shelf
    height_m: float = 1.75


@dataclass(frozen=True, slots=True)
class CeilingCamera:
    """A camera and what it is aimed at."""

    camera_id: str
    kind: str  # "image" or "depth"
    place: tuple[float, float, float]
    target: tuple[float, float, float]
    focal_px: float = 620.0
    fps: float = 10.0


@dataclass(frozen=True, slots=True)
class Shop:
    """The plan of a rectangular shop with its door in the wall x = 0."""

    store_id: str
    size: tuple[float, float]
    door: tuple[float, float]  # from y to y
    gondolas: tuple[Gondola, ...]
    cameras: tuple[CeilingCamera, ...]
    carts: tuple[str, ...] = ()
    cart_bay: tuple[float, float] = (0.9, 0.35)  # m, the first cart; the next stand beside it
    tax: tuple[tuple[str, float], ...] = field(default=(("general", 0.0825), ("grocery", 0.0)))


CORNER: Final = Shop(
    store_id="corner-01",
    size=(6.0, 5.0),
    door=(0.7, 1.9),
    gondolas=(
        Gondola("G1", (2.2, 4.55), 0.0),
        Gondola("G2", (3.75, 4.55), 0.0),
        Gondola("G3", (5.55, 3.4), -90.0),
    ),
    cameras=(
        CeilingCamera("cam-01", "depth", (0.3, 4.7, 2.7), (2.2, 2.6, 0.9)),
        CeilingCamera("cam-02", "depth", (5.7, 0.3, 2.7), (3.6, 2.4, 0.9)),
        CeilingCamera("cam-03", "depth", (2.9, 3.3, 2.9), (2.9, 3.9, 0.0)),
        CeilingCamera("cam-04", "depth", (0.9, 1.4, 2.9), (1.0, 1.5, 0.0)),
        CeilingCamera("cam-05", "image", (0.3, 0.3, 2.7), (2.6, 2.4, 0.9), fps=15.0),
        CeilingCamera("cam-06", "image", (5.7, 4.4, 2.7), (3.6, 2.6, 0.9), fps=15.0),
        CeilingCamera("cam-07", "image", (4.6, 2.9, 2.9), (4.7, 3.5, 0.0), fps=15.0),
    ),
    carts=("cart-01", "cart-02"),
)


def build_store(shop: Shop, rng: np.random.Generator) -> Store:
    """Return the store that stands after the plan; the seed moves cameras a little and fills the shelves."""
    wide, deep = shop.size
    return Store(
        store_id=shop.store_id,
        currency="USD",
        timezone="America/Los_Angeles",
        handover="holder",
        outline=np.array([[0.0, 0.0], [wide, 0.0], [wide, deep], [0.0, deep]]),
        fixtures=tuple(_fixture(gondola) for gondola in shop.gondolas),
        gates=Gates(("door",), ("both",), np.array([[[0.0, shop.door[0]], [0.0, shop.door[1]]]])),
        cameras=_cameras(shop, rng),
        carts=shop.carts,
        portals=(("exit-rfid", "door"),),
        tax_rates=shop.tax,
        plates=_plates(shop),
        products=products(),
        facings=_facings(shop, rng),
    )


def axes(yaw_deg: float) -> tuple[Floats, Floats]:
    """Return the width and the depth axis, (2,) each, of what is turned by yaw from world +x."""
    yaw = np.deg2rad(yaw_deg)
    width = np.round(np.array([np.cos(yaw), np.sin(yaw)]), 12)
    return width, np.array([-width[1], width[0]])


def _fixture(gondola: Gondola) -> Fixture:
    width, depth = axes(gondola.yaw_deg)
    across = (gondola.plates * PLATE_WIDTH_M + 2 * BOARD_M) * width
    back = (PLATE_DEPTH_M + BOARD_M) * depth
    front = np.array(gondola.corner)
    outline = np.array([front, front + across, front + across + back, front + back])
    return Fixture(gondola.gondola_id, outline.round(4), gondola.height_m)


def _plates(shop: Shop) -> Plates:
    """Return all plates; each gondola has one controller, channels run along its shelves from the lowest."""
    names: list[tuple[str, str, str, str]] = []
    channel, centre, yaw = [], [], []
    for gondola in shop.gondolas:
        width, depth = axes(gondola.yaw_deg)
        for level, z in enumerate(gondola.shelf_z):
            shelf = f"{gondola.gondola_id}-s{level + 1}"
            for at in range(gondola.plates):
                names.append((f"{shelf}-p{at + 1:02d}", gondola.gondola_id, shelf, f"ctl-{gondola.gondola_id}"))
                along = (BOARD_M + (at + 0.5) * PLATE_WIDTH_M) * width
                xy = np.array(gondola.corner) + along + 0.5 * PLATE_DEPTH_M * depth
                channel.append(level * gondola.plates + at)
                centre.append([*xy.round(4), z])
                yaw.append(gondola.yaw_deg)
    plate, unit, shelf_of, controller = zip(*names, strict=True)
    count = len(names)
    return Plates(
        plate_id=plate,
        gondola=unit,
        shelf=shelf_of,
        controller=controller,
        channel=np.array(channel, dtype=np.int64),
        centre=np.array(centre),
        yaw_deg=np.array(yaw),
        size=np.tile([PLATE_WIDTH_M, PLATE_DEPTH_M], (count, 1)),
        capacity_g=np.full(count, PLATE_CAPACITY_G),
    )


def _facings(shop: Shop, rng: np.random.Generator) -> Facings:
    """Fill the shelves with the catalogue in order, each article as wide as two packages need at least."""
    facing, product, spans, qty = [], [], [], []
    article = first = 0
    for gondola in shop.gondolas:
        for level in range(len(gondola.shelf_z)):
            at = 0
            while at < gondola.plates:
                width_m = ARTICLES[article].width_m
                span = min(max(FACING_PLATES, int(np.ceil(2.0 * width_m / PLATE_WIDTH_M))), gondola.plates - at)
                # A narrow rest is no place of its own: the last facing of a shelf takes it.
                span += gondola.plates - at - span if gondola.plates - at - span < FACING_PLATES else 0
                lanes = max(1, int(span * PLATE_WIDTH_M / width_m))
                facing.append(f"{gondola.gondola_id}-s{level + 1}-f{at + 1:02d}")
                product.append(article)
                spans.append(tuple(range(first + at, first + at + span)))
                qty.append(lanes * int(rng.integers(3, 6)))
                article = (article + 1) % len(ARTICLES)
                at += span
            first += gondola.plates
    return Facings(tuple(facing), np.array(product, dtype=np.int64), tuple(spans), np.array(qty, dtype=np.int64))


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
