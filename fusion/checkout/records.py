"""The records of the ledger: transfers of goods, money entries, receipts as they were issued."""

import math
from dataclasses import dataclass
from hashlib import blake2b

ID_BYTES = 16
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
    reverses: bytes = b""  # the posted entry that this one undoes, all of it or a part

    def __post_init__(self) -> None:
        assert len(self.entry_id) == ID_BYTES and self.state in (POSTED, PENDING, VOIDED)
        assert len(self.resolves) in (0, ID_BYTES) and len(self.reverses) in (0, ID_BYTES)
        assert not (self.resolves and self.reverses), "an entry follows one other"
        assert bool(self.resolves) or self.state != VOIDED
        assert not (self.resolves and self.state == PENDING)
        assert len(self.legs) >= 2 and all(leg.amount_cents != 0 for leg in self.legs)
        assert sum(leg.amount_cents for leg in self.legs) == 0, f"entry of trip {self.trip} does not balance"


@dataclass(frozen=True, slots=True)
class Issue:
    """A receipt as it stands from one moment on, until another replaces it."""

    receipt_id: bytes
    t_ns: int
    trip: str
    memo: str  # "close", or what was decided and by whom
    line: str  # of receipts.jsonl
    replaces: bytes = b""  # the receipt of the same trip that stood before

    def __post_init__(self) -> None:
        assert len(self.receipt_id) == ID_BYTES and len(self.replaces) in (0, ID_BYTES)
