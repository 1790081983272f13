"""What goods cost before any discount: the price in force, and the mass that is charged.

Price. The lowest that was in force at any time of the visit: whichever label the shopper read, it said no less.

Mass. A scale for trade shows whole verification intervals e, the nearest one (NIST Handbook 44; OIML R 76), and is
off by up to half an interval, in use by one, of which the shopper carries a half. Our masses are differences of two
levels of a plate that people lean on, so doubt goes to the shopper: the wrapping (tare) and twice the standard
uncertainty of each piece come off, and only whole intervals of what is left are charged. A store that states no
scale is charged by whole milligrams.

Amount. Pieces times price; or kilograms times price per kilogram, a half cent upwards.
"""

from dataclasses import dataclass
from fractions import Fraction

from fusion.checkout.money import exactly, round_half_up
from fusion.checkout.receipts import Item, Line, TripEnd
from fusion.store import Store
from fusion.store_terms import Span, Terms

MG_PER_KG = 1_000_000
MG_PER_G = 1000
COVERAGE = 2  # standard uncertainties that come off: one charge in 44 may still be for more than was taken


@dataclass(frozen=True, slots=True)
class Ware:
    """One product of a trip with its price, before discounts."""

    product: int  # row in store.products
    sku: str
    quantity: int
    grams: float | None  # charged; only where it is sold by weight
    unit_cents: int  # a piece or a kilogram
    amount_cents: int
    confidence: float
    events: tuple[str, ...]


def visit(end: TripEnd) -> Span:
    """Return the time of a visit; of one that goes on, its beginning."""
    return Span(end.entered_ns, max(end.left_ns or end.entered_ns, end.entered_ns) + 1)


def ware(item: Item, end: TripEnd, store: Store) -> Ware:
    """Price what a trip took of one product."""
    assert item.quantity > 0
    sku = store.products.sku[item.product]
    unit_cents = lowest_price(sku, int(store.products.price_cents[item.product]), visit(end), store.terms)
    if not store.products.by_weight[item.product]:
        amount_cents, grams = unit_cents * item.quantity, None
    else:
        assert item.grams is not None, f"{sku} is sold by weight and was not weighed"
        mass_mg = charged_mg(sku, item.grams, item.quantity, store.terms)
        amount_cents, grams = weighed_cents(unit_cents, mass_mg), mass_mg / MG_PER_G
    return Ware(item.product, sku, int(item.quantity), grams, unit_cents, amount_cents, item.confidence, item.events)


def ware_again(line: Line, quantity: int, product: int, end: TripEnd, store: Store) -> Ware:
    """Price some pieces of a line that was priced before; of one sold by weight, their share of its mass."""
    assert 0 < quantity <= line.quantity
    unit_cents = lowest_price(line.sku, int(store.products.price_cents[product]), visit(end), store.terms)
    amount_cents, grams = unit_cents * quantity, None
    if line.grams is not None:
        mass_mg = int(exactly(line.grams) * MG_PER_G * quantity // line.quantity)
        interval_mg = exactly(store.terms.scale.interval_g) * MG_PER_G
        mass_mg = int(mass_mg // interval_mg * interval_mg) if interval_mg else mass_mg
        amount_cents, grams = weighed_cents(unit_cents, mass_mg), mass_mg / MG_PER_G
    return Ware(product, line.sku, quantity, grams, unit_cents, amount_cents, line.confidence, line.events)


def lowest_price(sku: str, default_cents: int, during: Span, terms: Terms) -> int:
    """Return the lowest price in force during a visit; the default holds whenever prices.csv has none."""
    found, from_ns = [], during.from_ns
    for tag in terms.prices.get(sku, ()):  # in order of time, apart
        if tag.span.meets(during.from_ns, during.to_ns - 1):
            if tag.span.from_ns > from_ns:
                found.append(default_cents)
            found.append(tag.price_cents)
            from_ns = tag.span.to_ns
    return min(found) if from_ns >= during.to_ns else min([default_cents, *found])


def charged_mg(sku: str, weighed_g: float, pieces: int, terms: Terms) -> int:
    """Return the mass that is charged, of so many pieces weighed with their wrapping."""
    scale = terms.scale
    if not scale.interval_g:
        return round_half_up(max(Fraction(0), Fraction(float(weighed_g)) - pieces * _tare_g(sku, terms)) * MG_PER_G)
    doubt_g = COVERAGE * exactly(scale.sd_g)
    # Errors of one plate are alike, so those of the pieces add up.
    sure_g = exactly(weighed_g) - pieces * (_tare_g(sku, terms) + doubt_g)
    intervals = max(0, sure_g // exactly(scale.interval_g))
    return int(intervals * exactly(scale.interval_g) * MG_PER_G)


def _tare_g(sku: str, terms: Terms) -> Fraction:
    return exactly(terms.tare_g.get(sku, 0.0))


def weighed_cents(price_cents_per_kg: int, mass_mg: int) -> int:
    """Return the amount of a line sold by weight."""
    return round_half_up(Fraction(price_cents_per_kg * mass_mg, MG_PER_KG))
