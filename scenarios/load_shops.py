"""The shops of the reference loads: stores of exact size, with so many ways in that all their people are soon inside.

S is AiFi's nano store; XL has the floor and the cameras of a Walmart (1,500 over 4,600 m2), L those between it and a
Rewe (800 over 750 m2). Everybody has seven square metres or more: in a tighter crowd nobody gets anywhere.
"""

import re
from dataclasses import replace
from typing import Final

from scenarios.island import WIDE
from scenarios.plan import Shop
from scenarios.shop_size import Size

NEST_M: Final = 0.45  # from one parked cart to the next, where many stand
LOAD_SIZES: Final = {
    "load-m": Size(
        "load-m", 350.0, plates=2_000, cameras=100, carts=0, produce_islands=0, unit=WIDE, fps=15.0, lanes=(4, 16)
    ),
    "load-l": Size(
        "load-l", 2_000.0, plates=10_000, cameras=800, carts=50, produce_islands=0, unit=WIDE, lanes=(8, 50),
        cart_gap_m=NEST_M,
    ),
    "load-xl": Size(
        "load-xl", 4_600.0, plates=30_000, cameras=1_500, carts=150, produce_islands=0, unit=WIDE, fps=15.0,
        lanes=(14, 80), cart_gap_m=NEST_M,
    ),
}  # fmt: skip
GIVEN: Final = re.compile(r"(\d+)m2-(\d+)plates-(\d+)cameras")  # a shop of any size, named by it
GIVEN_LANES: Final = (8, 32)
NANO_PLATES: Final = 11  # a shelf of the last gondola: six more than elsewhere make 306


def nano_load(nano: Shop) -> Shop:
    """Return the nano store with 306 plates, as AiFi's has."""
    *others, last = nano.gondolas
    return replace(nano, store_id="load-s", gondolas=(*others, replace(last, plates=NANO_PLATES)))


def size_given(name: str) -> Size | None:
    """Return the size that a name such as "360m2-960plates-60cameras" gives, None for another name."""
    given = GIVEN.fullmatch(name)
    if given is None:
        return None
    area_m2, plates, cameras = map(int, given.groups())
    return Size(name, float(area_m2), plates, cameras, carts=0, produce_islands=0, unit=WIDE, lanes=GIVEN_LANES)
