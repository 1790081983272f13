"""Disputes of a trip, read from what the ledger holds, and their answers.

A dispute is pending entries that reverse parts of what was charged (see `refunds`); its answer posts all of them, or
voids them. Which dispute it is, of how many pieces of what, why and by whom, stands in their memo.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fusion.checkout.postings import post, void
from fusion.checkout.receipts import Receipt
from fusion.checkout.records import Entry
from fusion.checkout.refunds import Claim, moved
from fusion.checkout.rulings import Recorded, Refusal, Ruling, unnamed
from fusion.checkout.shares import DISPUTE, MEMO_WORDS, taken_back, words

GRANT, REFUSE = "grant", "refuse"


@dataclass(frozen=True, slots=True)
class Dispute:
    """Pieces of one line that somebody wants back."""

    trip: str
    sku: str
    number: int  # of refunds and disputes of the line
    pieces: int
    reason: str
    author: str
    opened_ns: int
    cents: int
    answer: str  # "grant NAME" or "refuse NAME"; "" while it is open


def disputes(entries: Iterable[Entry]) -> tuple[Dispute, ...]:
    """Return the disputes that entries tell of, in order."""
    entries = tuple(entries)
    answers = {entry.resolves: " ".join(words(entry)[MEMO_WORDS:]) for entry in entries if entry.resolves}
    found: dict[tuple[str, str, int], Dispute] = {}
    for entry in (entry for entry in entries if entry.reverses and words(entry)[0] == DISPUTE):
        _, number, pieces, sku, reason, author, _ = words(entry)
        key = (entry.trip, sku, int(number))
        before_cents = found[key].cents if key in found else 0
        cents = before_cents + sum(leg.amount_cents for leg in taken_back(entry))
        answer = answers.get(entry.entry_id, "")
        found[key] = Dispute(entry.trip, sku, int(number), int(pieces), reason, author, entry.t_ns, cents, answer)
    return tuple(found.values())


def decide_dispute(
    receipt: Receipt, dispute: Dispute, recorded: Recorded, store_id: str, *, granted: bool, author: str, t_ns: int
) -> Ruling | Refusal:
    """Answer a dispute: granted it is a refund, refused it ends."""
    if refusal := unnamed(author):
        return refusal
    if dispute.answer:
        return Refusal(f"an open dispute of {dispute.sku} in {receipt.trip}", f"{dispute.number}, {dispute.answer}")
    if t_ns < dispute.opened_ns:
        return Refusal(f"a time from {dispute.opened_ns} ns on, when it was opened", str(t_ns))
    of = [DISPUTE, str(dispute.number), str(dispute.pieces), dispute.sku]
    held = [entry for entry in recorded.entries if entry.reverses and words(entry)[:4] == of]
    if not granted:
        return Ruling(receipt, (), tuple(void(entry, t_ns, f" {REFUSE} {author}") for entry in held))
    claim = Claim(dispute.sku, dispute.pieces, dispute.reason, author, t_ns)
    posted = tuple(post(entry, t_ns, f" {GRANT} {author}") for entry in held)
    return Ruling(receipt, moved(receipt, claim, dispute.number, store_id), posted)
