"""From a receipt to the books: the goods leave the cart, and the money follows them.

An entry is never edited. A pending one is resolved once, by `post` or `void`; a posted one is undone once, by
`reverse`. Each gives a further entry that names the one it follows, with an id made of that one's: doing it
twice does it once, and posting what has been voided is refused by the ledger as one id that says two things.
"""

from dataclasses import replace

from fusion.checkout import goods
from fusion.checkout.pricing import class_sums
from fusion.checkout.records import (
    OPEN,
    PENDING,
    POSTED,
    REVIEW,
    SETTLED,
    VOIDED,
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


def post(entry: Entry, t_ns: int) -> Entry:
    """Return the entry by which a pending one is charged at t_ns."""
    return _resolve(entry, t_ns, POSTED)


def void(entry: Entry, t_ns: int) -> Entry:
    """Return the entry by which a pending one is let go at t_ns; its amounts count nowhere."""
    return _resolve(entry, t_ns, VOIDED)


def reverse(entry: Entry, t_ns: int, memo: str) -> Entry:
    """Return the entry that undoes a posted one at t_ns; `memo` says why, such as "refund"."""
    assert entry.state == POSTED, f"entry of trip {entry.trip} is {entry.state}: nothing to undo"
    return Entry(
        entry_id=derive_id("reversal", entry.entry_id.hex()),
        t_ns=int(t_ns),
        trip=entry.trip,
        memo=memo,
        state=POSTED,
        legs=tuple(Leg(leg.account, -leg.amount_cents) for leg in entry.legs),
        reverses=entry.entry_id,
    )


def _resolve(entry: Entry, t_ns: int, state: str) -> Entry:
    assert entry.state == PENDING, f"entry of trip {entry.trip} is {entry.state}: nothing to resolve"
    resolution = derive_id("resolution", entry.entry_id.hex())
    return replace(entry, entry_id=resolution, t_ns=int(t_ns), state=state, resolves=entry.entry_id)


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
