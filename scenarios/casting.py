"""Cast a script for a store: its parts become products that stand there, its crowd becomes people.

A part has one or several rules, and all of them hold: "any", "each" and "by weight" (how it is sold), "tagged", "snap"
and "not snap" (food stamps), "low" (on a shelf below LOW_M), "category C", "beside P" (in the next place on the same
shelf) and "weighs like P" (within LIKE_G; the nearest in mass where no product is).
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np

from fusion.arrays import Bools
from fusion.store import Store
from scenarios.demand import Demand, demand_of, stock_of
from scenarios.drawing import draw_shoppers
from scenarios.script import Intention, Part, Pick, Script, Shopper, TakeCart
from scenarios.script_check import PLATES_OF
from scenarios.step_check import GOODS_FIELDS
from sensors.faults import Fault

LOW_M: Final = 0.7
LIKE_G: Final = 3.0
TRIES_MAX: Final = 200  # random choices for all parts before a store is said not to have them


def cast(script: Script, store: Store, rng: np.random.Generator) -> Script:
    """Return a script without parts and crowd: each part is a product stocked in the store, no two the same one.

    Patterns of a fault for the plates of a product become plate ids. Raises ValueError where the store lacks a product,
    enough packages of it, or a cart.
    """
    names = _choose(script, store, rng)
    played = replace(
        script,
        shoppers=tuple(_renamed(shopper, names) for shopper in script.shoppers),
        stale=tuple(
            replace(one, product=names.get(one.product, one.product), instead=names.get(one.instead, one.instead))
            for one in script.stale
        ),
        faults=tuple(_on_plates(fault, store, names) for fault in script.faults),
        parts=(),
    )
    _check_stock(played, store)
    return _with_crowd(played, store, rng)


def _choose(script: Script, store: Store, rng: np.random.Generator) -> dict[str, str]:
    """Return a product for each part: strictly alike in mass where that can be, else the nearest."""
    rules: dict[str, list[Part]] = {}
    for part in script.parts:
        rules.setdefault(part.name, []).append(part)
    demand = demand_of(script)
    rows = {name: row for row, name in enumerate(store.products.name)}
    fixed = {name: rows[name] for name in sorted(_named(script, demand) - rules.keys()) if name in rows}
    for tolerance_g in (LIKE_G, np.inf):
        for _ in range(TRIES_MAX):
            chosen = _draw(rules, fixed, store, demand, tolerance_g, rng)
            if chosen is not None:
                return {name: store.products.name[chosen[name]] for name in rules}
    wanted = "; ".join(f"{name}: {', '.join(f'{one.how} {one.of}'.strip() for one in rules[name])}" for name in rules)
    raise ValueError(f"{script.name}: store {store.store_id}: expected products for {wanted}, received none that are")


def _named(script: Script, demand: Demand) -> set[str]:
    """Return all goods that a script names in its steps, its stale places and its parts."""
    stale = {name for one in script.stale for name in (one.product, one.instead)}
    return demand.named | stale | {part.of for part in script.parts}


def _draw(
    rules: Mapping[str, list[Part]],
    fixed: Mapping[str, int],
    store: Store,
    demand: Demand,
    tolerance_g: float,
    rng: np.random.Generator,
) -> dict[str, int] | None:
    """Return a random product row for each part in turn; None where nothing is left for one of them."""
    chosen, stock = dict(fixed), stock_of(store)
    for name, parts in rules.items():
        fits = (stock.total >= max(1, demand.total[name])) & (stock.at_once >= demand.at_once[name])
        fits[list(chosen.values())] = False
        for part in parts:
            fits &= _fits(part, chosen, store, tolerance_g)
        if not fits.any():
            return None
        likes = [chosen[part.of] for part in parts if part.how == "weighs like"]
        off_g = np.abs(store.products.mass_g - store.products.mass_g[likes[0]]) if likes else np.zeros(fits.size)
        if np.isinf(tolerance_g):
            fits &= off_g == off_g[fits].min()
        chosen[name] = int(rng.choice(np.flatnonzero(fits)))
    return chosen


def _fits(part: Part, chosen: Mapping[str, int], store: Store, tolerance_g: float) -> Bools:
    """Tell, for each product, whether one rule allows it."""
    products = store.products
    match part.how:
        case "beside":
            return np.isin(np.arange(len(products.sku)), sorted(_neighbours(store, chosen[part.of])))
        case "weighs like":
            off_g: Bools = np.abs(products.mass_g - products.mass_g[chosen[part.of]]) <= tolerance_g
            return off_g
        case "category":
            return np.array([category == part.of for category in products.category])
        case "low":
            return np.isin(np.arange(len(products.sku)), _low(store))
        case "tagged":
            return np.array([bool(prefix) for prefix in products.epc_prefix])
        case "by weight" | "each":
            return products.by_weight == (part.how == "by weight")
        case "snap" | "not snap":
            return products.snap == (part.how == "snap")
    return np.ones(len(products.sku), dtype=bool)


def _neighbours(store: Store, product: int) -> set[int]:
    """Return the products in the places next to those of a product, on the same shelf."""
    facings, shelf = store.facings, store.plates.shelf
    places = sorted((plates[0], int(facings.product[row])) for row, plates in enumerate(facings.plates))
    found = set()
    for (plate, one), (next_plate, other) in pairwise(places):
        if shelf[plate] == shelf[next_plate] and product in (one, other):
            found |= {one, other}
    return found - {product}


def _low(store: Store) -> list[int]:
    top_m = store.plates.centre[:, 2]
    facings = store.facings
    return [int(facings.product[row]) for row, plates in enumerate(facings.plates) if top_m[plates[0]] < LOW_M]


def _renamed(shopper: Shopper, names: Mapping[str, str]) -> Shopper:
    return replace(shopper, does=tuple(_renamed_step(intention, names) for intention in shopper.does))


def _renamed_step(intention: Intention, names: Mapping[str, str]) -> Intention:
    own = {field.name for field in fields(intention)}
    new: dict[str, Any] = {
        key: names[getattr(intention, key)] for key in GOODS_FIELDS if key in own and getattr(intention, key) in names
    }
    if isinstance(intention, Pick):
        new["also"] = tuple((names.get(name, name), qty) for name, qty in intention.also)
    return replace(intention, **new)


def _on_plates(fault: Fault, store: Store, names: Mapping[str, str]) -> Fault:
    """Return a fault whose plates are named by their ids."""
    plates: list[str] = []
    for pattern in fault.plates:
        if not pattern.startswith(PLATES_OF):
            plates.append(pattern)
            continue
        name = pattern.removeprefix(PLATES_OF)
        found = _plates_of(store, names.get(name, name))
        if not found:
            raise ValueError(f"fault {fault.kind}: expected a product of store {store.store_id}, received {name!r}")
        plates += found
    return replace(fault, plates=tuple(plates))


def _plates_of(store: Store, product: str) -> list[str]:
    facings = store.facings
    return [
        store.plates.plate_id[plate]
        for row, plates in enumerate(facings.plates)
        if store.products.name[int(facings.product[row])] == product
        for plate in plates
    ]


def _check_stock(script: Script, store: Store) -> None:
    demand, stock, planned = demand_of(script), stock_of(store, script.stale), stock_of(store)
    rows = {name: row for row, name in enumerate(store.products.name)}
    for name in sorted(demand.named):
        row, is_taken = rows.get(name, -1), demand.total[name] > 0
        # What is only touched or walked to has to have a place, whatever stands there.
        here = stock if is_taken else planned
        there = (int(here.total[row]), int(here.at_once[row])) if row >= 0 else (0, 0)
        wanted = (max(1, demand.total[name]), demand.at_once[name])
        if there[0] < wanted[0] or there[1] < wanted[1]:
            raise ValueError(
                f"{script.name}: store {store.store_id}: expected {wanted[0]} of {name!r}, {wanted[1]} of them in one"
                f" place, received {there[0]} and {there[1]}"
            )
    for cart in sorted(_carts(script) - set(store.carts)):
        known = ", ".join(store.carts) or "no cart at all"
        raise ValueError(f"{script.name}: store {store.store_id}: expected {known}, received {cart!r}")


def _carts(script: Script) -> set[str]:
    return {one.cart for shopper in script.shoppers for one in shopper.does if isinstance(one, TakeCart)}


def _with_crowd(script: Script, store: Store, rng: np.random.Generator) -> Script:
    """Return a script with its crowd drawn; it leaves alone the goods and carts that the script needs."""
    if script.crowd is None:
        return script
    people = draw_shoppers(
        script.crowd.people,
        script.crowd.over_s,
        script.crowd.hard,
        store,
        rng,
        {shopper.name for shopper in script.shoppers},
        goods=demand_of(script).named | {name for one in script.stale for name in (one.product, one.instead)},
        carts=_carts(script),
    )
    return replace(script, shoppers=script.shoppers + people, crowd=None)
