"""What a person's decision does to the books: the records it makes, and how they are read back.

Theory of operation. An entry that waits is resolved by another that names it, posted or voided (see `postings`), whose
memo adds the verdict and its author. The id of that entry comes from the one it resolves alone: a second decision has
the same id and other content, which the ledger refuses; the database refuses a second resolution under any id.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fusion.checkout import goods
from fusion.checkout.receipts import Line, Receipt
from fusion.checkout.records import PENDING, VOIDED, Entry, Transfer

NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the ledger holds of one trip, in its order."""

    transfers: tuple[Transfer, ...] = ()
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """The records of one decision, to be committed together, and the receipt as it then stands."""

    receipt: Receipt
    transfers: tuple[Transfer, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a decision cannot be."""

    expected: str
    received: str

    def __str__(self) -> str:
        return f"expected {self.expected}, received {self.received}"


def recorded_of(trip: str, transfers: Iterable[Transfer], entries: Iterable[Entry]) -> Recorded:
    """Return what the records of a ledger say of one trip."""
    accounts = (goods.cart(trip), goods.suspense(trip), goods.sold(trip))
    mine = tuple(one for one in transfers if one.source in accounts or one.target in accounts)
    return Recorded(mine, tuple(entry for entry in entries if entry.trip == trip))


def waiting(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the pending entries that nothing has resolved, in order."""
    entries = tuple(entries)
    resolved = {entry.resolves for entry in entries}
    return tuple(entry for entry in entries if entry.state == PENDING and entry.entry_id not in resolved)


def let_go(entries: Iterable[Entry]) -> frozenset[bytes]:
    """Return the ids of the entries that waited and were voided."""
    return frozenset(entry.resolves for entry in entries if entry.state == VOIDED)


def transfer(
    line: Line, receipt: Receipt, store_id: str, *, evidence: str, t_ns: int, quantity: int, source: str, target: str
) -> Transfer:
    """Return the transfer of some pieces of a line; only the whole line has a mass of its own."""
    return goods.move(
        store_id,
        evidence=f"{evidence}:{receipt.trip}",
        t_ns=t_ns,
        sku=line.sku,
        quantity=quantity,
        grams=line.grams if quantity == line.quantity else None,
        source=source,
        target=target,
    )


def unnamed(author: str) -> Refusal | None:
    """Refuse an author who is no name: memos are read back word by word."""
    return None if NAME.fullmatch(author) else Refusal("an author of 1 to 64 of A-Z a-z 0-9 . _ -", repr(author))
