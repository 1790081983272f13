"""From a receipt to the books: the goods leave the cart, and the money follows them."""

from fusion.checkout import goods
from fusion.checkout.pricing import class_sums
from fusion.checkout.records import (
    OPEN,
    PENDING,
    POSTED,
    REVIEW,
    SETTLED,
    Entry,
    Leg,
    Receipt,
    Transfer,
    derive_id,
)
from fusion.store import Store


def close_trip(receipt: Receipt, store: Store) -> tuple[tuple[Transfer, ...], tuple[Entry, ...]]:
    """Return the transfers and money entries that close a trip.

    Settled goods are sold and paid, reviewed goods wait in suspense with a pending entry. Goods of a trip
    without an account become unclaimed and charge nobody. An open trip keeps its cart and gives nothing.
    """
    if receipt.status == OPEN:
        return (), ()
    target = _destination(receipt)
    transfers = tuple(
        goods.move(
            store.store_id,
            evidence=f"close:{receipt.trip}",
            t_ns=_closed_ns(receipt),
            sku=line.sku,
            quantity=line.quantity,
            grams=line.grams,
            source=goods.cart(receipt.trip),
            target=target,
        )
        for line in receipt.lines
    )
    return transfers, _entries(receipt, store)


def _destination(receipt: Receipt) -> str:
    if receipt.account is None:
        return goods.UNCLAIMED
    return {SETTLED: goods.sold, REVIEW: goods.suspense}[receipt.status](receipt.trip)


def _entries(receipt: Receipt, store: Store) -> tuple[Entry, ...]:
    if receipt.account is None or receipt.total_cents == 0:
        return ()
    sums = class_sums(receipt.lines, store)
    credits = [Leg(f"sales:{part.tax_class}", -part.net_cents) for part in sums if part.net_cents]
    credits += [Leg(f"tax:{part.tax_class}", -part.tax_cents) for part in sums if part.tax_cents]
    entry = Entry(
        entry_id=derive_id("entry", store.store_id, receipt.trip, "close"),
        t_ns=_closed_ns(receipt),
        trip=receipt.trip,
        memo="sale",
        state=POSTED if receipt.status == SETTLED else PENDING,
        legs=(Leg(f"receivable:{receipt.account}", receipt.total_cents), *credits),
    )
    return (entry,)


def _closed_ns(receipt: Receipt) -> int:
    assert receipt.closed_ns is not None
    return receipt.closed_ns
