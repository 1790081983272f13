"""What a person's decision does to the books: the records it makes, and how they are read back.

Theory of operation. Rows of the ledger are never changed, so an entry that waits is closed by another: pending too,
with every leg turned round, its memo naming the entry, the verdict and its author. What is pending of an account is
therefore the sum of its pending legs, like what is posted. What the decision charges or gives back is posted by
entries of their own. The id of the closing entry comes from the entry alone: a second decision about it has the same
id and other content, which the ledger refuses.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from fusion.checkout import goods
from fusion.checkout.receipts import Line, Receipt
from fusion.checkout.records import PENDING, POSTED, Entry, Leg, Transfer, derive_id

CLOSES = "closes"  # first word of a closing entry's memo
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
    """Return the pending entries that nothing has closed, in order."""
    entries = tuple(entries)
    closed = {_closes(entry) for entry in entries}
    return tuple(e for e in entries if e.state == PENDING and not _closes(e) and e.entry_id not in closed)


def close(entry: Entry, verdict: str, author: str, t_ns: int) -> Entry:
    """Return the entry that ends the wait of a pending one."""
    assert entry.state == PENDING and NAME.fullmatch(author)
    return Entry(
        entry_id=derive_id("closes", entry.entry_id.hex()),
        t_ns=t_ns,
        trip=entry.trip,
        memo=f"{CLOSES} {entry.entry_id.hex()} {verdict} {author}",
        state=PENDING,
        legs=tuple(Leg(leg.account, -leg.amount_cents) for leg in entry.legs),
    )


def post(entry: Entry, memo: str, t_ns: int) -> Entry:
    """Return the posted entry of what waited."""
    entry_id = derive_id("posts", entry.entry_id.hex())
    return replace(entry, entry_id=entry_id, t_ns=t_ns, memo=memo, state=POSTED)


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


def _closes(entry: Entry) -> bytes:
    """Return the id of the entry that one closes; empty where it closes none."""
    word, _, rest = entry.memo.partition(" ")
    return bytes.fromhex(rest.split(" ")[0]) if word == CLOSES else b""
