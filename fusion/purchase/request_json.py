"""Requests as lines of JSON, and back: what goes out is what is kept."""

import json
from collections.abc import Iterable
from typing import Any

from fusion.purchase.requests import (
    KIND_OF,
    AdjustPurchase,
    Bill,
    CancelPurchase,
    CreatePurchase,
    Goods,
    Head,
    RefundPurchase,
    Request,
    Share,
)


def to_json(request: Request, authorisation: str = "") -> str:
    """Return a request as one line of JSON; `authorisation` is what the entry was authorised under, if it was."""
    head = request.head
    fields: dict[str, object] = {
        "id": head.request_id.hex(),
        "kind": KIND_OF[type(request)],
        "store": head.store_id,
        "trip": head.trip,
        "account": head.account,
        "currency": head.currency,
        "t": head.t_ns,
    }
    fields |= _own_fields(request) | ({"authorisation": authorisation} if authorisation else {})
    return json.dumps(fields, allow_nan=False)


def request_of_json(text: str) -> Request:
    """Return the request of a line of JSON; KeyError, TypeError or ValueError where it is none."""
    row = json.loads(text)
    head = Head(bytes.fromhex(row["id"]), row["store"], row["trip"], row["account"], row["currency"], row["t"])
    match row["kind"]:
        case "create":
            return CreatePurchase(head, _bill_of(row), row["held"])
        case "adjust":
            return AdjustPurchase(head, _bill_of(row), row["reason"], row["author"])
        case "cancel":
            return CancelPurchase(head, row["reason"], row["author"])
        case "refund":
            shares = _shares_of(row)
            return RefundPurchase(head, row["sku"], row["qty"], row["total"], shares, row["reason"], row["author"])
    raise ValueError(f"kind: expected one of {', '.join(KIND_OF.values())}, received {row['kind']!r}")


def _own_fields(request: Request) -> dict[str, object]:
    match request:
        case CreatePurchase(_, bill, held):
            return {"held": held} | _bill_fields(bill)
        case AdjustPurchase(_, bill, reason, author):
            return {"reason": reason, "author": author} | _bill_fields(bill)
        case CancelPurchase(_, reason, author):
            return {"reason": reason, "author": author}
        case RefundPurchase(_, sku, quantity, total_cents, shares, reason, author):
            said = {"reason": reason, "author": author}
            return {"sku": sku, "qty": quantity, "total": total_cents, "shares": _share_fields(shares)} | said


def _bill_fields(bill: Bill) -> dict[str, object]:
    return {
        "lines": [{"sku": one.sku, "qty": one.quantity, "g": one.grams} for one in bill.goods],
        "tax": bill.tax_cents,
        "deposits": bill.deposit_cents,
        "total": bill.total_cents,
        "shares": _share_fields(bill.shares),
    }


def _bill_of(row: dict[str, Any]) -> Bill:
    goods = tuple(Goods(line["sku"], line["qty"], line["g"]) for line in row["lines"])
    return Bill(goods, row["tax"], row["deposits"], row["total"], _shares_of(row))


def _share_fields(shares: Iterable[Share]) -> list[dict[str, object]]:
    return [{"kind": share.kind, "token": share.token, "amount": share.amount_cents} for share in shares]


def _shares_of(row: dict[str, Any]) -> tuple[Share, ...]:
    return tuple(Share(share["kind"], share["token"], share["amount"]) for share in row["shares"])
