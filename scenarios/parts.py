"""Choose a product of a store for each part of a script.

A part has one or several rules, and all of them hold: "any", "each" and "by weight" (how it is sold), "tagged", "snap"
and "not snap" (food stamps), "low" (on a shelf below LOW_M), "category C", "beside P" (in the next place on the same
shelf) and "weighs like P" (within LIKE_G; the nearest in mass where no product is).
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import numpy as np

from fusion.arrays import Bools
from fusion.store import Store
from scenarios.demand import Demand, Stock, demand_of, stock_of
from scenarios.script import Part, Script

LOW_M: Final = 0.7
LIKE_G: Final = 3.0
TRIES_MAX: Final = 200  # random choices for all parts before a store is said not to have them


def choose_products(script: Script, store: Store, rng: np.random.Generator) -> dict[str, str]:
    """Return the name of a product for each part, no two the same and none that the script names itself.

    Raises ValueError where the store has no such products, or too few packages of them.
    """
    rules: dict[str, list[Part]] = {}
    for part in script.parts:
        rules.setdefault(part.name, []).append(part)
    demand, stock = demand_of(script), stock_of(store)
    named = demand.named | {part.of for part in script.parts}
    named |= {name for one in script.stale for name in (one.product, one.instead)}
    fixed = {name: row for row, name in enumerate(store.products.name) if name in named}
    for tolerance_g in (LIKE_G, np.inf):
        for _ in range(TRIES_MAX):
            chosen = dict(fixed)
            for name, parts in rules.items():
                fits = _fitting(parts, chosen, _stocked(name, demand, stock, chosen), store, tolerance_g)
                if not fits.any():
                    break
                chosen[name] = int(rng.choice(np.flatnonzero(fits)))
            else:
                return {name: store.products.name[chosen[name]] for name in rules}
    said = "; ".join(f"{name}: {', '.join(f'{one.how} {one.of}'.strip() for one in rules[name])}" for name in rules)
    raise ValueError(f"{script.name}: store {store.store_id}: expected products for {said}, received a store without")


def _stocked(name: str, demand: Demand, stock: Stock, chosen: Mapping[str, int]) -> Bools:
    """Tell, for each product, whether enough of it stands in the store and nothing else is called so."""
    enough: Bools = (stock.total >= max(1, demand.total[name])) & (stock.at_once >= demand.at_once[name])
    enough[list(chosen.values())] = False
    return enough


def _fitting(parts: list[Part], chosen: Mapping[str, int], stocked: Bools, store: Store, tolerance_g: float) -> Bools:
    """Tell, for each product, whether it is stocked and all rules of a part allow it."""
    mass_g, fits = store.products.mass_g, stocked.copy()
    likes = [chosen[part.of] for part in parts if part.how == "weighs like"]
    for part in parts:
        if part.how != "weighs like":
            fits &= _allowed(part, chosen, store)
    for like in likes:
        off_g = np.abs(mass_g - mass_g[like])
        nearest_g = off_g[fits].min(initial=np.inf)
        fits &= off_g <= (tolerance_g if np.isfinite(tolerance_g) else nearest_g)
    return fits


def _allowed(part: Part, chosen: Mapping[str, int], store: Store) -> Bools:
    """Tell, for each product, whether one rule allows it."""
    products = store.products
    match part.how:
        case "beside":
            return _among(_neighbours(store, chosen[part.of]), store)
        case "low":
            return _among(_low(store), store)
        case "category":
            return np.array([category == part.of for category in products.category])
        case "tagged":
            return np.array([bool(prefix) for prefix in products.epc_prefix])
        case "by weight" | "each":
            return products.by_weight == (part.how == "by weight")
        case "snap" | "not snap":
            return products.snap == (part.how == "snap")
    return np.ones(len(products.sku), dtype=bool)


def _among(rows: set[int], store: Store) -> Bools:
    return np.isin(np.arange(len(store.products.sku)), sorted(rows))


def _neighbours(store: Store, product: int) -> set[int]:
    """Return the products in the places next to those of a product, on the same shelf."""
    facings, shelf = store.facings, store.plates.shelf
    places = sorted((plates[0], int(facings.product[row])) for row, plates in enumerate(facings.plates))
    found = set()
    for (plate, one), (next_plate, other) in pairwise(places):
        if shelf[plate] == shelf[next_plate] and product in (one, other):
            found |= {one, other}
    return found - {product}


def _low(store: Store) -> set[int]:
    facings, top_m = store.facings, store.plates.centre[:, 2]
    return {int(facings.product[row]) for row, plates in enumerate(facings.plates) if top_m[plates[0]] < LOW_M}
