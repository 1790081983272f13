"""From what the ledger holds of a trip to what is asked outside.

Theory of operation. The ledger decides and this only reads it, so that whoever commits a close, a verdict or a refund,
and whenever, the same requests follow, and reading it once more adds none. Pending money of a sale is a purchase that
is held; once nothing of it waits, the posted money of the sale is what to charge, or there is none and the hold is let
go. Money posted at once is a purchase. Posted refunds are refunds; a dispute says nothing outside until it is granted.
A trip that moves no money, and one without an account, asks for nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from fusion.checkout import goods as accounts
from fusion.checkout.postings import DEPOSITS
from fusion.checkout.records import PENDING, POSTED, Entry, Transfer
from fusion.checkout.rulings import CLOSES, Recorded, waiting
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

SALE, TENDER, REFUND = "sale", "tender", "refund"  # first words of memos
OWES = "receivable:"
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
    closing = _of(recorded.entries, PENDING, CLOSES)[0]
    _, _, reason, author = words(closing)
    return (CancelPurchase(head(closing.t_ns, "verdict"), reason, author),)


def _refunds(recorded: Recorded, head: Headed) -> tuple[Request, ...]:
    """Return one request for each refund; the ledger has one entry for each share of it."""
    parts: dict[tuple[str, ...], list[Entry]] = {}
    for entry in _of(recorded.entries, POSTED, REFUND):
        parts.setdefault(tuple(words(entry)), []).append(entry)
    return tuple(_refund(said, entries, head) for said, entries in parts.items())


def _refund(said: tuple[str, ...], entries: list[Entry], head: Headed) -> RefundPurchase:
    _, number, pieces, sku, reason, author = said
    paid: dict[str, int] = {}
    for leg in (leg for entry in entries for leg in entry.legs if leg.amount_cents < 0):
        paid[leg.account] = paid.get(leg.account, 0) - leg.amount_cents
    about = head(entries[0].t_ns, REFUND, sku, number)
    return RefundPurchase(about, sku, int(pieces), sum(paid.values()), _shares(paid), reason, author)


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
    come = sorted((one for one in transfers if one.target == account), key=lambda one: one.sku)
    return tuple(Goods(one.sku, one.quantity, one.grams) for one in come)


def _shares(paid: Mapping[str, int]) -> tuple[Share, ...]:
    return tuple(Share(*_payer(account), cents) for account, cents in sorted(paid.items()))


def _payer(account: str) -> tuple[str, str]:
    """Return kind and token of who pays from a money account of the ledger."""
    if account.startswith(OWES):
        return ACCOUNT, account.removeprefix(OWES)
    kind, _, token = account.removeprefix("tender:").partition(":")
    return kind, token


def _owing(recorded: Recorded, state: str) -> str:
    return f"{OWES}{_debtor(_of(recorded.entries, state, SALE)[0])}"


def _debtor(sale: Entry) -> str:
    return next(leg.account for leg in sale.legs if leg.amount_cents > 0).removeprefix(OWES)


def _of(entries: Iterable[Entry], state: str, word: str) -> list[Entry]:
    return [entry for entry in entries if entry.state == state and words(entry)[0] == word]
