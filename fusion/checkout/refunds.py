"""Refunds and disputes, by line, with a reason and a time limit.

Theory of operation. A refund of some pieces of a line gives each tender back its own share (see `shares`) and
nobody else's: what food stamps paid goes back to that card alone (USDA FNS: never cash), a manufacturer's coupon is
simply not billed. What has been given back is read from the ledger. After so many pieces of a line, refunds of each
share add up to that part of it, a half cent upwards, whatever their order: never more than was paid, and all of it
after the last piece. Each of its entries reverses a part of the sale, or of what a tender paid of it, and names it:
the database holds that the parts never exceed what they are parts of.

A dispute is a refund that waits: the same entries, pending, under the word `dispute`. It counts against the line
until it is decided (see `disputes`): posted, or voided.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from fusion.checkout import goods
from fusion.checkout.decision import CheckoutConfig
from fusion.checkout.money import part_of
from fusion.checkout.postings import give_back, owes
from fusion.checkout.receipts import SETTLED, Line, Receipt
from fusion.checkout.records import PENDING, POSTED, Entry, Leg, Transfer
from fusion.checkout.rulings import Recorded, Refusal, Ruling, transfer, unnamed
from fusion.checkout.shares import DISPUTE, MEMO_WORDS, REFUND, all_payments, given_back, paid_for, words
from fusion.config import SECOND_NS
from fusion.store import Store

# Why money is given back, and where the goods are then; None: they stay with the shopper.
REASONS: dict[str, str | None] = {
    "not-taken": goods.UNCLAIMED,
    "returned": goods.FLOOR,
    "damaged": None,
    "wrong-price": None,
}
NOTHING_PAID = Refusal("pieces that something was paid for", "0 cents")


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody wants back."""

    sku: str
    quantity: int  # pieces, also of products sold by weight
    reason: str
    author: str  # who decides on a refund, who opens a dispute
    t_ns: int


def refund(
    receipt: Receipt, claim: Claim, recorded: Recorded, store: Store, config: CheckoutConfig
) -> Ruling | Refusal:
    """Give back what was paid for some pieces of a line, or say why not."""
    return _claimed(REFUND, receipt, claim, recorded, store, config)


def dispute(
    receipt: Receipt, claim: Claim, recorded: Recorded, store: Store, config: CheckoutConfig
) -> Ruling | Refusal:
    """Hold what was paid for some pieces of a line until somebody decides; until then the goods stay sold."""
    return _claimed(DISPUTE, receipt, claim, recorded, store, config)


def _claimed(
    word: str, receipt: Receipt, claim: Claim, recorded: Recorded, store: Store, config: CheckoutConfig
) -> Ruling | Refusal:
    refusal = _refusal(receipt, claim, recorded, store, config)
    if refusal:
        return refusal
    entries = _entries(receipt, claim, recorded, store, word)
    if not entries:
        return NOTHING_PAID
    number = given_back(recorded.entries, claim.sku).number + 1
    transfers = moved(receipt, claim, number, store.store_id) if word == REFUND else ()
    return Ruling(receipt, transfers, entries)


def alike(entries: Iterable[Entry], word: str, claim: Claim) -> int:
    """Return how many refunds, or disputes, of a trip say the same: how many pieces of what, why, and who."""
    said = [word, str(claim.quantity), claim.sku, claim.reason, claim.author]
    of_claims = (words(entry) for entry in entries if entry.reverses and len(words(entry)) == MEMO_WORDS)
    return len({number for first, number, *rest in of_claims if [first, *rest[:4]] == said})


def _refusal(
    receipt: Receipt, claim: Claim, recorded: Recorded, store: Store, config: CheckoutConfig
) -> Refusal | None:
    line = next((line for line in receipt.lines if line.sku == claim.sku), None)
    if receipt.status != SETTLED or receipt.account is None or receipt.closed_ns is None:
        return Refusal("a settled receipt of an account", f"{receipt.trip}, {receipt.status}")
    if line is None:
        return Refusal(f"a product of {receipt.trip}", claim.sku)
    if claim.reason not in REASONS:
        return Refusal(f"a reason of {', '.join(REASONS)}", repr(claim.reason))
    if not 0 <= claim.t_ns - receipt.closed_ns <= config.refund_window_ns:
        days = config.refund_window_ns / (86_400 * SECOND_NS)
        return Refusal(f"a time within {days:g} days after {_when(receipt.closed_ns)}", _when(claim.t_ns))
    charged_ns = max((entry.t_ns for entry in _charged(recorded).values()), default=receipt.closed_ns)
    if claim.t_ns < charged_ns:
        return Refusal(f"a time from {_when(charged_ns)} on, when it was charged", _when(claim.t_ns))
    left = line.quantity - given_back(recorded.entries, claim.sku).pieces
    if not 0 < claim.quantity <= left:
        most = f"1 to {left} pieces of {claim.sku}" if left else f"pieces of {claim.sku} not given back yet"
        return Refusal(most, str(claim.quantity))
    return unnamed(claim.author) or _not_charged(receipt, recorded, store)


def _not_charged(receipt: Receipt, recorded: Recorded, store: Store) -> Refusal | None:
    """Refuse a receipt that is not the one the ledger charged, or that the store's tables no longer explain."""
    sale = _charged(recorded).get(owes(receipt.account or ""))
    charged_cents = sum(leg.amount_cents for leg in sale.legs if leg.amount_cents > 0) if sale else 0
    if charged_cents != receipt.total_cents:
        return Refusal(
            f"the receipt that the ledger charged, of {charged_cents} cents", f"one of {receipt.total_cents}"
        )
    known_cents = sum(one.amount_cents for one in all_payments(receipt, store))
    if known_cents != receipt.total_cents:
        return Refusal(
            f"tax as the receipt has it, {receipt.total_cents} cents with it", f"{known_cents} by today's rates"
        )
    return None


def _entries(receipt: Receipt, claim: Claim, recorded: Recorded, store: Store, word: str) -> tuple[Entry, ...]:
    """Return what some pieces of a line give back: of each payer, a part of the sale and of what a tender paid."""
    charged, owed = _charged(recorded), owes(receipt.account or "")
    number = given_back(recorded.entries, claim.sku).number + 1
    entries: list[Entry] = []
    for payer, shares in _due(receipt, claim, recorded, store).items():
        cents = sum(shares.values())
        parts = {owed: (*(Leg(revenue, share) for revenue, share in shares.items()), Leg(owed, -cents))}
        if payer != owed:
            parts[payer] = (Leg(owed, cents), Leg(payer, -cents))
        entries += [
            give_back(
                charged[account],
                legs,
                evidence=("refund", claim.sku, str(number), payer),
                t_ns=claim.t_ns,
                memo=f"{word} {number} {claim.quantity} {claim.sku} {claim.reason} {claim.author} {payer}",
                state=PENDING if word == DISPUTE else POSTED,
            )
            for account, legs in parts.items()
        ]
    return tuple(entries)


def _due(receipt: Receipt, claim: Claim, recorded: Recorded, store: Store) -> dict[str, dict[str, int]]:
    """Return, by payer and purpose, the cents that the next pieces of a line give back."""
    given = given_back(recorded.entries, claim.sku)
    quantity = _line(receipt, claim.sku).quantity
    due: dict[str, dict[str, int]] = {}
    for (payer, revenue), paid_cents in sorted(paid_for(receipt, claim.sku, store).items()):
        cents = part_of(paid_cents, given.pieces + claim.quantity, quantity) - given.shares.get((payer, revenue), 0)
        if cents > 0:
            due.setdefault(payer, {})[revenue] = cents
    return due


def _charged(recorded: Recorded) -> dict[str, Entry]:
    """Return the posted entries of a trip's sale and of each tender, by the account that they charge."""
    posted = (entry for entry in recorded.entries if entry.state == POSTED and words(entry)[0] in ("sale", "tender"))
    return {entry.legs[0].account: entry for entry in posted}


def moved(receipt: Receipt, claim: Claim, number: int, store_id: str) -> tuple[Transfer, ...]:
    """Return where the goods of a line's refund of this number go."""
    target = REASONS[claim.reason]
    if target is None:
        return ()
    one = transfer(
        _line(receipt, claim.sku),
        receipt,
        store_id,
        evidence=f"refund:{number}",
        t_ns=claim.t_ns,
        quantity=claim.quantity,
        source=goods.sold(receipt.trip),
        target=target,
    )
    return (one,)


def _line(receipt: Receipt, sku: str) -> Line:
    return next(line for line in receipt.lines if line.sku == sku)


def _when(t_ns: int) -> str:
    return str(np.datetime64(t_ns // SECOND_NS, "s")).replace("T", " ") + " UTC"
