"""Cast a script for a store: its parts become products that stand there, its crowd becomes people."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from fusion.store import Store
from scenarios.demand import demand_of, stock_of
from scenarios.drawing import draw_shoppers
from scenarios.parts import choose_products
from scenarios.script import Intention, Pick, Script, Shopper, TakeCart
from scenarios.script_check import PLATES_OF
from scenarios.step_check import GOODS_FIELDS
from sensors.faults import Fault


def cast(script: Script, store: Store, rng: np.random.Generator) -> Script:
    """Return a script without parts and crowd: each part is a product stocked in the store, no two the same one.

    Patterns of a fault for the plates of a product become plate ids. Raises ValueError where the store lacks a product,
    enough packages of it, or a cart.
    """
    names = choose_products(script, store, rng)
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
