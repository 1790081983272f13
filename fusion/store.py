"""A store folder as arrays (contract section 2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from fusion.arrays import Bools, Floats, Ints
from fusion.store_terms import Terms


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where, what was expected, what was found."""

    file: str
    place: str  # "line 12, column price" or "[[camera]] 3, key K"
    expected: str
    received: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: expected {self.expected}, received {self.received}"


class StoreError(Exception):
    """A store folder that cannot be used; carries every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(str(problems[0]))
        self.problems = problems


@dataclass(frozen=True, slots=True, eq=False)
class Plates:
    """Load plates, one row each, in file order."""

    plate_id: tuple[str, ...]
    gondola: tuple[str, ...]
    shelf: tuple[str, ...]
    controller: tuple[str, ...]
    channel: Ints  # (p,)
    centre: Floats  # (p, 3) m, centre of the top
    yaw_deg: Floats  # (p,)
    size: Floats  # (p, 2) m, width and depth
    capacity_g: Floats  # (p,)


@dataclass(frozen=True, slots=True, eq=False)
class Products:
    """The catalogue, one row a SKU, in file order."""

    sku: tuple[str, ...]
    name: tuple[str, ...]
    price_cents: Ints  # (k,) per piece, or per kilogram where by_weight
    by_weight: Bools  # (k,)
    mass_g: Floats  # (k,)
    mass_sd_g: Floats  # (k,)
    category: tuple[str, ...]
    tax_class: tuple[str, ...]
    snap: Bools  # (k,)
    min_age: Ints  # (k,) 0 where there is none
    epc_prefix: tuple[str, ...]  # "" where there is none


@dataclass(frozen=True, slots=True, eq=False)
class Facings:
    """The planogram, one row a facing, in file order."""

    facing_id: tuple[str, ...]
    product: Ints  # (f,) row in Products
    plates: tuple[tuple[int, ...], ...]  # rows in Plates
    qty: Ints  # (f,)


@dataclass(frozen=True, slots=True, eq=False)
class Cameras:
    """Calibrated ceiling cameras, one row each."""

    camera_id: tuple[str, ...]
    is_depth: Bools  # (c,) kind "depth"
    size_px: Floats  # (c, 2)
    K: Floats  # (c, 4) fx fy cx cy, px
    dist: Floats  # (c, 5) k1 k2 p1 p2 k3
    R: Floats  # (c, 3, 3) world to camera
    T: Floats  # (c, 3) m
    fps: Floats  # (c,)


@dataclass(frozen=True, slots=True, eq=False)
class Gates:
    """Lines people cross to come in or go out."""

    gate_id: tuple[str, ...]
    kind: tuple[str, ...]  # "entry", "exit" or "both"
    line: Floats  # (g, 2, 2) m


@dataclass(frozen=True, slots=True, eq=False)
class Fixture:
    """What blocks walking and sight."""

    fixture_id: str
    outline: Floats  # (v, 2) m
    height_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """Everything a store folder says."""

    store_id: str
    currency: str
    timezone: str
    handover: str  # "holder" or "picker"
    outline: Floats  # (v, 2) m, walkable area
    fixtures: tuple[Fixture, ...]
    gates: Gates
    cameras: Cameras
    carts: tuple[str, ...]
    portals: tuple[tuple[str, str], ...]  # (portal id, gate id)
    tax_rates: tuple[tuple[str, float], ...]  # (class, rate), sorted; a class not named is taxed at 0
    plates: Plates
    products: Products
    facings: Facings
    terms: Terms = field(default_factory=Terms)


@lru_cache(maxsize=8)
def product_rows(products: Products) -> Mapping[str, int]:
    """Return the row of each SKU; made once a catalogue."""
    return {sku: row for row, sku in enumerate(products.sku)}


@lru_cache(maxsize=8)
def facings_of_plate(facings: Facings) -> Mapping[int, tuple[int, ...]]:
    """Return the rows of the facings on each plate that has any; made once a planogram."""
    rows: dict[int, list[int]] = {}
    for row, plates in enumerate(facings.plates):
        for plate in plates:
            rows.setdefault(plate, []).append(row)
    return {plate: tuple(mine) for plate, mine in rows.items()}


def load_store(folder: Path) -> Store:
    """Read and validate a store folder.

    Raises StoreError with every problem found: file, place, expected, received.
    """
    from fusion.store_load import read_store  # here, because the loader needs the types above

    return read_store(Path(folder))
