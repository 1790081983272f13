"""The shelves of an AiFi NanoStore: where each plate of its planogram lies, and what stands on it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from fusion.arrays import Floats
from sensors.aifi_lines import Line, dig, fault, named, number_of, point_of, read_lines

PLATE_WIDTH_M, PLATE_DEPTH_M = 0.1016, 0.4064
SHELF_PITCH_M = 0.3  # from one shelf to the next where the planogram knows neither
MASS_UNKNOWN_G = 300.0
MASS_SD_SHARE = 0.02
Slot: TypeAlias = tuple[int, int, int]  # gondola, shelf, plate, counted from 1 as in the files


@dataclass(frozen=True, slots=True, eq=False)
class Plate:
    """One load plate: the centre of its top, its turn and size."""

    centre: Floats  # (3,) m
    yaw_rad: float
    width_m: float
    depth_m: float


@dataclass(frozen=True, slots=True)
class Facing:
    """A product and the slots it is meant to stand on."""

    sku: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """One product of the catalogue."""

    sku: str
    name: str
    price_cents: int
    mass_g: float
    mass_sd_g: float


def read_planogram(path: Path) -> tuple[list[Facing], dict[Slot, Plate]]:
    """Return the facings and the plates they stand on; raises RecordingError."""
    facings: list[Facing] = []
    plates: dict[Slot, Plate] = {}
    for line in read_lines(path, lambda _: None):
        slots = tuple(_slot(line, row) for row in dig(line, "plate_ids", list))
        if not slots:
            raise fault(line, "plate_ids", "at least one plate", "none")
        # A stretch of shelf may be kept free: plates without a product.
        if dig(line, "planogram_product_id", dict, {}):
            facings.append(Facing(named(line, "planogram_product_id.id"), slots))
        for slot, plate in _facing_plates(line, slots).items():
            plates.setdefault(slot, plate)
    return facings, plates


def read_products(path: Path, wanted: Iterable[str]) -> list[Product]:
    """Return the wanted products in the order asked for; one not in the catalogue gets a vague mass."""
    found: dict[str, Product] = {}
    for line in read_lines(path, lambda _: None):
        product = _product(line)
        found.setdefault(product.sku, product)
    vague = MASS_UNKNOWN_G
    return [found.get(sku, Product(sku, sku, 0, vague, vague)) for sku in dict.fromkeys(wanted)]


def with_unplanned(plates: dict[Slot, Plate], live: Iterable[Slot]) -> dict[Slot, Plate]:
    """Return all plates, sorted by slot, those with data but no product placed by their neighbours.

    A gondola of which the planogram knows nothing cannot be placed and is left out. So is a slot that would
    lie in the next gondola: packets of a narrow gondola have slots for a wide one, which echo other plates.
    """
    placed = dict(plates)
    gondolas = {slot[0] for slot in plates}
    for slot in sorted(live):
        if slot not in placed and slot[0] in gondolas:
            plate = _by_neighbour(plates, slot)
            others = (other for known, other in plates.items() if known[0] != slot[0])
            if not any(_overlap(plate, other) for other in others):
                placed[slot] = plate
    return dict(sorted(placed.items()))


def _overlap(one: Plate, other: Plate) -> bool:
    """Tell whether two plates share floor; neighbours are a full width apart."""
    return math.dist(one.centre[:2], other.centre[:2]) < 0.9 * min(one.width_m, other.width_m)


def axes(yaw_rad: float) -> tuple[Floats, Floats]:
    """Return the width and the depth axis of a plate turned by yaw."""
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    return np.array([cos, sin, 0.0]), np.array([-sin, cos, 0.0])


def _by_neighbour(plates: dict[Slot, Plate], slot: Slot) -> Plate:
    gondola, shelf, index = slot
    near = min(
        (known for known in plates if known[0] == gondola),
        key=lambda known: (abs(known[1] - shelf), abs(known[2] - index), known),
    )
    plate = plates[near]
    width, _ = axes(plate.yaw_rad)
    centre = plate.centre + (index - near[2]) * plate.width_m * width
    centre[2] = _shelf_height(plates, gondola, shelf)
    return Plate(centre, plate.yaw_rad, plate.width_m, plate.depth_m)


def _shelf_height(plates: dict[Slot, Plate], gondola: int, shelf: int) -> float:
    """Return a shelf's height, m: its own, or on a line through its neighbours."""
    own = sorted(slot for slot in plates if slot[0] == gondola)
    heights = {slot[1]: float(plates[slot].centre[2]) for slot in own}
    if shelf in heights or len(heights) == 1:
        known = shelf if shelf in heights else next(iter(heights))
        return heights[known] + (shelf - known) * SHELF_PITCH_M
    slope, base = np.polyfit(list(heights), list(heights.values()), 1)
    return float(base + slope * shelf)


def _facing_plates(line: Line, slots: tuple[Slot, ...]) -> dict[Slot, Plate]:
    """Cut a facing's box into its plates; its origin is the front corner of its first plate."""
    place = "global_coordinates.transform"
    rotation = dig(line, f"{place}.rotation", dict, {})
    if any(abs(number_of(line, rotation, axis)) > 1e-3 for axis in ("x", "y")):
        raise fault(line, f"{place}.rotation", "a turn about z alone", repr(rotation)[:60])
    yaw_rad = number_of(line, rotation, "z")
    origin = point_of(line, dig(line, f"{place}.translation", dict, {}))
    first, last = min(slot[2] for slot in slots), max(slot[2] for slot in slots)
    box = dig(line, "global_coordinates", dict)
    width_m = number_of(line, box, "dim_x") / (last - first + 1) or PLATE_WIDTH_M
    depth_m = number_of(line, box, "dim_y") or PLATE_DEPTH_M
    if width_m < 0 or depth_m < 0:
        raise fault(line, "global_coordinates", "dim_x and dim_y of 0 or more", repr(box)[:60])
    width, depth = axes(yaw_rad)
    return {
        slot: Plate(
            origin + (slot[2] - first + 0.5) * width_m * width + 0.5 * depth_m * depth,
            yaw_rad,
            width_m,
            depth_m,
        )
        for slot in slots
    }


def _slot(line: Line, row: Any) -> Slot:
    inner = Line(line.file, line.number, row if isinstance(row, dict) else {})
    gondola = dig(inner, "shelf_id.gondola_id.id", int, 0)
    return gondola, dig(inner, "shelf_id.shelf_index", int, 0), dig(inner, "plate_index", int, 0)


def _product(line: Line) -> Product:
    metadata = dig(line, "metadata", dict, {})
    price, weight_g = number_of(line, metadata, "price"), number_of(line, metadata, "weight")
    if price < 0 or weight_g < 0:
        raise fault(line, "metadata", "price and weight of 0 or more", repr((price, weight_g)))
    sku = named(line, "product_id.id")
    name = " ".join(dig(line, "metadata.name", str, sku).split()) or sku
    cents = int((Decimal(str(price)) * 100).to_integral_value())
    if weight_g == 0:
        return Product(sku, name, cents, MASS_UNKNOWN_G, MASS_UNKNOWN_G)
    return Product(sku, name, cents, weight_g, max(1.0, MASS_SD_SHARE * weight_g))
