"""Shops of any size: islands of shelves in rows, as many plates and cameras as such a floor usually has.

From the door wall x = 0 inward: lanes and a free front, then rows of islands with two sides each, shelves along the
far wall. A counter, the carts and the store room whose inside no camera sees stand along the wall y = 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from scenarios.ceiling import hang_cameras
from scenarios.island import BODY_M, NARROW, PER_SIDE, SHELVES, TABLE_SHELVES, WIDE, Kind, Unit, along_wall, island
from scenarios.plan import CART_GAP_M, PLATE_DEPTH_M, Block, Door, Point, Shop, place

AREA_M2: Final = (60, 3000)
ASPECT: Final = 1.4  # width over depth
FRONT_M: Final = 1.6  # free behind the doors,
FRONT_SHARE: Final = 0.06  # and so much of the width besides
SIDE_M: Final = 2.3  # free along the wall y = 0: counter, carts, people
ON_ISLANDS: Final = 0.65  # of all shelves, where the far wall has room for the rest
AISLE_M: Final = 1.6  # at least, so that two shoppers with carts can pass
WIDE_FROM_M2: Final = 300  # a larger shop has wide plates
LANE_M: Final = 1.0
LANE_GAP_M: Final = 0.35
CLOSE_GAP_M: Final = 0.1  # where there are lanes along whole walls
LANES_FROM_M2: Final = 100.0  # a smaller shop has one door to come and go
CEILING_M: Final = 4.5
PILLAR_M: Final = 0.3
PILLAR_EACH: Final = 4  # so many islands
STORE_ROOM: Final = Block("store-room", (0.0, 0.86), (1.3, 0.96), CEILING_M)  # one wall of it
COUNTER: Final = Block("counter", (2.2, 0.0), (3.2, 0.45), 0.95)
PLACES: Final = {"nook": place((0.4, 0.43), (0.25, 0.3, 0.0)), "counter": place((2.7, 0.85), (2.7, 0.3, 0.95))}


@dataclass(frozen=True, slots=True)
class Size:
    """What a shop is asked to have."""

    store_id: str
    area_m2: float
    plates: int
    cameras: int
    carts: int
    produce_islands: int
    unit: Unit = NARROW
    fps: float = 10.0
    lanes: tuple[int, int] | None = None  # out and in; as many as such a floor usually has where not given
    cart_gap_m: float = CART_GAP_M


def size_of(area_m2: int) -> Size:
    """Return what a shop of an area usually has: density falls with size as from AiFi's nano store to a supermarket."""
    return Size(
        store_id=f"shop-{area_m2}m2",
        area_m2=float(area_m2),
        plates=round(8.8 * area_m2 * (area_m2 / 170.0) ** -0.365),
        cameras=round(0.235 * area_m2 * (area_m2 / 170.0) ** -0.29),
        carts=min(30, area_m2 // 60) if area_m2 >= 250 else 0,
        produce_islands=min(6, area_m2 // 250),
        unit=WIDE if area_m2 >= WIDE_FROM_M2 else NARROW,
    )


def shop_of_size(size: Size) -> Shop:
    """Return the plan of a shop of some size; where the floor has no room for all plates it has fewer."""
    wide = round(float(np.sqrt(size.area_m2 * ASPECT)), 1)
    floor = (wide, round(size.area_m2 / wide, 1))
    walls, kinds = _share_out(size, floor)
    corners = _spread(floor, len(kinds), size.unit)
    blocks, gondolas = [STORE_ROOM, COUNTER], []
    for kind, corner in zip(kinds, corners, strict=True):
        block, sides = island(len(blocks) - 1, corner, kind, size.unit, first=len(gondolas) + 1)
        blocks.append(block)
        gondolas += sides
    wall, shelves = along_wall(floor, walls, size.unit, first=len(gondolas) + 1)
    plan = Shop(
        store_id=size.store_id,
        size=floor,
        doors=_doors(size, floor),
        gondolas=(*gondolas, *shelves),
        cameras=(),
        blocks=(*blocks, wall, *_pillars(size, corners, floor)),
        places=PLACES,
        carts=tuple(f"cart-{at + 1:02d}" for at in range(size.carts)),
        cart_bay=(3.9, 0.35),
        cart_gap_m=size.cart_gap_m,
        is_drawn=True,
    )
    hung = hang_cameras(plan, size.cameras)
    return replace(hung, cameras=tuple(replace(camera, fps=size.fps) for camera in hung.cameras))


def _room(floor: Point) -> Point:
    """Return the width and depth of the part of a floor where islands stand."""
    front = FRONT_M + FRONT_SHARE * floor[0]
    return floor[0] - front - AISLE_M, floor[1] - SIDE_M - AISLE_M - PLATE_DEPTH_M


def _most(floor: Point, unit: Unit) -> tuple[int, int]:
    """Return how many columns and rows of islands find room at most."""
    across, deep = _room(floor)
    return int((across + AISLE_M) / (unit.island_m + AISLE_M)), int((deep + AISLE_M) / (BODY_M + AISLE_M))


def _share_out(size: Size, floor: Point) -> tuple[int, list[Kind]]:
    """Return how many gondolas stand along the far wall, and of which kind each island is, the produce first."""
    columns, rows = _most(floor, size.unit)
    by_wall, sides = int((floor[0] - FRONT_M - 0.3) / size.unit.width_m), 2 * PER_SIDE
    produce = min(size.produce_islands, columns * rows - 1)
    loose = size.plates - produce * sides * size.unit.table.plates * len(TABLE_SHELVES)
    wanted = round(loose / (size.unit.plates * len(SHELVES)))
    least = -(-(wanted - by_wall) // sides)
    islands = min(max(int(ON_ISLANDS * wanted) // sides, least), columns * rows - produce)
    freezers = min(1 + islands // 3, columns * rows - produce - islands)
    kinds: list[Kind] = [*["produce"] * produce, *["shelves"] * islands, *["freezer"] * freezers]
    return min(wanted - sides * islands, by_wall), kinds


def _spread(floor: Point, count: int, unit: Unit) -> list[Point]:
    """Return the low corners of islands, column after column from the front, aisles about as wide each way."""
    across, deep = _room(floor)
    most, rows_most = _most(floor, unit)

    def narrowest(columns: int) -> float:
        rows = -(-count // columns)
        gaps = (across - columns * unit.island_m) / max(columns - 1, 1), (deep - rows * BODY_M) / max(rows - 1, 1)
        return min(gaps) if rows <= rows_most else -1.0

    columns = max(range(1, most + 1), key=narrowest)
    xs = _along(FRONT_M + FRONT_SHARE * floor[0], across, unit.island_m, columns)
    ys = _along(SIDE_M, deep, BODY_M, -(-count // columns))
    return [(x, y) for x in xs for y in ys][:count]


def _along(low_m: float, room_m: float, each_m: float, count: int) -> list[float]:
    """Return where things of one length begin so that they fill some room; one alone stands in its middle."""
    free_m = room_m - each_m
    starts = low_m + (np.linspace(0.0, free_m, count) if count > 1 else np.array([free_m / 2]))
    return [round(float(start), 3) for start in starts]


def _pillars(size: Size, corners: Sequence[Point], floor: Point) -> list[Block]:
    """Return what holds the roof of a hall: pillars at the end of some islands, but for the last before a wall."""
    if size.area_m2 < WIDE_FROM_M2:
        return []
    ends = [(x + size.unit.island_m, y + (BODY_M - PILLAR_M) / 2) for x, y in corners[1::PILLAR_EACH]]
    lows = [(round(x, 4), round(y, 4)) for x, y in ends if x + 2 * AISLE_M < floor[0]]
    return [
        Block(f"pillar-{at + 1}", (x, y), (round(x + PILLAR_M, 4), round(y + PILLAR_M, 4)), CEILING_M)
        for at, (x, y) in enumerate(lows)
    ]


def _doors(size: Size, floor: Point) -> tuple[Door, ...]:
    """Return one door, or lanes in and out side by side, about the middle of the wall."""
    if size.lanes is not None:
        return _lanes(*size.lanes, floor)
    if size.area_m2 < LANES_FROM_M2:
        return (Door("door", "both", 1.6, 2.9),)
    lanes = int(np.clip(round(np.sqrt(size.area_m2) / 7.0), 1, 4))
    pitch = LANE_M + LANE_GAP_M
    first = floor[1] / 2 - lanes * pitch + LANE_GAP_M / 2
    starts = [round(first + at * pitch, 3) for at in range(2 * lanes)]
    names = [*[(f"out-{at + 1}", "exit") for at in range(lanes)], *[(f"in-{at + 1}", "entry") for at in range(lanes)]]
    return tuple(Door(name, kind, y, round(y + LANE_M, 3)) for (name, kind), y in zip(names, starts, strict=True))


def _lanes(out: int, into: int, floor: Point) -> tuple[Door, ...]:
    """Return lanes along both walls, from the door wall on, those out evenly among those in; as many as find room."""
    pitch = LANE_M + CLOSE_GAP_M
    starts = np.arange(SIDE_M, floor[1] - SIDE_M - LANE_M, pitch).round(3).tolist()
    places = [(x, y) for x in (0.0, floor[0]) for y in starts][: out + into]
    turns = np.floor(np.arange(len(places) + 1) * out / (out + into))
    is_out = np.diff(turns, prepend=0.0)[1:] > 0
    is_out[-1] = True
    kinds = ["exit" if one else "entry" for one in is_out.tolist()]
    return tuple(
        Door(f"{'out' if kind == 'exit' else 'in'}-{at + 1:02d}", kind, y, round(y + LANE_M, 3), x)
        for at, ((x, y), kind) in enumerate(zip(places, kinds, strict=True))
    )
