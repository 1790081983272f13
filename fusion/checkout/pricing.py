"""Prices and taxes in integer cents; no amount of money is ever a float.

Rounding. A line sold by weight is price per kilogram x kilograms, a half cent upwards; the weight counts in
whole milligrams, and the receipt shows the weight that was priced. Tax is rounded once per tax class, on
the sum of its lines, a half cent upwards: rounding line by line would be off by up to half a cent a line.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from fusion.checkout.records import OPEN, Item, Line, Receipt, TripEnd
from fusion.store import Products, Store

MG_PER_KG = 1_000_000
CONFIDENCE_DIGITS = 6  # on receipts, so that they read well


@dataclass(frozen=True, slots=True)
class ClassSum:
    """What one tax class adds to a receipt."""

    tax_class: str
    net_cents: int
    tax_cents: int


def round_half_up(amount: Fraction) -> int:
    """Round an amount of at least zero to a whole number, halves upwards."""
    assert amount >= 0
    return math.floor(amount + Fraction(1, 2))


def each_cents(price_cents: int, quantity: int) -> int:
    """Return the amount of a line sold by the piece."""
    return price_cents * quantity


def weighed_cents(price_cents_per_kg: int, mass_mg: int) -> int:
    """Return the amount of a line sold by weight."""
    return round_half_up(Fraction(price_cents_per_kg * mass_mg, MG_PER_KG))


def tax_cents(net_cents: int, rate: float) -> int:
    """Return the tax on the sum of one class; the rate is the decimal as written, not its binary form."""
    return round_half_up(net_cents * Fraction(repr(float(rate))))


def class_sums(lines: Iterable[Line], store: Store) -> tuple[ClassSum, ...]:
    """Return net and tax per tax class, sorted by class; a class without a rate is taxed at 0."""
    tax_class = _tax_class_of(store.products)
    net: dict[str, int] = {}
    for line in lines:
        net[tax_class[line.sku]] = net.get(tax_class[line.sku], 0) + line.amount_cents
    rates = dict(store.tax_rates)
    return tuple(ClassSum(name, cents, tax_cents(cents, rates.get(name, 0.0))) for name, cents in sorted(net.items()))


def price(trip: TripEnd, items: Iterable[Item], confidence: float, status: str, store: Store) -> Receipt:
    """Return the receipt of a trip: one line a product, in order of SKU; an item of quantity 0 gives no line.

    Takes at most one item a product. A trip that is not closed can only be "open", and the other way round.
    """
    assert (trip.closed_ns is None) == (status == OPEN), f"trip {trip.trip} is {status}"
    lines = sorted((_line(item, store) for item in items if item.quantity), key=lambda line: line.sku)
    assert len({line.sku for line in lines}) == len(lines), f"trip {trip.trip} has two items of one product"
    tax = sum(part.tax_cents for part in class_sums(lines, store))
    return Receipt(
        trip=trip.trip,
        account=trip.account,
        party=trip.party,
        entered_ns=trip.entered_ns,
        left_ns=trip.left_ns,
        closed_ns=trip.closed_ns,
        status=status,
        confidence=round(float(confidence), CONFIDENCE_DIGITS),
        lines=tuple(lines),
        tax_cents=tax,
        total_cents=tax + sum(line.amount_cents for line in lines),
    )


def _line(item: Item, store: Store) -> Line:
    assert item.quantity > 0
    products = store.products
    price_cents, grams = int(products.price_cents[item.product]), None
    if products.by_weight[item.product]:
        assert item.grams is not None, f"{products.sku[item.product]} is sold by weight and was not weighed"
        mass_mg = round_half_up(Fraction(float(item.grams)) * 1000)
        amount, grams = weighed_cents(price_cents, mass_mg), mass_mg / 1000
    else:
        amount = each_cents(price_cents, int(item.quantity))
    return Line(
        sku=products.sku[item.product],
        quantity=int(item.quantity),
        grams=grams,
        amount_cents=amount,
        confidence=round(float(item.confidence), CONFIDENCE_DIGITS),
        events=item.events,
    )


@lru_cache(maxsize=4)
def _tax_class_of(products: Products) -> Mapping[str, str]:
    return dict(zip(products.sku, products.tax_class, strict=True))
