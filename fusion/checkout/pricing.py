"""From what a trip took to its receipt: prices, promotions, deposits, tenders, taxes and a total, in integer cents.

Rounding, one rule a step: the mass charged (see `tariff`), a line sold by weight, a percentage off (see
`promotions`), and the tax of a class (see `taxes`). Everything else is sums.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fusion.checkout.holds import held
from fusion.checkout.promotions import Cents, reduce
from fusion.checkout.receipts import OPEN, REVIEW, Item, Line, Receipt, TripEnd
from fusion.checkout.tariff import Ware, visit, ware
from fusion.checkout.taxes import class_sums
from fusion.checkout.tenders import NOTHING_SPENT, Spent, coupon_payments, held_coupons, pay
from fusion.store import Store
from fusion.store_terms import BY_STORE, Promotion

CONFIDENCE_DIGITS = 6  # on receipts, so that they read well


def price(
    trip: TripEnd,
    items: Iterable[Item],
    confidence: float,
    status: str,
    store: Store,
    spent: Spent = NOTHING_SPENT,
) -> Receipt:
    """Return the receipt of a trip: one line a product, in order of SKU; an item of quantity 0 gives no line.

    Takes at most one item a product. A trip that is not closed can only be "open", and the other way round. One that
    would be settled goes to review where the store's rules hold it.
    """
    wares = sorted((ware(item, trip, store) for item in items if item.quantity), key=lambda ware: ware.sku)
    receipt = bill(trip, wares, confidence, status, store, spent)
    holds = held(receipt, store)
    return replace(receipt, holds=holds, status=REVIEW) if holds else receipt


def bill(trip: TripEnd, wares: Sequence[Ware], confidence: float, status: str, store: Store, spent: Spent) -> Receipt:
    """Return the receipt for priced goods in order of SKU, as it is where nothing holds it."""
    assert (trip.closed_ns is None) == (status == OPEN), f"trip {trip.trip} is {status}"
    assert len({ware.sku for ware in wares}) == len(wares), f"trip {trip.trip} has two items of one product"
    coupons = held_coupons(trip.account, store, spent)
    automatic = reduce(wares, {ware.sku: ware.amount_cents for ware in wares}, _in_force(trip, store, None))
    of_store = reduce(wares, automatic.left_cents, _in_force(trip, store, coupons, by_store=True))
    of_makers = reduce(wares, of_store.left_cents, _in_force(trip, store, coupons, by_store=False))
    lines = tuple(_line(ware, of_store.left_cents, store) for ware in wares)
    payments = () if status == OPEN else pay(trip.account, lines, coupon_payments(of_makers.discounts), store, spent)
    tax = sum(part.tax_cents for part in class_sums(lines, payments, store))
    return Receipt(
        trip=trip.trip,
        account=trip.account,
        party=trip.party,
        entered_ns=trip.entered_ns,
        left_ns=trip.left_ns,
        closed_ns=trip.closed_ns,
        status=status,
        confidence=round(float(confidence), CONFIDENCE_DIGITS),
        lines=lines,
        tax_cents=tax,
        total_cents=tax + sum(line.amount_cents for line in lines),
        discounts=(*automatic.discounts, *of_store.discounts),
        payments=payments,
    )


def _in_force(
    trip: TripEnd, store: Store, coupons: tuple[str, ...] | None, *, by_store: bool = True
) -> tuple[Promotion, ...]:
    """Return the promotions in force during a visit: those for everybody, or those of the coupons held."""
    during = visit(trip)
    found = tuple(p for p in store.terms.promotions if p.span.meets(during.from_ns, during.to_ns - 1))
    if coupons is None:
        return tuple(p for p in found if not p.code)
    by_code = {p.code: p for p in found if (p.issuer == BY_STORE) == by_store}
    return tuple(by_code[code] for code in coupons if code in by_code)


def _line(ware: Ware, left_cents: Cents, store: Store) -> Line:
    deposit = store.terms.deposits.get(ware.sku)
    deposit_cents = ware.quantity * deposit.cents if deposit else 0
    return Line(
        sku=ware.sku,
        quantity=ware.quantity,
        grams=ware.grams,
        amount_cents=left_cents[ware.sku] + deposit_cents,
        confidence=round(float(ware.confidence), CONFIDENCE_DIGITS),
        events=ware.events,
        deposit_cents=deposit_cents,
    )
