"""Islands, shelves back to back that one walks round, and the run of shelves along the far wall."""

from typing import Final, Literal, TypeAlias

from scenarios.plan import BOARD_M, PLATE_DEPTH_M, PLATE_WIDTH_M, Block, Gondola, Point

Kind: TypeAlias = Literal["shelves", "produce", "freezer"]  # a freezer has no plates

PER_SIDE: Final = 2  # gondolas on each side of an island
PLATES: Final = 12  # a shelf
SHELVES: Final = (0.2, 0.55, 0.9, 1.25, 1.6)
GONDOLA_M: Final = PLATES * PLATE_WIDTH_M + 2 * BOARD_M
ISLAND_M: Final = PER_SIDE * GONDOLA_M
BODY_M: Final = 2 * (PLATE_DEPTH_M + BOARD_M)  # depth of an island
AISLE_M: Final = 1.6  # at least, so that two shoppers with carts can pass
TABLE_SHELVES: Final = (0.55, 0.85)
HEIGHT_M: Final = {"shelves": 1.85, "produce": 1.0, "freezer": 0.9}
WALL_RUN_M: Final = 0.1  # between the last shelf and the corner of the shop


def island(number: int, corner: Point, kind: Kind, *, first: int) -> tuple[Block, list[Gondola]]:
    """Return what stands at a low corner: its body, and the gondolas of its two sides, numbered from `first`."""
    (x, y), name = corner, f"isl-{number:02d}"
    body = Block(name, corner, (round(x + ISLAND_M, 4), round(y + BODY_M, 4)), HEIGHT_M[kind])
    near = [((x + at * GONDOLA_M, y), 0.0) for at in range(PER_SIDE)]
    far = [((x + ISLAND_M - at * GONDOLA_M, y + BODY_M), 180.0) for at in range(PER_SIDE)]
    fronts = [] if kind == "freezer" else [*near, *far]
    return body, [_gondola(first + at, front, yaw, name, kind) for at, (front, yaw) in enumerate(fronts)]


def along_wall(floor: Point, count: int, *, first: int) -> tuple[Block, list[Gondola]]:
    """Return the shelves along the far wall, y = depth of the shop, up to its corner."""
    right, front = floor[0] - WALL_RUN_M, round(floor[1] - PLATE_DEPTH_M - BOARD_M, 4)
    left = round(right - count * GONDOLA_M, 4)
    body = Block("wall", (left, front), (right, floor[1]), HEIGHT_M["shelves"])
    corners = [(left + at * GONDOLA_M, front) for at in range(count)]
    return body, [_gondola(first + at, corner, 0.0, "wall", "shelves") for at, corner in enumerate(corners)]


def _gondola(number: int, corner: Point, yaw_deg: float, name: str, kind: Kind) -> Gondola:
    place = (round(corner[0], 4), round(corner[1], 4))
    if kind == "produce":
        # Wide plates, half as many in the same width, for heaps.
        wide = 2 * PLATE_WIDTH_M
        return Gondola(
            f"G{number:02d}", place, yaw_deg, TABLE_SHELVES, PLATES // 2, HEIGHT_M[kind], wide, "produce", name
        )  # fmt: skip
    return Gondola(f"G{number:02d}", place, yaw_deg, SHELVES, PLATES, HEIGHT_M[kind], stands_in=name)
