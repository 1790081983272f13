"""What a script asks of the shelves, and what stands on them at opening."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fusion.arrays import Ints
from fusion.store import Store
from scenarios.script import Face, Intention, Lift, Pick, Restock, Script, Stale, Swap
from scenarios.step_check import names_in


@dataclass(frozen=True, slots=True)
class Demand:
    """Packages that a script takes, by product or part."""

    named: frozenset[str]  # all goods that are named at all
    total: Counter[str]
    at_once: Counter[str]  # the largest grab: so many stand in one place


@dataclass(frozen=True, slots=True, eq=False)
class Stock:
    """Packages that stand in a store, by product row."""

    total: Ints  # (k,)
    at_once: Ints  # (k,) in the fullest facing


def demand_of(script: Script) -> Demand:
    """Return what a script asks for, as if nothing were ever put back."""
    named: set[str] = set()
    total: Counter[str] = Counter()
    at_once: Counter[str] = Counter()
    for shopper in script.shoppers:
        for intention in shopper.does:
            named.update(names_in(intention))
            for name, qty in _taken(intention):
                total[name] += qty
                at_once[name] = max(at_once[name], qty)
            if isinstance(intention, Restock):
                total[intention.product] -= intention.qty
    return Demand(frozenset(named), total, at_once)


def _taken(intention: Intention) -> Iterator[tuple[str, int]]:
    match intention:
        case Pick(product=product, qty=qty, also=also):
            yield from ((product, qty), *also)
        case Lift(product=product, qty=qty) | Face(product=product, qty=qty):
            yield product, qty
        case Swap(into=product):
            yield product, 1


def stock_of(store: Store, stale: tuple[Stale, ...] = ()) -> Stock:
    """Return what stands in a store at opening, where the planogram may be out of date."""
    total = np.zeros(len(store.products.sku), dtype=np.int64)
    at_once = total.copy()
    row_of = {name: row for row, name in enumerate(store.products.name)}
    instead = {row_of[one.product]: row_of[one.instead] for one in stale}
    for planned, qty in zip(store.facings.product.tolist(), store.facings.qty.tolist(), strict=True):
        row = instead.get(planned, planned)
        total[row] += qty
        at_once[row] = max(at_once[row], qty)
    return Stock(total, at_once)
