"""What is asked of whoever takes the money: requests as values, read from and written to JSON.

An id is a hash of the evidence behind a request, never of when or how often it was sent: asking twice is asking once.
Amounts are integer cents of the currency, times event time in ns.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from fusion.cards import holds_card
from fusion.checkout.records import derive_id


@dataclass(frozen=True, slots=True)
class Head:
    """Whose request it is."""

    request_id: bytes
    store_id: str
    trip: str
    account: str
    currency: str
    t_ns: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one tender of the account pays, by the token its processor knows it by; "account" pays at the office."""

    kind: str
    token: str
    amount_cents: int

    def __post_init__(self) -> None:
        assert self.amount_cents > 0


@dataclass(frozen=True, slots=True)
class Goods:
    """Pieces of one product, with their mass where it is sold by weight."""

    sku: str
    quantity: int
    grams: float | None


@dataclass(frozen=True, slots=True)
class Bill:
    """What goods cost together, and who pays it: shares add up to the total."""

    goods: tuple[Goods, ...]
    tax_cents: int
    deposit_cents: int
    total_cents: int  # tax and deposits included
    shares: tuple[Share, ...]

    def __post_init__(self) -> None:
        assert self.total_cents == sum(share.amount_cents for share in self.shares) > 0


@dataclass(frozen=True, slots=True)
class CreatePurchase:
    """Charge a trip; `held`: a person still looks at its receipt, so only make sure that it can be charged."""

    head: Head
    bill: Bill
    held: bool


@dataclass(frozen=True, slots=True)
class AdjustPurchase:
    """Charge what was held, as it stands after the verdict: this bill and nothing of the earlier one."""

    head: Head
    bill: Bill
    reason: str  # the verdict
    author: str


@dataclass(frozen=True, slots=True)
class CancelPurchase:
    """Let go what was held: nobody is charged."""

    head: Head
    reason: str
    author: str


@dataclass(frozen=True, slots=True)
class RefundPurchase:
    """Give back what tenders paid for some pieces of a line, each its own share."""

    head: Head
    sku: str
    quantity: int
    total_cents: int
    shares: tuple[Share, ...]
    reason: str
    author: str


Request: TypeAlias = CreatePurchase | AdjustPurchase | CancelPurchase | RefundPurchase
KIND_OF: dict[type[Request], str] = {
    CreatePurchase: "create",
    AdjustPurchase: "adjust",
    CancelPurchase: "cancel",
    RefundPurchase: "refund",
}


def request_id(store_id: str, trip: str, *evidence: str) -> bytes:
    """Return the id of a request: a trip is created once, decided once, and each of its refunds is one."""
    return derive_id("purchase", store_id, trip, *evidence)


def amount_cents(request: Request) -> int:
    """Return what a request charges, holds or gives back."""
    match request:
        case CreatePurchase() | AdjustPurchase():
            return request.bill.total_cents
        case RefundPurchase():
            return request.total_cents
        case CancelPurchase():
            return 0


def names_card(request: Request) -> bool:
    """Tell whether a card number stands where somebody outside has written: accounts, tokens, reasons, authors."""
    shares = request.bill.shares if isinstance(request, (CreatePurchase, AdjustPurchase)) else ()
    shares = request.shares if isinstance(request, RefundPurchase) else shares
    said = () if isinstance(request, CreatePurchase) else (request.reason, request.author)
    return holds_card((request.head.account, [(share.kind, share.token) for share in shares], said))


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
