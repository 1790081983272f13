"""Islands, shelves back to back that one walks round, and the run of shelves along the far wall."""

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from scenarios.plan import BOARD_M, PLATE_DEPTH_M, PLATE_WIDTH_M, Block, Gondola, Point

Kind: TypeAlias = Literal["shelves", "produce", "freezer"]  # a freezer has no plates

PER_SIDE: Final = 3  # gondolas on each side of an island
BODY_M: Final = 2 * (PLATE_DEPTH_M + BOARD_M)  # depth of an island
SHELVES: Final = (0.2, 0.55, 0.9, 1.25, 1.6)
TABLE_SHELVES: Final = (0.55, 0.85)
HEIGHT_M: Final = {"shelves": 1.85, "produce": 1.0, "freezer": 0.9}
CORNER_M: Final = 0.1  # between the last shelf along the wall and the corner of the shop


@dataclass(frozen=True, slots=True)
class Unit:
    """The kind of gondola a shop is furnished with."""

    plates: int  # a shelf
    plate_width_m: float

    @property
    def width_m(self) -> float:
        """Its whole width, boards included."""
        return self.plates * self.plate_width_m + 2 * BOARD_M

    @property
    def island_m(self) -> float:
        """The length of an island of such gondolas."""
        return PER_SIDE * self.width_m

    @property
    def table(self) -> "Unit":
        """The produce table of the same width: wide plates, for heaps."""
        return Unit(round(self.plates * self.plate_width_m / WIDE_M), WIDE_M)


WIDE_M: Final = 2 * PLATE_WIDTH_M
NARROW: Final = Unit(12, PLATE_WIDTH_M)
WIDE: Final = Unit(8, WIDE_M)  # where many customers buy much there are fewer and wider places


def island(number: int, corner: Point, kind: Kind, unit: Unit, *, first: int) -> tuple[Block, list[Gondola]]:
    """Return what stands at a low corner: its body, and the gondolas of its two sides, numbered from `first`."""
    (x, y), name, long = corner, f"isl-{number:02d}", unit.island_m
    body = Block(name, corner, (round(x + long, 4), round(y + BODY_M, 4)), HEIGHT_M[kind])
    near = [((x + at * unit.width_m, y), 0.0) for at in range(PER_SIDE)]
    far = [((x + long - at * unit.width_m, y + BODY_M), 180.0) for at in range(PER_SIDE)]
    fronts = [] if kind == "freezer" else [*near, *far]
    make = _table if kind == "produce" else _shelves
    return body, [make(first + at, front, yaw, name, unit) for at, (front, yaw) in enumerate(fronts)]


def along_wall(floor: Point, count: int, unit: Unit, *, first: int) -> tuple[Block, list[Gondola]]:
    """Return the shelves along the far wall, y = depth of the shop, up to its corner."""
    right, front = round(floor[0] - CORNER_M, 4), round(floor[1] - PLATE_DEPTH_M - BOARD_M, 4)
    left = round(right - count * unit.width_m, 4)
    body = Block("wall", (left, front), (right, floor[1]), HEIGHT_M["shelves"])
    corners = [(left + at * unit.width_m, front) for at in range(count)]
    return body, [_shelves(first + at, corner, 0.0, "wall", unit) for at, corner in enumerate(corners)]


def _shelves(number: int, corner: Point, yaw_deg: float, name: str, unit: Unit) -> Gondola:
    return Gondola(
        gondola_id=f"G{number:02d}",
        corner=(round(corner[0], 4), round(corner[1], 4)),
        yaw_deg=yaw_deg,
        shelf_z=SHELVES,
        plates=unit.plates,
        height_m=HEIGHT_M["shelves"],
        plate_width_m=unit.plate_width_m,
        stands_in=name,
    )


def _table(number: int, corner: Point, yaw_deg: float, name: str, unit: Unit) -> Gondola:
    shelves = _shelves(number, corner, yaw_deg, name, unit.table)
    return replace(shelves, shelf_z=TABLE_SHELVES, height_m=HEIGHT_M["produce"], only="produce")
