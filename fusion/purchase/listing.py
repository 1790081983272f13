"""Purchases as an operator sees them: one line each, first what needs somebody."""

import json
from collections.abc import Iterable

from fusion.purchase.life import Outcome
from fusion.purchase.outbox import Outbox
from fusion.purchase.requests import KIND_OF, Request
from fusion.purchase.standing import Event, Purchase

HEADINGS = ("trip", "account", "status", "owes", "waiting for")
TROUBLE = (Outcome.DECLINED, Outcome.DEAD, Outcome.LATER)


def as_text(outbox: Outbox, *, everything: bool) -> list[str]:
    """Return a table of purchases, those that need somebody or all, and a line that counts them."""
    purchases = outbox.purchases()
    shown = [one for one in purchases if everything or _needs_somebody(one)]
    rows = [HEADINGS, *(_row(one, outbox) for one in shown)] if shown else []
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS) - 1)] if rows else []
    padded = [[cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)] for row in rows]
    table = ["  ".join(cells) for cells in padded]
    owed = sum(one.balance_cents for one in purchases if one.balance_cents > 0)
    waiting = outbox.waiting()
    said = f"{len(purchases)} purchases to {outbox.place()}: {waiting} wait for an answer"
    return [*table, f"{said}, {owed / 100:.2f} {outbox.currency} owed"]


def as_json(outbox: Outbox, *, everything: bool) -> Iterable[str]:
    """Return one JSON object a purchase, those that need somebody or all."""
    for one in outbox.purchases():
        if everything or _needs_somebody(one):
            fields = {"trip": one.trip, "account": one.account, "status": one.status.value}
            requests = [_fields(request, one) for request in outbox.requests(one.trip)]
            yield json.dumps(fields | {"balance": one.balance_cents, "requests": requests})


def _needs_somebody(purchase: Purchase) -> bool:
    troubled = any(event.outcome in TROUBLE for event in purchase.last.values())
    return bool(purchase.open) or purchase.balance_cents != 0 or (troubled and purchase.status.value != "settled")


def _row(purchase: Purchase, outbox: Outbox) -> tuple[str, ...]:
    owes = f"{purchase.balance_cents / 100:.2f}" if purchase.balance_cents else "-"
    said = [_said(request, purchase.last.get(request.head.request_id)) for request in outbox.requests(purchase.trip)]
    return (purchase.trip, purchase.account, purchase.status.value, owes, "; ".join(filter(None, said)) or "-")


def _said(request: Request, last: Event | None) -> str:
    """Return what is the matter with a request, nothing where it is answered well."""
    kind = KIND_OF[type(request)]
    if last is None or last.outcome is Outcome.RETRY:
        return f"{kind}: not asked yet"
    if last.outcome not in TROUBLE:
        return ""
    word = {Outcome.DECLINED: "declined", Outcome.DEAD: "given up", Outcome.LATER: "no answer yet"}[last.outcome]
    return f"{kind}: {word}, {last.reason}"


def _fields(request: Request, purchase: Purchase) -> dict[str, object]:
    last = purchase.last.get(request.head.request_id)
    fields: dict[str, object] = {"id": request.head.request_id.hex(), "kind": KIND_OF[type(request)]}
    if last is None:
        return fields | {"outcome": None}
    return fields | {"outcome": last.outcome.value, "reason": last.reason, "t": last.t_ns}
