"""The values of a receipt: what a trip took, what it pays and with what; read from and written to JSON."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fusion.store_terms import COUPON, OFFICE

SETTLED, REVIEW, OPEN = "settled", "review", "open"  # status of a receipt
GOODS, DEPOSIT, TAX, DEPOSIT_TAX = "goods", "deposit", "tax", "deposit-tax"  # parts of a line that are paid


@dataclass(frozen=True, slots=True)
class Item:
    """What a trip took of one product."""

    product: int  # row in store.products
    quantity: int  # pieces, also of products sold by weight
    grams: float | None  # as weighed, wrapping included; needed where the product is sold by weight
    confidence: float
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TripEnd:
    """A visit as its receipt names it; `closed_ns` None means still open."""

    trip: str
    account: str | None
    party: int
    entered_ns: int
    left_ns: int | None
    closed_ns: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """One product on a receipt; `grams` only where it is sold by weight."""

    sku: str
    quantity: int
    grams: float | None  # as priced
    amount_cents: int  # after discounts, with the deposit and without tax
    confidence: float
    events: tuple[str, ...]
    deposit_cents: int = 0


@dataclass(frozen=True, slots=True)
class Discount:
    """What a promotion of the store takes off one line; it is no part of the line's amount."""

    promotion: str
    sku: str
    amount_cents: int
    code: str = ""  # of the coupon, if it took one


@dataclass(frozen=True, slots=True)
class Payment:
    """What one tender pays of one part of one line."""

    kind: str
    token: str
    sku: str
    part: str  # "goods", "deposit", "tax" or "deposit-tax"
    amount_cents: int

    def __post_init__(self) -> None:
        assert self.amount_cents > 0

    def account(self, payer: str) -> str:
        """Return the money account it is paid from: who owes it to the store."""
        if self.kind == OFFICE:
            return f"receivable:{payer}"
        return f"coupon:{self.token}" if self.kind == COUPON else f"tender:{self.kind}:{self.token}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one trip is charged; lines are sorted by SKU and the total is their sum and the tax."""

    trip: str
    account: str | None
    party: int
    entered_ns: int
    left_ns: int | None
    closed_ns: int | None
    status: str  # "settled", "review" or "open"
    confidence: float
    lines: tuple[Line, ...]
    tax_cents: int
    total_cents: int
    discounts: tuple[Discount, ...] = ()
    payments: tuple[Payment, ...] = ()  # none where the whole amount stays on the account
    holds: tuple[str, ...] = ()  # why a person must look, besides doubt

    def end(self) -> TripEnd:
        """Return the visit."""
        return TripEnd(self.trip, self.account, self.party, self.entered_ns, self.left_ns, self.closed_ns)

    def to_json(self) -> str:
        """Return the receipt as one line of receipts.jsonl, without the line end."""
        fields = {
            "trip": self.trip,
            "account": self.account,
            "party": self.party,
            "entered": self.entered_ns,
            "left": self.left_ns,
            "closed": self.closed_ns,
            "status": self.status,
            "confidence": self.confidence,
            "lines": [_line_fields(line) for line in self.lines],
            "tax": self.tax_cents,
            "total": self.total_cents,
        }
        # What a store does not use does not show.
        extra = {"discounts": _discounts(self), "tenders": _tenders(self.payments), "hold": list(self.holds)}
        return json.dumps(fields | {key: value for key, value in extra.items() if value}, allow_nan=False)


def receipt_of_json(text: str) -> Receipt:
    """Return the receipt of a line of receipts.jsonl; raises KeyError, TypeError or ValueError where it is none."""
    row = json.loads(text)
    return Receipt(
        trip=row["trip"],
        account=row["account"],
        party=row["party"],
        entered_ns=row["entered"],
        left_ns=row["left"],
        closed_ns=row["closed"],
        status=row["status"],
        confidence=row["confidence"],
        lines=tuple(_line_of(line) for line in row["lines"]),
        tax_cents=row["tax"],
        total_cents=row["total"],
        discounts=tuple(
            Discount(d["promotion"], d["sku"], d["amount"], d.get("code", "")) for d in row.get("discounts", ())
        ),
        payments=tuple(
            Payment(tender["kind"], tender["token"], *part)
            for tender in row.get("tenders", ())
            for part in tender["parts"]
        ),
        holds=tuple(row.get("hold", ())),
    )


def _line_fields(line: Line) -> dict[str, object]:
    fields: dict[str, object] = {
        "sku": line.sku,
        "qty": line.quantity,
        "g": line.grams,
        "amount": line.amount_cents,
        "confidence": line.confidence,
        "events": list(line.events),
    }
    return fields | ({"deposit": line.deposit_cents} if line.deposit_cents else {})


def _line_of(row: dict[str, Any]) -> Line:
    events = tuple(row["events"])
    return Line(
        row["sku"], row["qty"], row["g"], row["amount"], row["confidence"], events, deposit_cents=row.get("deposit", 0)
    )


def _discounts(receipt: Receipt) -> list[dict[str, object]]:
    return [
        {"promotion": d.promotion, "sku": d.sku, "amount": d.amount_cents} | ({"code": d.code} if d.code else {})
        for d in receipt.discounts
    ]


def _tenders(payments: Iterable[Payment]) -> list[dict[str, object]]:
    """Return one row a tender, in order, with the parts of lines that it pays."""
    parts: dict[tuple[str, str], list[list[object]]] = {}
    total: dict[tuple[str, str], int] = {}
    for one in payments:
        parts.setdefault((one.kind, one.token), []).append([one.sku, one.part, one.amount_cents])
        total[one.kind, one.token] = total.get((one.kind, one.token), 0) + one.amount_cents
    return [
        {"kind": kind, "token": token, "amount": total[kind, token], "parts": p} for (kind, token), p in parts.items()
    ]
