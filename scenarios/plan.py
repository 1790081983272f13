"""Plans of shops as data: what stands where, who sees it, and the places that scripts name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from fusion.arrays import Floats
from fusion.store import Fixture

PLATE_WIDTH_M: Final = 0.1016
PLATE_DEPTH_M: Final = 0.4064
PLATE_CAPACITY_G: Final = 20_000.0
BOARD_M: Final = 0.03  # of a gondola beyond its plates, at each side and behind
SIZE_PX: Final = (1280.0, 720.0)  # of every camera
CART_GAP_M: Final = 0.7  # from one parked cart to the next, along the wall y = 0

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Gondola:
    """A shelf unit: where its front left corner stands as a shopper sees it, and which way its width runs."""

    gondola_id: str
    corner: Point  # m
    yaw_deg: float
    shelf_z: tuple[float, ...] = (0.35, 0.7, 1.05, 1.4)  # m
    plates: int = 12  # a shelf
    height_m: float = 1.75
    plate_width_m: float = PLATE_WIDTH_M
    only: str = ""  # the category it is kept for
    stands_in: str = ""  # the island it is a side of; a gondola by itself blocks the way by itself

    @property
    def width_m(self) -> float:
        """Its whole width, boards included."""
        return self.plates * self.plate_width_m + 2 * BOARD_M


@dataclass(frozen=True, slots=True)
class Block:
    """A fixture without plates, an upright box along the walls: a counter, a pillar, an island's body, a freezer."""

    block_id: str
    low: Point
    high: Point
    height_m: float

    @property
    def fixture(self) -> Fixture:
        """The block as a store holds it."""
        (left, bottom), (right, top) = self.low, self.high
        outline = np.array([[left, bottom], [right, bottom], [right, top], [left, top]])
        return Fixture(self.block_id, outline.round(4), self.height_m)


@dataclass(frozen=True, slots=True)
class Door:
    """A gate in the wall x = 0, or in the one across from it."""

    gate_id: str
    kind: str  # "entry", "exit" or "both"
    from_y: float
    to_y: float
    x: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A spot that scripts name: where a person stands, and where goods lie that she lays down there."""

    stand: Floats  # (2,) m
    top: Floats  # (3,) m


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
    """The plan of a rectangular shop with its doors in the walls x = 0 and x = width, its carts along y = 0."""

    store_id: str
    size: Point
    doors: tuple[Door, ...]
    gondolas: tuple[Gondola, ...]
    cameras: tuple[CeilingCamera, ...]
    blocks: tuple[Block, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)
    carts: tuple[str, ...] = ()
    cart_bay: Point = (0.9, 0.35)  # m, the first cart; the next stand beside it
    cart_gap_m: float = CART_GAP_M
    is_drawn: bool = False  # whether the seed draws which articles it has and where; else the catalogue's order
    articles: tuple[str, ...] = ()  # the only ones it has, where not the whole catalogue

    @property
    def bays(self) -> Floats:
        """Where the carts are parked, (c, 2) m; one takes a cart from its +y side."""
        return np.array(self.cart_bay) + np.arange(len(self.carts))[:, None] * [self.cart_gap_m, 0.0]


def place(stand: Point, top: tuple[float, float, float]) -> Place:
    """Return a place from plain numbers."""
    return Place(np.array(stand), np.array(top))
