"""What stands where at opening: the catalogue laid out on the shelves of a plan."""

from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Final

import numpy as np

from fusion.store import Facings
from scenarios.catalogue import ARTICLES, row_named
from scenarios.plan import PLATE_CAPACITY_G, Gondola, Shop

FACING_M: Final = 0.3  # at least, for one article
LANES_MIN: Final = 2  # packages that stand side by side in a facing
DEEP: Final = (3, 6)  # packages one behind the other
PILED: Final = (6, 11)  # pieces of produce, heaped
FULL: Final = 0.75  # of what plates can carry
CORE: Final = 40  # articles, the first of the catalogue, that every drawn store has
ROOM_SHARE: Final = 0.93  # of the facings counted in one order: another may need wider ones


def fill_shelves(shop: Shop, rng: np.random.Generator) -> Facings:
    """Return the planogram of a shop: each article as wide as two packages need, the shelves full from end to end."""
    orders = _orders(shop, rng)
    facing, product, spans, qty = [], [], [], []
    first = 0
    for gondola in shop.gondolas:
        for level, at, row, span in _lay(gondola, orders[gondola.only]):
            facing.append(f"{gondola.gondola_id}-s{level + 1}-f{at + 1:02d}")
            product.append(row)
            begin = first + level * gondola.plates + at
            spans.append(tuple(range(begin, begin + span)))
            qty.append(_stock(gondola, row, span, rng))
        first += len(gondola.shelf_z) * gondola.plates
    return Facings(tuple(facing), np.array(product, dtype=np.int64), tuple(spans), np.array(qty, dtype=np.int64))


def _lay(gondola: Gondola, order: Iterator[int]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the facings of a gondola from the lowest shelf: level, first plate of the shelf, article, plates."""
    for level in range(len(gondola.shelf_z)):
        at = 0
        while at < gondola.plates:
            row = next(order)
            span = _span(gondola, row, gondola.plates - at)
            yield level, at, row, span
            at += span


def _span(gondola: Gondola, row: int, left: int) -> int:
    """Return how many plates a facing takes of those left on its shelf."""
    least = _plates(gondola, FACING_M)
    span = min(max(least, _plates(gondola, LANES_MIN * ARTICLES[row].width_m)), left)
    # A narrow rest is no place of its own: the last facing of a shelf takes it.
    return left if left - span < least else span


def _plates(gondola: Gondola, width_m: float) -> int:
    return int(np.ceil(width_m / gondola.plate_width_m))


def _stock(gondola: Gondola, row: int, span: int, rng: np.random.Generator) -> int:
    """Return how many packages stand in a facing at opening; plates are never overloaded."""
    article = ARTICLES[row]
    lanes = max(1, int(span * gondola.plate_width_m / article.width_m))
    deep = int(rng.integers(*(PILED if gondola.only else DEEP)))
    return min(lanes * deep, int(FULL * span * PLATE_CAPACITY_G / article.mass_g))


def _orders(shop: Shop, rng: np.random.Generator) -> dict[str, Iterator[int]]:
    """Return the endless order of articles on the shelves of each kind; "" is what is kept for no category."""
    kept = {gondola.only for gondola in shop.gondolas} - {""}
    rows = [row_named(name) for name in shop.articles] or list(range(len(ARTICLES)))
    loose = [row for row in rows if ARTICLES[row].category not in kept]
    if shop.is_drawn:
        loose = _draw_blocks(loose, _room(shop, rng.permutation(loose).tolist()), rng)
    orders = {"": cycle(loose)}
    for category in sorted(kept):
        own = [row for row in rows if ARTICLES[row].category == category]
        orders[category] = cycle(rng.permutation(own).tolist() if shop.is_drawn else own)
    return orders


def _room(shop: Shop, rows: Sequence[int]) -> int:
    """Return about how many facings a shop has for articles of all kinds, whatever their order."""
    order = cycle(rows)
    return int(ROOM_SHARE * sum(1 for gondola in shop.gondolas if not gondola.only for _ in _lay(gondola, order)))


def _draw_blocks(rows: Sequence[int], room: int, rng: np.random.Generator) -> list[int]:
    """Return a drawn assortment in blocks by category; a large store has each article at several facings of its block.

    Everybody's everyday goods, the first of the catalogue, are always in it.
    """
    core = [row for row in rows if row < CORE]
    rest = [row for row in rows if row >= CORE]
    chosen = [*core, *rng.permutation(rest).tolist()[: max(0, room - len(core))]]
    times, more = divmod(max(room, len(chosen)), len(chosen))
    favoured = set(rng.permutation(chosen)[:more].tolist())
    blocks: dict[str, list[int]] = {}
    for row in chosen:
        blocks.setdefault(ARTICLES[row].category, []).append(row)
    order: list[int] = []
    for name in rng.permutation(sorted(blocks)).tolist():
        block = rng.permutation(blocks[name]).tolist()
        order += block * times + [row for row in block if row in favoured]
    return order
