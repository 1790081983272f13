"""Every single package of the store: what it weighs, where it lies, which plates carry it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.store import Store
from scenarios.catalogue import ARTICLES
from scenarios.layout import axes

BIAS_SD: Final = 0.025  # how far a product's packages are off the catalogue
BIAS_MAX: Final = 0.09  # contract section 2
SHARE_MIN: Final = 0.04  # a plate that carries less of a package is not touched by it


@dataclass(slots=True, eq=False)
class Goods:
    """All packages, one row each. Edited in place while a scenario is acted; nothing else here is."""

    product: Ints  # (m,)
    mass_g: Floats  # (m,)
    facing: Ints  # (m,) where it stands or stood last
    along_m: Floats  # (m,) its middle, along the width axis of that shelf
    on_shelf: Bools  # (m,)
    free_s: Floats  # (m,) lies there and can be taken since


def stock_up(store: Store, rng: np.random.Generator) -> Goods:
    """Return the goods at opening: what the planogram says, every package with its own mass."""
    facings, products = store.facings, store.products
    facing = np.repeat(np.arange(len(facings.facing_id)), facings.qty)
    product = facings.product[facing]
    bias = np.clip(rng.normal(0.0, BIAS_SD, len(products.sku)), -BIAS_MAX, BIAS_MAX)
    spread = np.clip(rng.normal(0.0, 1.0, product.size), -3.0, 3.0) * products.mass_sd_g[product]
    mass = products.mass_g[product] * (1.0 + bias[product]) + spread
    # However a package is off, the contract's nine percent hold; a piece of fruit has no such promise.
    low, high = (1 - BIAS_MAX) * products.mass_g[product], (1 + BIAS_MAX) * products.mass_g[product]
    mass = np.where(products.by_weight[product], np.maximum(mass, 20.0), np.clip(mass, low, high))
    along = np.concatenate([_lanes(store, row) for row in range(len(facings.facing_id))])
    along += rng.normal(0.0, 0.006, along.size)
    return Goods(product, mass, facing, along, np.ones(product.size, dtype=bool), np.full(product.size, -np.inf))


def _lanes(store: Store, facing: int) -> Floats:
    """Return the middles of a facing's packages: in lanes side by side, one behind the other."""
    low, high = extent(store, facing)
    width = ARTICLES[int(store.facings.product[facing])].width_m
    lanes = max(1, int((high - low) / width))
    middles = low + (np.arange(lanes) + 0.5) * (high - low) / lanes
    return middles[np.arange(int(store.facings.qty[facing])) % lanes]


def extent(store: Store, facing: int) -> tuple[float, float]:
    """Return where a facing begins and ends along the width axis of its shelf, m."""
    plates = list(store.facings.plates[facing])
    middle, half = _along(store, plates), store.plates.size[plates, 0] / 2
    return float((middle - half).min()), float((middle + half).max())


def _along(store: Store, plates: list[int]) -> Floats:
    width, _ = axes(float(store.plates.yaw_deg[plates[0]]))
    along: Floats = store.plates.centre[plates, :2] @ width
    return along


def carriers(store: Store, facing: int, along_m: float, width_m: float) -> list[tuple[int, float]]:
    """Return the plates that carry a package and their shares, which add up to 1."""
    shelf = store.plates.shelf[store.facings.plates[facing][0]]
    plates = [row for row, name in enumerate(store.plates.shelf) if name == shelf]
    middle, half = _along(store, plates), store.plates.size[plates, 0] / 2
    overlap = np.minimum(middle + half, along_m + width_m / 2) - np.maximum(middle - half, along_m - width_m / 2)
    share = np.maximum(overlap, 0.0) / np.maximum(overlap, 0.0).sum()
    share = np.where(share < SHARE_MIN, 0.0, share)
    share /= share.sum()
    return [(plates[at], float(share[at])) for at in np.flatnonzero(share)]


def spot(store: Store, facing: int, along_m: float, in_front_m: float) -> Floats:
    """Return a point, (3,) m, on a shelf: in_front_m before the middle line of its plates."""
    plate = store.facings.plates[facing][0]
    width, depth = axes(float(store.plates.yaw_deg[plate]))
    centre = store.plates.centre[plate]
    xy = centre[:2] + (along_m - centre[:2] @ width) * width - in_front_m * depth
    return np.array([*xy, centre[2]])


def opening_loads(store: Store, goods: Goods) -> Floats:
    """Return what lies on each plate, (p,) g."""
    load = np.zeros(len(store.plates.plate_id))
    for item in np.flatnonzero(goods.on_shelf):
        width_m = ARTICLES[int(goods.product[item])].width_m
        for plate, share in carriers(store, int(goods.facing[item]), float(goods.along_m[item]), width_m):
            load[plate] += share * goods.mass_g[item]
    return load
