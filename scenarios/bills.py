"""Who truly owes what: the goods of each trip, under either policy for goods that pass between shoppers."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, TypeAlias

from fusion.store import Products
from scenarios.goods import Goods
from scenarios.performance import EAT, PICK, Performance
from scenarios.script import Script

HOLDER, PICKER = "holder", "picker"
Basket: TypeAlias = dict[str, float]  # sku -> pieces, or grams of what is sold by weight


@dataclass(frozen=True, slots=True)
class Trip:
    """People who came in on one account together."""

    account: str | None  # None for a tailgater
    role: str
    people: tuple[int, ...]


def trips_of(script: Script, accounts: tuple[str | None, ...]) -> tuple[Trip, ...]:
    """Return the trips of a script: every leader with her party, in the order of the script."""
    row = {shopper.name: at for at, shopper in enumerate(script.shoppers)}
    parties: dict[int, list[int]] = {at: [at] for at, one in enumerate(script.shoppers) if one.party_of is None}
    for at, shopper in enumerate(script.shoppers):
        if shopper.party_of is not None:
            parties[row[shopper.party_of]].append(at)
    return tuple(Trip(accounts[at], script.shoppers[at].role, tuple(people)) for at, people in parties.items())


def bills(
    trips: tuple[Trip, ...], performance: Performance, goods: Goods, products: Products, policy: str
) -> tuple[list[dict[str, Any]], Basket]:
    """Return the receipts of shoppers with an account, by the time of leaving, and what left with nobody's.

    "holder": whoever carries a package out pays it; "picker": whoever took it last from a shelf. What was eaten in
    the store is paid as if carried out.
    """
    payer = _payers(performance, policy)
    trip_of = {person: at for at, trip in enumerate(trips) for person in trip.people}
    baskets: dict[int, Basket] = defaultdict(dict)
    unaccounted: Basket = {}
    for item, person in sorted(payer.items()):
        trip = trips[trip_of[person]]
        if trip.role != "staff":
            basket = unaccounted if trip.account is None else baskets[trip_of[person]]
            _add(basket, item, goods, products)
    left_s = {visit.person: visit.left_s for visit in performance.visits}
    ending = {at: max(left_s[person] for person in trip.people) for at, trip in enumerate(trips)}
    receipts = [
        {"account": trips[at].account, "lines": _rounded(baskets[at])} | ({"open": True} if end == float("inf") else {})
        for at, end in sorted(ending.items(), key=lambda pair: (pair[1], pair[0]))
        if trips[at].role == "shopper" and trips[at].account is not None
    ]
    return receipts, _rounded(unaccounted)


def _payers(performance: Performance, policy: str) -> dict[int, int]:
    """Return for each package that is gone who has to pay for it."""
    gone = {item: visit.person for visit in performance.visits for item in visit.items}
    gone |= {item: move.person for move in performance.moves if move.kind == EAT for item in move.items}
    if policy == PICKER:
        taken = {item: move.person for move in performance.moves if move.kind == PICK for item in move.items}
        gone = {item: taken.get(item, person) for item, person in gone.items()}
    return gone


def _add(basket: Basket, item: int, goods: Goods, products: Products) -> None:
    product = int(goods.product[item])
    amount = float(goods.mass_g[item]) if products.by_weight[product] else 1
    basket[products.sku[product]] = basket.get(products.sku[product], 0) + amount


def _rounded(basket: Basket) -> Basket:
    return {sku: amount if isinstance(amount, int) else round(amount, 1) for sku, amount in basket.items()}
