"""From what the ledger holds of a trip to what is asked outside.

Theory of operation. The ledger decides and this only reads it, so that whoever commits a close, a verdict or a refund,
and whenever, the same requests follow, and reading it once more adds none. Pending money of a sale is a purchase that
is held; once nothing of it waits, the posted money of the sale is what to charge, or there is none and the hold is let
go. Money posted at once is a purchase. Posted refunds are refunds; so is a dispute once it is granted, and before that
it says nothing outside. A trip that moves no money, and one without an account, asks for nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from fusion.checkout import goods as accounts
from fusion.checkout.postings import DEPOSITS, OWED
from fusion.checkout.records import PENDING, POSTED, VOIDED, Entry, Transfer
from fusion.checkout.rulings import Recorded, waiting
from fusion.checkout.shares import words
from fusion.purchase.requests import (
    AdjustPurchase,
    Bill,
    CancelPurchase,
    CreatePurchase,
    Goods,
    Head,
    RefundPurchase,
    Request,
    Share,
    request_id,
)

SALE, TENDER, REFUND, DISPUTE = "sale", "tender", "refund", "dispute"  # first words of memos
REVENUE = ("sales:", "tax:", DEPOSITS)  # what the names of accounts begin with that nobody pays from
ACCOUNT = "account"  # kind of a share that no tender pays
Headed: TypeAlias = Callable[..., Head]  # from event time and evidence to the head of a trip's request


def by_trip(transfers: Iterable[Transfer], entries: Iterable[Entry]) -> dict[str, Recorded]:
    """Return what records say of each trip that money moved for, in order of its first entry."""
    of_trip: dict[str, list[Entry]] = {}
    for entry in entries:
        of_trip.setdefault(entry.trip, []).append(entry)
    owners = {account(trip): trip for trip in of_trip for account in (accounts.sold, accounts.suspense)}
    moved: dict[str, list[Transfer]] = {trip: [] for trip in of_trip}
    for transfer in transfers:
        if transfer.target in owners:
            moved[owners[transfer.target]].append(transfer)
    return {trip: Recorded(tuple(moved[trip]), tuple(entries)) for trip, entries in of_trip.items()}


def requests_of(trip: str, recorded: Recorded, store_id: str, currency: str) -> tuple[Request, ...]:
    """Return everything to ask for one trip, in the order in which it has to be asked."""
    # A sale that a verdict posted has more words: without the pending one before it, these records are but a part.
    at_once = [entry for entry in _of(recorded.entries, POSTED, SALE) if words(entry) == [SALE]]
    sale = _of(recorded.entries, PENDING, SALE) or at_once
    if not sale:
        return ()
    account = _debtor(sale[0])

    def head(t_ns: int, *evidence: str) -> Head:
        return Head(request_id(store_id, trip, *evidence), store_id, trip, account, currency, t_ns)

    held = sale[0].state == PENDING
    state, goods = (PENDING, accounts.suspense(trip)) if held else (POSTED, accounts.sold(trip))
    created = CreatePurchase(head(sale[0].t_ns, "create"), _bill(recorded, state, goods), held)
    decided = _decided(trip, recorded, head) if held else ()
    return (created, *decided, *_refunds(recorded, head))


def _decided(trip: str, recorded: Recorded, head: Headed) -> tuple[Request, ...]:
    """Return what a verdict asks for; nothing while there is none."""
    if any(words(entry)[0] == SALE for entry in waiting(recorded.entries)):
        return ()
    posted = _of(recorded.entries, POSTED, SALE)
    if posted:
        _, reason, author = words(posted[0])
        bill = _bill(recorded, POSTED, accounts.sold(trip))
        return (AdjustPurchase(head(posted[0].t_ns, "verdict"), bill, reason, author),)
    voided = _of(recorded.entries, VOIDED, SALE)[0]
    _, reason, author = words(voided)
    return (CancelPurchase(head(voided.t_ns, "verdict"), reason, author),)


def _refunds(recorded: Recorded, head: Headed) -> tuple[Request, ...]:
    """Return one request for each refund; the ledger has entries for each share of it."""
    given = [*_of(recorded.entries, POSTED, REFUND), *_of(recorded.entries, POSTED, DISPUTE)]
    parts: dict[tuple[str, str], list[Entry]] = {}
    for entry in given:
        _, number, _, sku, *_ = words(entry)
        parts.setdefault((sku, number), []).append(entry)
    return tuple(_refund(sku, number, entries, head) for (sku, number), entries in parts.items())


def _refund(sku: str, number: str, entries: list[Entry], head: Headed) -> RefundPurchase:
    first, _, pieces, _, reason, author, _, *granted = words(entries[0])
    # Of a tender's share one entry lowers the debt and another pays it back: only what is left goes out.
    net: dict[str, int] = {}
    for leg in (leg for entry in entries for leg in entry.legs if not leg.account.startswith(REVENUE)):
        net[leg.account] = net.get(leg.account, 0) - leg.amount_cents
    paid = {account: cents for account, cents in net.items() if cents}
    about = head(entries[0].t_ns, REFUND, sku, number)
    by = granted[-1] if first == DISPUTE else author
    return RefundPurchase(about, sku, int(pieces), sum(paid.values()), _shares(paid), reason, by)


def _bill(recorded: Recorded, state: str, goods_account: str) -> Bill:
    """Return what the entries of a state charge for the goods that came to an account."""
    credits = [leg for entry in _of(recorded.entries, state, SALE) for leg in entry.legs if leg.amount_cents < 0]
    total_cents = -sum(leg.amount_cents for leg in credits)
    paid = {leg.account: leg.amount_cents for entry in _of(recorded.entries, state, TENDER) for leg in entry.legs[:1]}
    owed = {_owing(recorded, state): total_cents - sum(paid.values())}
    return Bill(
        goods=_goods(recorded.transfers, goods_account),
        tax_cents=-sum(leg.amount_cents for leg in credits if leg.account.startswith("tax:")),
        deposit_cents=-sum(leg.amount_cents for leg in credits if leg.account == DEPOSITS),
        total_cents=total_cents,
        shares=_shares(paid | {account: cents for account, cents in owed.items() if cents}),
    )


def _goods(transfers: Iterable[Transfer], account: str) -> tuple[Goods, ...]:
    """Return what came to an account; pieces that a reviewer added came from elsewhere than the others."""
    come: dict[str, Goods] = {}
    for one in sorted((one for one in transfers if one.target == account), key=lambda one: one.sku):
        before = come.get(one.sku)
        # Only a whole line has a mass of its own.
        whole = Goods(one.sku, one.quantity, one.grams)
        come[one.sku] = whole if before is None else Goods(one.sku, before.quantity + one.quantity, None)
    return tuple(come.values())


def _shares(paid: Mapping[str, int]) -> tuple[Share, ...]:
    return tuple(Share(*_payer(account), cents) for account, cents in sorted(paid.items()))


def _payer(account: str) -> tuple[str, str]:
    """Return kind and token of who pays from a money account of the ledger."""
    if account.startswith(OWED):
        return ACCOUNT, account.removeprefix(OWED)
    kind, _, token = account.removeprefix("tender:").partition(":")
    return kind, token


def _owing(recorded: Recorded, state: str) -> str:
    return f"{OWED}{_debtor(_of(recorded.entries, state, SALE)[0])}"


def _debtor(sale: Entry) -> str:
    return next(leg.account for leg in sale.legs if leg.amount_cents > 0).removeprefix(OWED)


def _of(entries: Iterable[Entry], state: str, word: str) -> list[Entry]:
    return [entry for entry in entries if entry.state == state and words(entry)[0] == word]
