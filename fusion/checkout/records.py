"""The values of checkout: transfers of goods, money entries, trips, receipts."""

import json
import math
from dataclasses import dataclass
from hashlib import blake2b

ID_BYTES = 16
SETTLED, REVIEW, OPEN = "settled", "review", "open"  # status of a receipt
POSTED, PENDING, VOIDED = "posted", "pending", "voided"  # state of an entry


def derive_id(*evidence: str) -> bytes:
    """Return the 16-byte id of a record: the same evidence always gives the same id."""
    assert all("\0" not in part for part in evidence)
    return blake2b("\0".join(evidence).encode(), digest_size=ID_BYTES).digest()


@dataclass(frozen=True, slots=True)
class Transfer:
    """Units of one SKU moved between two goods accounts; never edited, only reversed by another."""

    transfer_id: bytes
    t_ns: int
    sku: str
    quantity: int  # pieces, also of products sold by weight
    grams: float | None  # None where nothing was weighed
    source: str
    target: str
    evidence: str
    reverses: bytes = b""

    def __post_init__(self) -> None:
        assert len(self.transfer_id) == ID_BYTES and len(self.reverses) in (0, ID_BYTES)
        assert self.quantity > 0, f"transfer of {self.quantity} {self.sku}"
        assert self.source != self.target, f"transfer of {self.sku} from {self.source} to itself"
        assert self.grams is None or (math.isfinite(self.grams) and self.grams >= 0.0)


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a money entry: a debit is positive, a credit negative."""

    account: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Entry:
    """Money moved by one event of one trip; its legs add up to zero.

    Never edited: another entry resolves a pending one, with the same legs, and reverses a posted one, with the
    opposite legs (see postings).
    """

    entry_id: bytes
    t_ns: int
    trip: str
    memo: str
    state: str  # "posted", "pending" or "voided"
    legs: tuple[Leg, ...]
    resolves: bytes = b""  # the pending entry that this one posts or voids
    reverses: bytes = b""  # the posted entry that this one undoes

    def __post_init__(self) -> None:
        assert len(self.entry_id) == ID_BYTES and self.state in (POSTED, PENDING, VOIDED)
        assert len(self.resolves) in (0, ID_BYTES) and len(self.reverses) in (0, ID_BYTES)
        assert not (self.resolves and self.reverses), "an entry follows one other"
        assert self.state == POSTED or not self.reverses
        assert bool(self.resolves) or self.state != VOIDED
        assert not (self.resolves and self.state == PENDING)
        assert len(self.legs) >= 2 and all(leg.amount_cents != 0 for leg in self.legs)
        assert sum(leg.amount_cents for leg in self.legs) == 0, f"entry of trip {self.trip} does not balance"


@dataclass(frozen=True, slots=True)
class Item:
    """What a trip took of one product."""

    product: int  # row in store.products
    quantity: int  # pieces, also of products sold by weight
    grams: float | None  # needed where the product is sold by weight
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
    grams: float | None
    amount_cents: int
    confidence: float
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one trip is charged; lines are sorted by SKU and the total includes the tax."""

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
        return json.dumps(fields, allow_nan=False)


def _line_fields(line: Line) -> dict[str, object]:
    return {
        "sku": line.sku,
        "qty": line.quantity,
        "g": line.grams,
        "amount": line.amount_cents,
        "confidence": line.confidence,
        "events": list(line.events),
    }
