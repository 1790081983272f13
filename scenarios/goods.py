"""Every single package of the store: what it weighs, where it lies, which plates carry it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.store import Facings, Plates, Products, Store
from scenarios.catalogue import ARTICLES
from scenarios.layout import axes

BIAS_SD: Final = 0.03  # how far a product's packages are off the catalogue
BIAS_MAX: Final = 0.09  # contract section 2
PIECE_MIN_G: Final = 20.0
SHARE_MIN: Final = 0.04  # a plate that carries less of a package is not touched by it
LANE_SD_M: Final = 0.006
WIDTHS_M: Final = np.array([article.width_m for article in ARTICLES])


@dataclass(slots=True, eq=False)
class Goods:
    """All packages, one row each. Edited in place while a scenario is acted; nothing else here is."""

    product: Ints  # (m,)
    mass_g: Floats  # (m,)
    facing: Ints  # (m,) where it stands or stood last, or will stand once it comes from the stockroom
    along_m: Floats  # (m,) its middle, along the width axis of that shelf
    on_shelf: Bools  # (m,)
    free_s: Floats  # (m,) lies there and can be taken since
    in_stockroom: Bools  # (m,) for staff to bring out


@dataclass(frozen=True, slots=True, eq=False)
class Shelving:
    """The s shelves of a store with up to c plates each; made once a store."""

    plates: Ints  # (s, c) rows in Plates, 0 where a shelf has fewer
    low_m: Floats  # (s, c) where a plate begins along the width axis, inf where there is none
    high_m: Floats  # (s, c) and where it ends
    shelf: Ints  # (f,) of each facing
    from_m: Floats  # (f,) where a facing begins
    to_m: Floats  # (f,)


def stock_up(
    store: Store,
    rng: np.random.Generator,
    stale: Sequence[tuple[int, int]] = (),
    reserve: Mapping[int, int] | None = None,
) -> Goods:
    """Return the goods at opening, every package with its own mass.

    They are what the planogram says, but where it is stale: pairs of products, the one it says and the one that
    really stands there. `reserve` is how many packages of a product wait in the stockroom; raises ValueError for one
    that has no place on the shelves.
    """
    facings = store.facings
    really = dict(stale)
    stands = np.array([really.get(row, row) for row in facings.product.tolist()], dtype=np.int64)
    out = np.repeat(np.arange(len(stands)), facings.qty)
    spare = np.repeat(np.array(list(reserve or ()), dtype=np.int64), list((reserve or {}).values()))
    spare_at = np.array([_home(store, row) for row in spare.tolist()], dtype=np.int64)
    product, facing = np.concatenate([stands[out], spare]), np.concatenate([out, spare_at])
    along = np.concatenate([_lanes(store, out, stands[out]), _middles(store, spare_at)])
    in_stockroom = np.arange(facing.size) >= out.size
    return Goods(
        product=product,
        mass_g=_masses(store.products, product, rng),
        facing=facing,
        along_m=along + rng.normal(0.0, LANE_SD_M, along.size),
        on_shelf=~in_stockroom,
        free_s=np.full(product.size, -np.inf),
        in_stockroom=in_stockroom,
    )


def _home(store: Store, product: int) -> int:
    """Return the first facing that the planogram gives a product."""
    homes = np.flatnonzero(store.facings.product == product)
    if not homes.size:
        name = store.products.name[product]
        raise ValueError(f"reserve of {name}: expected a product with a facing in {store.store_id}, received none")
    return int(homes[0])


def _masses(products: Products, product: Ints, rng: np.random.Generator) -> Floats:
    """Draw the mass of each package: a product is off as a whole, and its packages among themselves."""
    bias = np.clip(rng.normal(0.0, BIAS_SD, len(products.sku)), -BIAS_MAX, BIAS_MAX)
    said, spread = products.mass_g[product], products.mass_sd_g[product]
    off = rng.normal(0.0, 1.0, product.size)
    packed = said * (1.0 + bias[product]) + np.clip(off, -3.0, 3.0) * spread
    # However a package is off, the contract's nine percent hold; a piece of fruit has no such promise.
    packed = np.clip(packed, (1 - BIAS_MAX) * said, (1 + BIAS_MAX) * said)
    grown = np.maximum(said * (1.0 + bias[product]) * np.exp(off * spread / said), PIECE_MIN_G)
    return np.where(products.by_weight[product], grown, packed)


def _lanes(store: Store, facing: Ints, product: Ints) -> Floats:
    """Return the middles of packages, those of a facing in a row: in lanes side by side, one behind the other."""
    shelving = shelving_of(store.plates, store.facings)
    low, wide = shelving.from_m[facing], (shelving.to_m - shelving.from_m)[facing]
    lanes = np.maximum(1, (wide / WIDTHS_M[product]).astype(np.int64))
    first = np.concatenate([[0], np.cumsum(store.facings.qty)[:-1]])
    lane = (np.arange(facing.size) - first[facing]) % lanes
    middles: Floats = low + (lane + 0.5) * wide / lanes
    return middles


def _middles(store: Store, facing: Ints) -> Floats:
    shelving = shelving_of(store.plates, store.facings)
    middles: Floats = (shelving.from_m[facing] + shelving.to_m[facing]) / 2
    return middles


@lru_cache(maxsize=8)
def shelving_of(plates: Plates, facings: Facings) -> Shelving:
    """Return the shelves as rows of plates, and where on them the facings are."""
    on: dict[tuple[str, str], list[int]] = {}
    for row, key in enumerate(zip(plates.gondola, plates.shelf, strict=True)):
        on.setdefault(key, []).append(row)
    number = {row: at for at, rows in enumerate(on.values()) for row in rows}
    longest = max(len(rows) for rows in on.values())
    table = np.array([rows + [0] * (longest - len(rows)) for rows in on.values()])
    blank = np.array([[at >= len(rows) for at in range(longest)] for rows in on.values()])
    width = np.array([axes(float(yaw))[0] for yaw in plates.yaw_deg])
    middle, half = (plates.centre[:, :2] * width).sum(axis=1), plates.size[:, 0] / 2
    return Shelving(
        plates=table,
        low_m=np.where(blank, np.inf, (middle - half)[table]),
        high_m=np.where(blank, -np.inf, (middle + half)[table]),
        shelf=np.array([number[spans[0]] for spans in facings.plates]),
        from_m=np.array([min(middle[row] - half[row] for row in spans) for spans in facings.plates]),
        to_m=np.array([max(middle[row] + half[row] for row in spans) for spans in facings.plates]),
    )


def extent(store: Store, facing: int) -> tuple[float, float]:
    """Return where a facing begins and ends along the width axis of its shelf, m."""
    shelving = shelving_of(store.plates, store.facings)
    return float(shelving.from_m[facing]), float(shelving.to_m[facing])


def carriers(store: Store, facing: int, along_m: float, width_m: float) -> list[tuple[int, float]]:
    """Return the plates that carry a package and their shares, which add up to 1."""
    shelving = shelving_of(store.plates, store.facings)
    shelf, share = _shares(shelving, np.array([facing]), np.array([along_m]), np.array([width_m]))
    return [(int(shelving.plates[shelf[0], at]), float(share[0, at])) for at in np.flatnonzero(share[0])]


def _shares(shelving: Shelving, facing: Ints, along_m: Floats, width_m: Floats) -> tuple[Ints, Floats]:
    """Return the shelf of each package, (m,), and what share of it each plate of that shelf carries, (m, c)."""
    shelf, half = shelving.shelf[facing], width_m / 2
    high = np.minimum(shelving.high_m[shelf], (along_m + half)[:, None])
    overlap = np.maximum(high - np.maximum(shelving.low_m[shelf], (along_m - half)[:, None]), 0.0)
    assert (overlap.sum(axis=1) > 0.0).all(), "a package lies on its shelf"
    share = overlap / overlap.sum(axis=1, keepdims=True)
    share = np.where(share < SHARE_MIN, 0.0, share)
    return shelf, share / share.sum(axis=1, keepdims=True)


def spot(store: Store, facing: int, along_m: float, in_front_m: float) -> Floats:
    """Return a point, (3,) m, on a shelf: in_front_m before the middle line of its plates."""
    plate = store.facings.plates[facing][0]
    width, depth = axes(float(store.plates.yaw_deg[plate]))
    centre = store.plates.centre[plate]
    xy = centre[:2] + (along_m - centre[:2] @ width) * width - in_front_m * depth
    return np.array([*xy, centre[2]])


def opening_loads(store: Store, goods: Goods) -> Floats:
    """Return what lies on each plate, (p,) g."""
    shelving = shelving_of(store.plates, store.facings)
    lying = np.flatnonzero(goods.on_shelf)
    shelf, share = _shares(shelving, goods.facing[lying], goods.along_m[lying], WIDTHS_M[goods.product[lying]])
    load = np.zeros(len(store.plates.plate_id))
    np.add.at(load, shelving.plates[shelf], share * goods.mass_g[lying][:, None])
    return load
