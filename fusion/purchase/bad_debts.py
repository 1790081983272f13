"""What a declined charge does to the books: money entries of its trip; pure.

Theory of operation. A charge that is declined turns what its payers were to pay into a debt of the account,
`bad-debt:<account>`, whose balance is what the outbox says the account owes (`standing`). A refund of what was never
paid lowers it, a charge that is accepted after all takes it back, somebody who says that it was paid some other way
puts it on the till of whoever says so. The first entry is for all of the charge; those that undo a part of it name it,
and the database holds that they never exceed it.

The entries follow from everything that happened to a trip's purchase, in order, so reading it again gives the same
ones: those known already, and perhaps more.
"""

from collections.abc import Iterable, Sequence

from fusion.checkout.postings import OWED, give_back
from fusion.checkout.records import POSTED, Entry, Leg, derive_id
from fusion.purchase.demands import ACCOUNT
from fusion.purchase.life import Outcome, Status
from fusion.purchase.requests import AdjustPurchase, CreatePurchase, RefundPurchase, Request, Share
from fusion.purchase.standing import Event, Purchase, purchase_of
from fusion.store_terms import COUPON, OFFICE

BAD_DEBT = "bad-debt:"  # what the name of such an account begins with
DEBT = "debt"  # first word of memos; then what became of it: declined, refund, paid, settled
DECLINED, REFUNDED, PAID, SETTLED = "declined", "refund", "paid", "settled"


def entries_of(requests: Sequence[Request], events: Iterable[Event], store_id: str) -> tuple[Entry, ...]:
    """Return the entries of everything that happened to one trip's purchase, in order."""
    events = tuple(events)
    by_id = {request.head.request_id: request for request in requests}
    before = purchase_of(requests, ())
    entries: list[Entry] = []
    for count, event in enumerate(events, 1):
        after = purchase_of(requests, events[:count])
        made = _entry(by_id[event.request_id], event, before, after, entries, store_id)
        entries += [] if made is None else [made]
        before = after
    return tuple(entries)


def _entry(
    request: Request, event: Event, before: Purchase, after: Purchase, entries: list[Entry], store_id: str
) -> Entry | None:
    """Return what one event adds, if anything."""
    t_ns = max(event.t_ns, request.head.t_ns, *(entry.t_ns for entry in entries[-1:]))
    if before.status is not Status.OWED and after.status is Status.OWED:
        assert isinstance(request, (CreatePurchase, AdjustPurchase)) and not entries, "a charge is declined once"
        legs = _legs(request.bill.shares, after.account, sign=-1)
        debt_id = derive_id("bad-debt", store_id, after.trip)
        return Entry(debt_id, t_ns, after.trip, f"{DEBT} {DECLINED}", POSTED, legs)
    if not entries:
        return None  # nothing was ever owed
    debt, evidence = entries[0], request.head.request_id.hex()
    if isinstance(request, RefundPurchase) and after.balance_cents < before.balance_cents:
        assert event.outcome is Outcome.OFFSET
        legs = _legs(request.shares, after.account, sign=1)
        return give_back(debt, legs, evidence=(evidence,), t_ns=t_ns, memo=f"{DEBT} {REFUNDED}", state=POSTED)
    if before.status is Status.OWED and after.status is Status.PAID:
        legs = _left(entries)
        memo = f"{DEBT} {PAID}"
        return give_back(debt, legs, evidence=(PAID,), t_ns=t_ns, memo=memo, state=POSTED) if legs else None
    if after.status is Status.SETTLED and before.status is Status.OWED and before.balance_cents:
        cents = before.balance_cents
        legs = (Leg(f"tender:{OFFICE}:{event.reason}", cents), Leg(f"{BAD_DEBT}{after.account}", -cents))
        paid_id = derive_id("bad-debt", store_id, after.trip, SETTLED)
        return Entry(paid_id, t_ns, after.trip, f"{DEBT} {SETTLED} {event.reason}", POSTED, legs)
    return None


def _legs(shares: Iterable[Share], account: str, *, sign: int) -> tuple[Leg, ...]:
    """Return what payers are to pay (+1) or no longer are (-1), and against it the debt of the account."""
    paid = tuple(Leg(_payer(share), sign * share.amount_cents) for share in shares)
    return (*paid, Leg(f"{BAD_DEBT}{account}", -sum(leg.amount_cents for leg in paid)))


def _left(entries: Sequence[Entry]) -> tuple[Leg, ...]:
    """Return the legs that take back what is left of the debt."""
    left: dict[str, int] = {}
    for leg in (leg for entry in entries for leg in entry.legs):
        left[leg.account] = left.get(leg.account, 0) - leg.amount_cents
    return tuple(Leg(account, cents) for account, cents in left.items() if cents)


def _payer(share: Share) -> str:
    """Return the money account of the ledger that a share was to be paid from (see `demands`)."""
    if share.kind == ACCOUNT:
        return f"{OWED}{share.token}"
    return f"coupon:{share.token}" if share.kind == COUPON else f"tender:{share.kind}:{share.token}"
