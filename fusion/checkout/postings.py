"""From a receipt to the books: the goods leave the cart, and the money follows them.

Of a trip that pays there is one entry for the sale, which the account then owes (`receivable:<account>`), and one for
each tender that pays a part of that. In review all of them are pending.

An entry is never edited. A pending one is resolved once, by `post` or `void`; a posted one is undone by `reverse`, or
in parts by `give_back`, on each account up to what it moved there. Each gives a further entry that names the one it
follows, with an id made of that one's: doing it twice does it once, and posting what has been voided is refused by the
ledger as one id that says two things.
"""

from collections.abc import Iterable
from dataclasses import replace

from fusion.checkout import goods
from fusion.checkout.receipts import OPEN, REVIEW, SETTLED, Receipt
from fusion.checkout.records import PENDING, POSTED, VOIDED, Entry, Leg, Transfer, derive_id
from fusion.checkout.taxes import class_sums
from fusion.store import Store
from fusion.store_terms import OFFICE

OWED = "receivable:"  # what the name of an account's debt begins with
DEPOSITS = "deposits"  # the money account of bottle deposits, which are owed to who brings the bottles back


def close_trip(receipt: Receipt, store: Store) -> tuple[tuple[Transfer, ...], tuple[Entry, ...]]:
    """Return the transfers and money entries that close a trip.

    Settled goods are sold and paid, reviewed goods wait in suspense with pending entries. Goods of a trip
    without an account become unclaimed and charge nobody. An open trip keeps its cart and gives nothing.
    """
    if receipt.status == OPEN:
        return (), ()
    transfers = tuple(
        goods.move(
            store.store_id,
            evidence=f"close:{receipt.trip}",
            t_ns=_closed_ns(receipt),
            sku=line.sku,
            quantity=line.quantity,
            grams=line.grams,
            source=goods.cart(receipt.trip),
            target=_destination(receipt),
        )
        for line in receipt.lines
    )
    state = POSTED if receipt.status == SETTLED else PENDING
    return transfers, money(receipt, store, cause="close", t_ns=_closed_ns(receipt), state=state)


def money(receipt: Receipt, store: Store, *, cause: str, t_ns: int, state: str, by: str = "") -> tuple[Entry, ...]:
    """Return the entries of a receipt's sale and its tenders; `cause` and the trip make their ids.

    `by` is added to what the entries are for: who decided on them.
    """
    if receipt.account is None or receipt.total_cents == 0:
        return ()
    owed = owes(receipt.account)
    legs = {"sale": (Leg(owed, receipt.total_cents), *_credits(receipt, store))}
    for account, cents in _paid(receipt).items():
        legs[account] = (Leg(account, cents), Leg(owed, -cents))
    return tuple(
        Entry(
            # The sale of a trip has had this id since before there were tenders.
            entry_id=derive_id("entry", store.store_id, receipt.trip, cause, *([] if what == "sale" else [what])),
            t_ns=t_ns,
            trip=receipt.trip,
            memo=("sale" if what == "sale" else "tender") + by,
            state=state,
            legs=of,
        )
        for what, of in legs.items()
    )


def owes(account: str) -> str:
    """Name the money account of what an account owes to the store."""
    return f"{OWED}{account}"


def post(entry: Entry, t_ns: int, by: str = "") -> Entry:
    """Return the entry by which a pending one is charged at t_ns; `by` is added to what it is for: who decided."""
    return _resolve(entry, t_ns, POSTED, by)


def void(entry: Entry, t_ns: int, by: str = "") -> Entry:
    """Return the entry by which a pending one is let go at t_ns; its amounts count nowhere."""
    return _resolve(entry, t_ns, VOIDED, by)


def reverse(entry: Entry, t_ns: int, memo: str) -> Entry:
    """Return the entry that undoes a posted one at t_ns; `memo` says why, such as "mistake"."""
    legs = (Leg(leg.account, -leg.amount_cents) for leg in entry.legs)
    return give_back(entry, tuple(legs), evidence=(), t_ns=t_ns, memo=memo, state=POSTED)


def give_back(
    entry: Entry, legs: tuple[Leg, ...], *, evidence: tuple[str, ...], t_ns: int, memo: str, state: str
) -> Entry:
    """Return the entry that undoes a part of a posted one at t_ns, or is about to; `evidence` tells parts apart."""
    assert entry.state == POSTED, f"entry of trip {entry.trip} is {entry.state}: nothing to undo"
    return Entry(
        entry_id=derive_id("reversal", entry.entry_id.hex(), *evidence),
        t_ns=int(t_ns),
        trip=entry.trip,
        memo=memo,
        state=state,
        legs=legs,
        reverses=entry.entry_id,
    )


def _resolve(entry: Entry, t_ns: int, state: str, by: str) -> Entry:
    assert entry.state == PENDING, f"entry of trip {entry.trip} is {entry.state}: nothing to resolve"
    return replace(
        entry,
        entry_id=derive_id("resolution", entry.entry_id.hex()),
        t_ns=int(t_ns),
        memo=entry.memo + by,
        state=state,
        resolves=entry.entry_id,
        reverses=b"",  # what it resolves says so already
    )


def _destination(receipt: Receipt) -> str:
    if receipt.account is None:
        return goods.UNCLAIMED
    return {SETTLED: goods.sold, REVIEW: goods.suspense}[receipt.status](receipt.trip)


def _credits(receipt: Receipt, store: Store) -> Iterable[Leg]:
    sums = class_sums(receipt.lines, receipt.payments, store)
    deposit_cents = sum(line.deposit_cents for line in receipt.lines)
    yield from (Leg(f"sales:{part.tax_class}", -part.net_cents) for part in sums if part.net_cents)
    yield from (Leg(f"tax:{part.tax_class}", -part.tax_cents) for part in sums if part.tax_cents)
    if deposit_cents:
        yield Leg(DEPOSITS, -deposit_cents)


def _paid(receipt: Receipt) -> dict[str, int]:
    """Return what each money account pays; what is left for the cash office stays owed."""
    paid: dict[str, int] = {}
    for one in (one for one in receipt.payments if one.kind != OFFICE):
        account = one.account("")
        paid[account] = paid.get(account, 0) + one.amount_cents
    return paid


def _closed_ns(receipt: Receipt) -> int:
    assert receipt.closed_ns is not None
    return receipt.closed_ns
