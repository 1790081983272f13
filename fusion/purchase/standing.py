"""Where a purchase stands: the fold of its requests and of everything that happened to them; pure.

Theory of operation. Requests of a trip are asked one after the other. Every answer is an event that is kept; the state
is a fold over them, so a crash can only lose what was never known. An answer can come twice, or late after a second
one: accepted stands, whatever is said of the same request afterwards.

A charge that is declined is a debt of the account (OWED) until it is accepted after all or somebody settles it. A
refund of what was never paid is not asked for: it lowers the debt. Should the debt be paid after all, it is asked then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fusion.purchase.life import NEXT, Happening, Outcome, Status
from fusion.purchase.requests import (
    AdjustPurchase,
    CancelPurchase,
    CreatePurchase,
    RefundPurchase,
    Request,
    amount_cents,
)

NEVER_NS = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one request; never changed."""

    request_id: bytes
    t_ns: int  # by the clock of whoever asked
    outcome: Outcome
    reason: str = ""
    due_ns: int = 0  # of LATER and RETRY: when to ask again


@dataclass(frozen=True, slots=True)
class Open:
    """A request that has no answer yet."""

    request: Request
    due_ns: int
    tries: int  # since an operator last wanted it asked again
    first_ns: int  # of these tries; 0 where there is none


@dataclass(frozen=True, slots=True)
class Purchase:
    """What is known of one trip's money."""

    trip: str
    account: str
    status: Status
    balance_cents: int  # the account owes so much; below zero, the store has yet to give it back
    open: tuple[Open, ...]  # in the order in which they are to be asked
    last: Mapping[bytes, Event]  # by request, the event that stands


def purchase_of(requests: Sequence[Request], events: Iterable[Event]) -> Purchase:
    """Return a trip's purchase from its requests, in their order, and everything that happened, in its order."""
    by_id = {request.head.request_id: request for request in requests}
    last: dict[bytes, Event] = {}
    tries: dict[bytes, list[int]] = {}
    status, balance_cents = Status.ASKED, 0
    for event in events:
        request = by_id[event.request_id]
        if _stands(last.get(event.request_id)):
            continue
        last[event.request_id] = event
        tries[event.request_id] = _tries(tries.get(event.request_id, []), event)
        before, status = status, _moved(status, request, event)
        balance_cents = _balance(balance_cents, before, status, request, event)
    still = [request for request in requests if _is_open(last.get(request.head.request_id), status)]
    left = tuple(_open(one, last.get(one.head.request_id), tries.get(one.head.request_id, [])) for one in still)
    head = requests[0].head
    return Purchase(head.trip, head.account, status, balance_cents, left, last)


def is_to_ask(request: Request, status: Status) -> bool:
    """Tell whether a request means anything to the outside, as the purchase stands."""
    match request:
        case CancelPurchase():
            return status is Status.HELD
        case RefundPurchase():
            return status is Status.PAID
        case CreatePurchase() | AdjustPurchase():
            return True


def _stands(event: Event | None) -> bool:
    """Tell whether nothing that comes later can change an answer."""
    return event is not None and event.outcome is Outcome.ACCEPTED


def _is_open(event: Event | None, status: Status) -> bool:
    if event is None or event.outcome in (Outcome.LATER, Outcome.DEAD, Outcome.RETRY):
        return True
    return event.outcome is Outcome.OFFSET and status is Status.PAID


def _open(request: Request, event: Event | None, tries: list[int]) -> Open:
    due_ns = 0
    if event is not None:
        due_ns = NEVER_NS if event.outcome is Outcome.DEAD else event.due_ns
    return Open(request, due_ns, len(tries), tries[0] if tries else 0)


def _tries(before: list[int], event: Event) -> list[int]:
    return [] if event.outcome is Outcome.RETRY else [*before, event.t_ns]


def _moved(status: Status, request: Request, event: Event) -> Status:
    happening = _happening(request, event.outcome)
    return status if happening is None else NEXT[status][happening]


def _happening(request: Request, outcome: Outcome) -> Happening | None:
    """Return what an outcome means to the purchase; refunds and what is still unknown leave it where it is."""
    if outcome is Outcome.SETTLED:
        return Happening.SETTLED
    match request:
        case CreatePurchase(held=True):
            table = {Outcome.ACCEPTED: Happening.HOLD_ACCEPTED, Outcome.DECLINED: Happening.HOLD_DECLINED}
        case CreatePurchase() | AdjustPurchase():
            table = {Outcome.ACCEPTED: Happening.CHARGE_ACCEPTED, Outcome.DECLINED: Happening.CHARGE_DECLINED}
        case CancelPurchase():
            table = {Outcome.ACCEPTED: Happening.LET_GO, Outcome.OFFSET: Happening.LET_GO}
        case RefundPurchase():
            table = {}
    return table.get(outcome)


def _balance(cents: int, before: Status, after: Status, request: Request, event: Event) -> int:
    if event.outcome is Outcome.OFFSET and isinstance(request, RefundPurchase):
        return cents - amount_cents(request)
    if after is before:
        return cents
    return amount_cents(request) if after is Status.OWED else 0
