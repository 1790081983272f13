"""What an operator does about purchases that do not go by themselves: ask again, or settle a debt."""

from fusion.purchase.life import Outcome, Status
from fusion.purchase.outbox import Outbox
from fusion.purchase.outbox_file import OutboxError
from fusion.purchase.requests import AdjustPurchase, CreatePurchase, Request
from fusion.purchase.standing import Event, Purchase, is_to_ask


def retry(outbox: Outbox, trip: str, now_ns: int, *, declined: bool) -> int:
    """Make what has no answer due at once; with `declined` also what was declined and still matters.

    Returns how many requests that is.
    """
    purchase = outbox.purchase(trip)
    again = [one.request for one in purchase.open if one.request.head.request_id in purchase.last]
    if declined:
        again += [one for one in outbox.requests(trip) if _matters(one, purchase)]
    if again:
        outbox.record(*(Event(one.head.request_id, now_ns, Outcome.RETRY, "", now_ns) for one in again))
    return len(again)


def settle(outbox: Outbox, trip: str, author: str, now_ns: int) -> int:
    """Say that what a declined charge left was paid some other way; return how many cents that is.

    Raises OutboxError where nothing is owed, or the charge is being asked for again and could be paid twice.
    """
    purchase = outbox.purchase(trip)
    charge = charge_of(outbox.requests(trip))
    if purchase.status is not Status.OWED:
        raise OutboxError(
            f"{outbox.path}: trip {trip}: expected a debt, received a purchase that is {purchase.status.value}"
        )
    if any(one.request == charge for one in purchase.open):
        expected = "an answer to the charge that is asked for again before the debt is settled"
        raise OutboxError(f"{outbox.path}: trip {trip}: expected {expected}, received none yet")
    outbox.record(Event(charge.head.request_id, now_ns, Outcome.SETTLED, author))
    return purchase.balance_cents


def charge_of(requests: tuple[Request, ...]) -> Request:
    """Return the request that charges a trip: the verdict's, or the first where there was none."""
    verdicts = [request for request in requests if isinstance(request, AdjustPurchase)]
    return verdicts[0] if verdicts else requests[0]


def _matters(request: Request, purchase: Purchase) -> bool:
    """Tell whether a declined request would still change something."""
    last = purchase.last.get(request.head.request_id)
    if last is None or last.outcome is not Outcome.DECLINED:
        return False
    if isinstance(request, CreatePurchase) and request.held:
        return purchase.status is Status.UNHELD and not purchase.open
    if isinstance(request, (CreatePurchase, AdjustPurchase)):
        return purchase.status is Status.OWED
    return is_to_ask(request, purchase.status)
